"""SQLite in memory: the temporary chat's store."""

import secrets
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, QueuePool, create_engine

from chatbot.store.database import on_begin
from chatbot.store.on_sqlite import connect


class SqliteMemory:
    """A database that lives in memory until it is closed, seen by this object alone."""

    path: str | None = None

    def __init__(self) -> None:
        name = secrets.token_hex(8)
        self.shown = "a temporary database"
        self._uri = f"file:/{name}?vfs=memdb"
        # In memory a writer shuts readers out, and waiting by polling is slow: readers queue at the same lock.
        self._lock = threading.Lock()
        self._anchor = self._connect()  # SQLite frees the memory with the last connection
        self.engine = create_engine(
            "sqlite://", creator=self._connect, poolclass=QueuePool, max_overflow=-1, hide_parameters=True
        )
        on_begin(self)

    def _connect(self) -> sqlite3.Connection:
        connection = connect(self._uri)
        connection.execute("PRAGMA temp_store=MEMORY")
        return connection

    @contextmanager
    def reading(self) -> Iterator[None]:
        with self._lock:
            yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        with self._lock:
            yield

    def begin(self, connection: Connection, *, write: bool) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    def close(self) -> None:
        self.engine.dispose()
        self._anchor.close()
