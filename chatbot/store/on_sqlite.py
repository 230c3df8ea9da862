"""SQLite: one file in WAL mode."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, QueuePool, create_engine

from chatbot.core.errors import StoreError, StoreLocked, StoreReadOnly
from chatbot.store.database import on_begin
from chatbot.store.driver_errors import driver_errors, moved

BUSY_SECONDS = 5.0
WAL_BYTES = 1_000 * 4_096
Stamp = tuple[int, int, int]
_locks: dict[str, threading.Lock] = {}
_locks_lock = threading.Lock()


def _lock_for(name: str) -> threading.Lock:
    with _locks_lock:
        return _locks.setdefault(name, threading.Lock())


class SqliteFile:
    """A database file. Writers of this process queue at one lock, those of other processes at SQLite's own."""

    def __init__(self, path: str) -> None:
        self.path: str | None = os.path.realpath(path)
        self.shown = f"sqlite:///{self.path}"
        self._file = self.path
        self._lock = _lock_for(self._file)
        _make_private(self._file)
        self._identity = _identity(self._file)
        self.uri = f"{Path(self._file).as_uri()}?mode=rw"  # rw: never make the file anew when it was deleted under us
        self._only_read: tuple[StoreError, Stamp | None] | None = None
        self.engine = create_engine(
            "sqlite://", creator=self._connect, poolclass=QueuePool, max_overflow=-1, hide_parameters=True
        )
        on_begin(self)

    def only_read(self, why: StoreError) -> None:
        """Read the file as it stands, without a lock or a log beside it, where there is no room or no right to make them.

        Writing then raises `why`. StoreError where words wait in a log: they would be missing.
        """
        log = f"{self._file}-wal"
        if os.path.exists(log) and os.path.getsize(log):
            raise type(why)(
                f"{self.path!r} cannot be read where it is: its newest words wait in {log!r}, and SQLite needs another file "
                "beside them. Copy both to a folder that can be written, and use that one."
            )
        # Immutable: SQLite takes the file as nobody's to change; `reading` sees to it that nobody did.
        self.uri = f"{Path(self._file).as_uri()}?mode=ro&immutable=1"
        self._only_read = why, _stamp(self._file)

    def _connect(self) -> sqlite3.Connection:
        connection = connect(self.uri)
        if self._only_read:
            return connection
        try:
            _use_wal(connection)
            # FULL, not NORMAL: in WAL mode NORMAL does not sync at commit, so a power cut would take what was shown as kept.
            connection.execute("PRAGMA synchronous=FULL")
            # SQLite up to 3.51.2 can corrupt a WAL database when one connection checkpoints while another starts the
            # log anew. So nobody checkpoints on the side: `_checkpoint` does it with every writer shut out.
            connection.execute("PRAGMA wal_autocheckpoint=0")
            # Shrinks the log when it starts anew, so that its size says how much waits in it.
            connection.execute("PRAGMA journal_size_limit=0")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def reading(self) -> Iterator[None]:
        try:
            yield
        finally:
            if self._only_read and _stamp(self._file) != self._only_read[1]:
                raise StoreLocked(f"{self.path!r} was written to while it was read. Try again.") from None

    @contextmanager
    def writing(self) -> Iterator[None]:
        if self._only_read:
            raise self._only_read[0]
        if not self._lock.acquire(timeout=3 * BUSY_SECONDS):
            raise StoreLocked(f"Too much is being written to {self.path!r}. Wait a moment, then try again.")
        try:
            # On POSIX a deleted file can be written to for ever, and all of it would be lost.
            if _identity(self._file) != self._identity:
                raise moved(self._file)
            yield
            self._checkpoint()
        finally:
            self._lock.release()

    def begin(self, connection: Connection, *, write: bool) -> None:
        # IMMEDIATE: a transaction that reads first and then writes would fail at once when another has written.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    def _checkpoint(self) -> None:
        """Move the log into the file when it has grown to about 1,000 pages. Failing is no harm: the log only grows on."""
        with suppress(OSError):
            if os.stat(self._file + "-wal").st_size >= WAL_BYTES:
                with suppress(sqlite3.Error):
                    self.checkpoint()

    def checkpoint(self) -> None:
        shut, mover = self.engine.raw_connection(), self.engine.raw_connection()
        try:
            # This transaction writes nothing; it keeps the writers of every process out while the other one moves.
            shut.cursor().execute("BEGIN IMMEDIATE")
            mover.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        finally:
            shut.rollback()
            shut.close()
            mover.close()

    def close(self) -> None:
        self.engine.dispose()


def connect(uri: str, busy: float = BUSY_SECONDS) -> sqlite3.Connection:
    # isolation_level None: the driver begins no transaction of its own; `begin` above does, in the kind we want.
    options: dict[str, Any] = {"uri": True, "isolation_level": None, "check_same_thread": False, "timeout": busy}
    connection: sqlite3.Connection = sqlite3.connect(uri, **options)
    connection.execute("PRAGMA foreign_keys=ON")
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    # Several processes may open a fresh file at once, and the switch does not wait for the others by itself.
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchall()
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _stamp(path: str) -> Stamp | None:
    """What changes when a file is written to; a log that has words in it counts."""
    try:
        found = os.stat(path)
        waiting = os.path.exists(log := path + "-wal") and os.path.getsize(log)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size + waiting


def _make_private(path: str) -> None:
    """Create folder and file where they are missing, for this user alone; SQLite gives its log the same rights."""
    folder = os.path.dirname(path)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        # Only ever a new file: closing a second handle on an open database would drop SQLite's locks on it.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise StoreReadOnly(
            f"{path!r} could not be made ({error.strerror}). Make its folder writable, or choose another data folder."
        ) from error


@contextmanager
def raw(backend: SqliteFile) -> Iterator[sqlite3.Connection]:
    """A connection outside the pool that changes nothing by being opened: no WAL, no pragma that writes."""
    with driver_errors(backend.shown, backend.path):
        connection = connect(backend.uri)
        try:
            yield connection
        finally:
            connection.close()
