"""Small text files that people and several processes write: read as they come, replaced whole, one writer at a time."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from chatbot.core.errors import SettingsError

LONGEST_WAIT = 10.0
"""Seconds that a writer waits for another."""

Stamp = tuple[int, int, int] | None


def stamp(path: Path) -> Stamp:
    """What changes when a file does; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read_text(path: Path) -> str | None:
    """The file's text, None when there is no such file; SettingsError when it cannot be read or is not text.

    Editors on Windows put a mark before the text or write UTF-16; both are taken.
    """
    if (
        path.name != ".env" and path.is_fifo()
    ):  # keepers of passwords serve a .env so; of another, nobody would ever write
        raise SettingsError(f"{path} is a pipe, and no file.")
    try:
        raw = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
            return raw.decode("utf-16")
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{path}, line {line}, is not UTF-8 text. Save the file as UTF-8.") from None


def write_private(path: Path, text: str) -> None:
    """Replace the file whole, for this user only (mode 0600); SettingsError when it cannot be, the old one kept.

    A link stays one: its target is replaced.
    """
    import tempfile

    target = Path(os.path.realpath(path))
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode())
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, target)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise
        sync_folder(target.parent)
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}. Nothing was changed.") from None


def sync_folder(folder: Path) -> None:
    """Let a name that was given or taken in it survive a power cut."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """One writer at a time in this folder, whichever thread or process; SettingsError when another does not end.

    The lock goes with its process, so that a killed writer leaves none behind.
    """
    try:
        file = open(folder / ".lock", "ab", opener=lambda path, flags: os.open(path, flags, 0o600))  # noqa: SIM115
    except OSError as error:
        raise SettingsError(f"Nothing can be written in {str(folder)!r}: {error.strerror}.") from None
    with file:
        until = time.monotonic() + LONGEST_WAIT
        while not _lock(file):
            if time.monotonic() > until:
                raise SettingsError(f"Another process has been writing in {str(folder)!r} for too long. Try again.")
            time.sleep(0.01)
        try:
            yield
        finally:
            _unlock(file)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Whether this is now the only block of its kind at that file, in whichever process; does not wait.

    As with `locked`, a killed process leaves no lock behind. OSError when the file cannot be made.
    """
    with open(path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        mine = _lock(file)
        try:
            yield mine
        finally:
            if mine:
                _unlock(file)


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> bool:
        try:
            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
