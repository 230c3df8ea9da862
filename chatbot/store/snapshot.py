"""A copy of a SQLite store in a file of its own, as it is at one moment; and whether a file is such a copy, whole."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from chatbot.core.errors import BackupFailed, StoreTooNew
from chatbot.core.messages import LIVE
from chatbot.store.database import Database
from chatbot.store.driver_errors import NOT_TAKEN
from chatbot.store.integrity import about_an_index
from chatbot.store.on_sqlite import SqliteFile, raw
from chatbot.store.tables import HEAD, VERSION_TABLE

Stop = Callable[[], bool]
"""Asked now and then; True ends the work."""

_HEADER = b"SQLite format 3\0"
_STEPS = 1_000  # of SQLite's machine between two looks whether to stop; a few hundred rows
_LIVE = ", ".join(f"'{state}'" for state in sorted(LIVE))
_OTHER_WORDS = f"""
    SELECT now.id FROM kept.messages AS was JOIN main.messages AS now ON now.id = was.id AND now.created = was.created
    WHERE was.state NOT IN ({_LIVE})
      AND (now.text <> was.text OR now.reasoning <> was.reasoning OR now.role <> was.role OR now.state <> was.state)
    ORDER BY now.id
"""
_OTHER_MONEY = """
    SELECT now.id FROM kept.calls AS was JOIN main.calls AS now ON now.id = was.id AND now.started = was.started
    WHERE was.outcome IS NOT NULL AND (now.nanodollars IS NOT was.nanodollars OR now.cost_source <> was.cost_source)
    ORDER BY now.id
"""
_GONE = """
    SELECT count(*) FROM kept.messages AS was
    WHERE NOT EXISTS (SELECT 1 FROM main.messages AS now WHERE now.id = was.id AND now.created = was.created)
"""


def snapshot(database: Database, into: Path, stop: Stop) -> None:
    """Write the copy to `into`, an empty file. It is one read of the database: nobody who writes waits for it.

    BackupFailed when it cannot be written, was stopped, or is not whole when it is read again.
    """
    backend = database.backend
    assert isinstance(backend, SqliteFile)
    with raw(backend) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")  # moving the log is the backend's, with every writer shut out
        connection.set_progress_handler(stop, _STEPS)
        try:
            connection.execute("VACUUM INTO ?", (str(into),))
        except sqlite3.Error as error:
            raise _not_copied(error, into) or error from None
    if faults := _faults(into, stop):
        raise BackupFailed(
            f"The copy is damaged, and so may be the history itself ({faults[0]}). Nothing of it is left; chatbot doctor "
            "says more."
        )


def _not_copied(error: sqlite3.Error, into: Path) -> BackupFailed | None:
    """The sentence where it was the copy that could not be written; None where the database itself could not be read."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_INTERRUPT:
        return BackupFailed("The backup was stopped before its end. Nothing of it is left.")
    folder = str(into.parent)
    if code & 0xFF == sqlite3.SQLITE_FULL or code in NOT_TAKEN:
        return BackupFailed(
            f"There is not enough space in {folder!r} for a backup. Nothing of it is left: free some space, then try again."
        )
    if code & 0xFF in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return BackupFailed(f"Nothing can be written in {folder!r}. Make it writable, or choose another place.")
    return None


def is_copy(path: Path) -> bool:
    """Whether the file is a SQLite database, as its first bytes say."""
    with path.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER


def check_copy(copied: Path, file: Path, stop: Stop = lambda: False) -> None:
    """Read all of `copied`, a copy of `file`: BackupFailed when it is damaged or no store of ours, StoreTooNew when a newer
    ByteBot wrote it.
    """
    shown = str(file)
    with _read_only(copied, shown) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if VERSION_TABLE not in tables:
            raise BackupFailed(f"{shown!r} is a database of another program.")
        [version] = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone() or [""]
        if version > HEAD:
            raise StoreTooNew(
                f"{shown!r} was written by a newer ByteBot (schema {version!r}, this one knows {HEAD!r}). Update ByteBot."
            )
    if faults := _faults(copied, stop):
        raise BackupFailed(f"{shown!r} is damaged ({faults[0]}). Take another backup.")


def _faults(copied: Path, stop: Stop) -> list[str]:
    """What is wrong with a copy, once its indexes were made anew where they are damaged: they are copied as they are, and
    a backup must not fail for what can be made again from the rows.
    """
    found = _checked(copied, stop)
    if found and all(about_an_index(line) for line in found):
        with closing(sqlite3.connect(copied, isolation_level=None)) as connection:
            connection.execute("REINDEX")
        found = _checked(copied, stop)
    return found


def _checked(copied: Path, stop: Stop) -> list[str]:
    with _read_only(copied, str(copied)) as connection:
        connection.set_progress_handler(stop, _STEPS)
        return [line for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"]


def changed_since(database: Database, kept: Path, *, most: int = 5) -> tuple[list[int], list[int], int]:
    """Messages and calls that have ended before the copy `kept` was made and are not in it as they are now: the first few;
    and how many of its messages are not here any more, which is right where they were deleted.

    What has ended never changes, so each of the first was damaged, here or there. BackupFailed when the copy is no good.
    """
    backend = database.backend
    assert isinstance(backend, SqliteFile)
    with raw(backend) as connection:
        try:
            connection.execute("ATTACH ? AS kept", (_immutable(kept),))
            words, money = (
                [id for (id,) in connection.execute(f"{query} LIMIT {most}")] for query in (_OTHER_WORDS, _OTHER_MONEY)
            )
            return words, money, connection.execute(_GONE).fetchone()[0]
        except sqlite3.Error:
            raise BackupFailed(f"{str(kept)!r} cannot be read.") from None


@contextmanager
def _read_only(path: Path, shown: str) -> Iterator[sqlite3.Connection]:
    try:
        with closing(sqlite3.connect(_immutable(path), uri=True, isolation_level=None)) as connection:
            yield connection
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) == sqlite3.SQLITE_INTERRUPT:
            raise BackupFailed("The backup was stopped before its end. Nothing of it is left.") from None
        raise BackupFailed(f"{shown!r} is damaged or is no database. Take another backup.") from None


def _immutable(path: Path) -> str:
    # Nobody writes to it: without this SQLite would put its locks and logs beside the file.
    return f"{path.absolute().as_uri()}?mode=ro&immutable=1"
