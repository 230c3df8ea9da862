"""A zip file of everything with the hash of each file in it; and any zip read without believing what it says of itself."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any, BinaryIO

from chatbot.core.errors import BadInput
from chatbot.core.whole import Whole, moment
from chatbot.transfer.json_file import FORMAT, to_json

CHATS, MANIFEST = "bytebot.json", "manifest.json"
LARGEST = 16 << 30  # bytes of one file in it
_SMALL, _TIGHTEST = 10 << 20, 200  # text packs to a tenth or a twentieth; a hundred times tighter is a trap
_MANIFEST_LARGEST = 1 << 20
# All that the standard library raises for a zip whose bytes are not as they should be; RuntimeError is an unknown packing.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(ValueError, OverflowError, LookupError, RuntimeError),
)


class _Piecewise(io.RawIOBase):
    """What is written, until it is taken: the zip goes out in pieces and is nowhere whole."""

    def __init__(self) -> None:
        self._held, self._gone = bytearray(), 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._held += data
        return len(data)

    def tell(self) -> int:
        return self._gone + len(self._held)

    def take(self) -> bytes:
        found = bytes(self._held)
        self._gone += len(found)
        self._held.clear()
        return found


def to_zip(wholes: Iterable[Whole], *, now: datetime) -> Iterator[bytes]:
    """The file in pieces: our JSON, and a manifest with its SHA-256, size and counts."""
    out, hashed, size = _Piecewise(), sha256(), 0
    counts = {"conversations": 0, "messages": 0, "calls": 0}

    def counting() -> Iterator[Whole]:
        for whole in wholes:
            counts["conversations"] += 1
            counts["messages"] += whole.count
            counts["calls"] += len(whole.calls)
            yield whole

    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(_entry(CHATS, now), "w", force_zip64=True) as entry:
            for piece in to_json(counting(), now=now):
                entry.write(piece)
                hashed.update(piece)
                size += len(piece)
                if held := out.take():
                    yield held
        about = {"bytebot": FORMAT, "exported": moment(now), **counts}
        files = {CHATS: {"sha256": hashed.hexdigest(), "bytes": size}}
        archive.writestr(_entry(MANIFEST, now), json.dumps({**about, "files": files}, indent=2) + "\n")
    yield out.take()


def to_zip_of(files: Iterable[tuple[str, Iterable[bytes]]], *, now: datetime) -> Iterator[bytes]:
    """Several files in pieces of one zip, and a manifest with the SHA-256 and the size of each. Of two that are called the
    same the second gets a number.
    """
    out, about, taken = _Piecewise(), dict[str, dict[str, object]](), set[str]()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, pieces in files:
            stem, dot, ending = name.rpartition(".")
            inside, number = name, 1
            while inside.casefold() in taken:
                number += 1
                inside = f"{stem}-{number}{dot}{ending}"
            taken.add(inside.casefold())
            hashed, size = sha256(), 0
            with archive.open(_entry(inside, now), "w") as entry:
                for piece in pieces:
                    entry.write(piece)
                    hashed.update(piece)
                    size += len(piece)
            about[inside] = {"sha256": hashed.hexdigest(), "bytes": size}
            if held := out.take():
                yield held
        manifest = {"exported": moment(now), "files": about}
        archive.writestr(_entry(MANIFEST, now), json.dumps(manifest, indent=2) + "\n")
    yield out.take()


def _entry(name: str, now: datetime) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, now.timetuple()[:6])
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o600 << 16
    return entry


def is_zip(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")


class Zip:
    """A zip file that somebody gave us. BadInput, from every part of it, names what is wrong."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._name = name
        file.seek(0)
        try:
            self._archive = zipfile.ZipFile(file)
        except _DAMAGE:
            raise self._bad("is no zip file, or cut off") from None
        self._entries: dict[str, zipfile.ZipInfo] = {}
        for entry in self._archive.infolist():
            if entry.is_dir():
                continue
            parts = entry.filename.replace("\\", "/").split("/")
            if ".." in parts or not parts[0] or ":" in parts[0]:
                raise self._bad(f"names a file outside of itself, {entry.filename[:60]!r}")
            if entry.filename in self._entries:
                raise self._bad(f"holds {entry.filename[:60]!r} twice")
            self._entries[entry.filename] = entry

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._entries)

    def open(self, name: str) -> BinaryIO:
        """One of its files, to be read from its beginning to its end."""
        entry = self._entries[name]
        if entry.flag_bits & 1:
            raise self._bad("is locked with a password")
        packed = max(1, entry.compress_size)
        if entry.file_size > LARGEST or (entry.file_size > _SMALL and entry.file_size / packed > _TIGHTEST):
            raise self._bad(f"holds {name[:60]!r}, which says that it has {entry.file_size:,} bytes; that is no chat")
        try:
            return _Guarded(self._archive.open(entry), self._bad)  # type: ignore[return-value]
        except _DAMAGE:
            raise self._bad(f"holds {name[:60]!r}, which cannot be read") from None

    def manifest(self) -> dict[str, Any] | None:
        """Of one that we wrote; None where there is none."""
        if MANIFEST not in self._entries:
            return None
        with self.open(MANIFEST) as file:
            try:
                found = json.loads(file.read(_MANIFEST_LARGEST))
            except (ValueError, RecursionError):
                found = None
        if not isinstance(found, dict) or not isinstance(found.get("files"), dict):
            raise self._bad(f"has a {MANIFEST} that is damaged")
        return found

    def _bad(self, what: str) -> BadInput:
        return BadInput(f"{self._name} {what}. Export or copy it again.")


class _Guarded(io.RawIOBase):
    """A file in a zip: it is never longer than it said, and damage in it is our error."""

    def __init__(self, file: Any, bad: Any) -> None:
        self._file, self._bad = file, bad

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        try:
            found: bytes = self._file.read(size)
        except _DAMAGE:
            raise self._bad("is damaged: what is packed in it does not come out whole") from None
        return found

    def close(self) -> None:
        self._file.close()
        super().close()
