"""Taking what was removed out of the database's files: a row that is deleted leaves its bytes on a page that is free now."""

import os
import shutil
import sqlite3
import time
from contextlib import suppress

from sqlalchemy import text

from chatbot.core.errors import StoreFull
from chatbot.store.database import Database
from chatbot.store.driver_errors import driver_errors
from chatbot.store.on_sqlite import SqliteFile, raw

_PATIENCE = 8.0  # seconds for whoever reads at this moment
_ROOM = 50_000_000  # bytes that are left free
_WITH_WORDS = ("conversations", "messages", "drafts", "trash")


def wipe(database: Database) -> bool:
    backend = database.backend
    if isinstance(backend, SqliteFile):
        _check_room(backend)
        _rewrite(backend)
        return _start_log_anew(database, backend)
    if not database.sqlite:
        # Not FULL: that would shut everybody out, and needs as much room again.
        with driver_errors(database.shown, None):
            options = {"isolation_level": "AUTOCOMMIT", "bytebot_write": True}
            with backend.engine.connect().execution_options(**options) as connection:
                connection.execute(text(f"VACUUM {', '.join(_WITH_WORDS)}"))
    return True


def _check_room(backend: SqliteFile) -> None:
    path = backend.path or ""
    needed = 2 * os.stat(path).st_size + _ROOM  # the new file, and the log through which it takes the old one's place
    if shutil.disk_usage(os.path.dirname(path)).free < needed:
        raise StoreFull(f"There is no room to rewrite {path!r}: it takes {needed / 1e6:,.0f} MB for a moment.")


def _rewrite(backend: SqliteFile) -> None:
    with backend.writing(), raw(backend) as connection:
        connection.execute("PRAGMA wal_autocheckpoint=0")  # the backend moves the log, with every writer shut out
        connection.execute("PRAGMA journal_size_limit=0")
        connection.execute("VACUUM")


def _start_log_anew(database: Database, backend: SqliteFile) -> bool:
    """Move the log into the file and begin it again, so that it is cut to the little that is written then.

    `wal_checkpoint(TRUNCATE)` would do the same, but where it cannot have the writers' lock it goes on without, which
    SQLite up to 3.51.2 may answer with a damaged database.
    """
    until = time.monotonic() + _PATIENCE
    before = _generation(backend)
    while True:
        with suppress(sqlite3.OperationalError):  # somebody else writes
            backend.checkpoint()
        with database.write() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            connection.exec_driver_sql(f"PRAGMA user_version={version}")  # writes the first page, whatever it says
        if _generation(backend) != before:
            return True
        if time.monotonic() > until:
            return False
        time.sleep(0.1)


def _generation(backend: SqliteFile) -> bytes:
    """The two numbers in the log's header that are new whenever it begins again."""
    try:
        with open(f"{backend.path}-wal", "rb") as log:
            return log.read(24)[16:]
    except FileNotFoundError:
        return b""
