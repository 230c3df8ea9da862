"""The one place where what a database driver raises becomes a sentence and a way out."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from chatbot.core.errors import (
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    StoreReadOnly,
    StoreUnreachable,
)

NOT_TAKEN = {
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_SHMOPEN,  # made with three bytes in it
    sqlite3.SQLITE_IOERR_SHMSIZE,
    sqlite3.SQLITE_IOERR,  # bare: the search index does not pass on what exactly failed, and it is written more than read
}


@contextmanager
def driver_errors(shown: str, path: str | None) -> Iterator[None]:
    """Inside it, the driver's errors leave as StoreError's kinds. `shown` names the database, `path` a SQLite file.

    A broken constraint is a bug of ours and stays one.
    """
    try:
        yield
    except (exc.IntegrityError, exc.DataError) as error:
        raise _without_words(error) from None
    except exc.TimeoutError as error:
        raise StoreLocked(f"{shown!r} is too busy to be asked. Wait a moment, then try again.") from error
    except exc.DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise _from_sqlite(error.orig, path or shown) from error
        raise _from_postgresql(error, shown) from error
    except sqlite3.Error as error:
        raise _from_sqlite(error, path or shown) from error


def _without_words(error: exc.DBAPIError) -> exc.DBAPIError:
    """The same bug, fit for a log: PostgreSQL's details quote the whole row, message included."""
    found = error.orig
    name = getattr(getattr(found, "diag", None), "constraint_name", None)
    said = str(found) if isinstance(found, sqlite3.Error) else f"{type(found).__name__} ({name})"
    return type(error)(error.statement, None, Exception(said), hide_parameters=True)


def _from_sqlite(error: sqlite3.Error, path: str) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_READONLY_DBMOVED:
        return moved(path)
    match code & 0xFF:
        case sqlite3.SQLITE_FULL:
            return _full(path)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return _read_only(path)
        case sqlite3.SQLITE_CANTOPEN if os.path.isdir(path):
            return StoreError(f"{path!r} is a folder. Name a file for the history.")
        case sqlite3.SQLITE_CANTOPEN if not _writable(path):
            return _read_only(path)
        case sqlite3.SQLITE_CANTOPEN:
            return StoreError(f"{path!r} cannot be opened. See that its folder exists and is yours.")
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED | sqlite3.SQLITE_PROTOCOL:
            return StoreLocked(f"Another program holds {path!r}. Close it or wait a moment, then try again.")
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return _corrupt(path)
        case 0 if "decode" in str(error):  # Python's own: a page's text is no UTF-8, which we never write
            return _corrupt(path)
        case sqlite3.SQLITE_IOERR if code in NOT_TAKEN:
            return StoreFull(
                f"The disk did not take what was written to {path!r}: it may be full, over your quota, or failing. "
                "Free some space, then send again."
            )
        case sqlite3.SQLITE_IOERR:
            return StoreError(f"The disk failed while {path!r} was read or written. Check the disk, then try again.")
    return StoreError(f"{path!r} could not be used ({getattr(error, 'sqlite_errorname', type(error).__name__)}).")


def moved(path: str) -> StoreError:
    return StoreError(f"{path!r} was moved, replaced or deleted while it was open. Put it back, then restart ByteBot.")


def _corrupt(path: str) -> StoreCorrupt:
    return StoreCorrupt(
        f"{path!r} is damaged or is no database. It was left as it is. "
        "Make a history of a backup (chatbot restore FILE), or choose another data folder."
    )


def _full(path: str) -> StoreFull:
    return StoreFull(f"The disk is full: {path!r} could not grow. Free some space, then send again.")


def _read_only(path: str) -> StoreReadOnly:
    return StoreReadOnly(
        f"{path!r} or its folder is read-only, so nothing can be kept. Make it writable, or choose another data folder."
    )


def _writable(path: str) -> bool:
    folder = os.path.dirname(path) or "."
    return os.access(folder, os.W_OK) and (not os.path.exists(path) or os.access(path, os.W_OK))


def _from_postgresql(error: exc.DBAPIError, shown: str) -> StoreError:
    state = getattr(error.orig, "sqlstate", None) or ""
    if state == "53100":
        return StoreFull(f"The disk of {shown!r} is full. Free some space, then send again.")
    if state in ("25006", "42501"):
        return StoreReadOnly(f"{shown!r} may not be written to by this user. Grant it, or use another database.")
    if state in ("55P03", "40P01", "40001", "57014"):
        return StoreLocked(f"{shown!r} is held by another program. Wait a moment, then try again.")
    if state in ("XX001", "XX002"):
        return StoreCorrupt(f"{shown!r} is damaged. It was left as it is: restore a backup.")
    if not state and "FATAL:" in str(error.orig):
        # While connecting libpq gives no SQLSTATE, only the server's words, in the server's language.
        return StoreUnreachable(
            f"{shown!r} refused the connection: no such database or user, or a wrong password. Correct the address."
        )
    if not state or state[:2] in ("08", "53", "57") or error.connection_invalidated:
        return StoreUnreachable(f"{shown!r} does not answer. See that it runs, and check the database address.")
    return StoreError(f"{shown!r} could not be used (SQLSTATE {state}).")
