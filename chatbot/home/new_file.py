"""A large file that is either there, whole and on the disk, or not there at all."""

import contextlib
import errno
import glob
import os
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

from chatbot.core.errors import BackupFailed, BadInput
from chatbot.home.files import sync_folder

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_BESIDE = re.compile(r"\..+\.[0-9a-f]{8}\.part.*")


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A place beside `path` to write to. At the end of the block it becomes `path`; when the block raises, nothing is left.

    BadInput when there is something at `path`: nothing is ever written over. BackupFailed when it cannot be written.
    """
    if os.path.lexists(path):
        raise _there(path)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        yield beside
        _sync(beside)
        _give_name(beside, path)
        sync_folder(path.parent)
    except OSError as error:
        raise not_written(path, error) from None
    finally:
        _remove(beside)


def not_written(path: Path, error: OSError) -> BackupFailed:
    """What the system says about writing there, as a sentence."""
    if error.errno in _FULL:
        return BackupFailed(f"The disk is full: {str(path)!r} was not written. Free some space, then try again.")
    return BackupFailed(f"{str(path)!r} cannot be written: {error.strerror or error}. Choose another place.")


def sweep(folder: Path) -> None:
    """Remove what killed processes left half written there. Only for who knows that nobody writes there now."""
    for left in folder.iterdir():
        if _BESIDE.fullmatch(left.name):
            with contextlib.suppress(OSError):
                left.unlink()


def _give_name(beside: Path, path: Path) -> None:
    # A plain rename would write over a file that came there meanwhile.
    try:
        os.link(beside, path)
    except FileExistsError:
        raise _there(path) from None
    except OSError:  # a file system without hard links
        if os.path.lexists(path):
            raise _there(path) from None
        beside.rename(path)


def _there(path: Path) -> BadInput:
    return BadInput(f"{str(path)!r} is there already, and nothing is written over. Name another file.")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(beside: Path) -> None:
    # A database has logs beside it, and a copy of itself where it was brought up to date.
    for left in beside.parent.glob(f"{glob.escape(beside.name)}*"):
        with contextlib.suppress(OSError):
            left.unlink()
