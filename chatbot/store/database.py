"""One database: reading, writing, and the clock by which leases run out."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from sqlalchemy import (
    BigInteger,
    Connection,
    Engine,
    Float,
    Table,
    Text,
    cast,
    event,
    extract,
    func,
    insert,
    literal,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ColumnElement

from chatbot.store.driver_errors import driver_errors


class Backend(Protocol):
    """What differs between SQLite and PostgreSQL."""

    shown: str
    """The address without a password."""
    path: str | None
    """The SQLite file; None for memory and for PostgreSQL."""
    engine: Engine

    def reading(self) -> AbstractContextManager[None]: ...

    def writing(self) -> AbstractContextManager[None]:
        """Held around a write transaction. Raises StoreLocked when it cannot be had in time."""
        ...

    def begin(self, connection: Connection, *, write: bool) -> None:
        """Opens the transaction."""
        ...

    def close(self) -> None: ...


class Database:
    """Transactions on one database for one owner. Safe to use from several threads.

    Never keep a connection beyond the `with` block, and never yield to a caller's code inside one.
    """

    def __init__(self, backend: Backend, owner: str) -> None:
        self.backend = backend
        self.owner = owner
        self.shown = backend.shown
        self.path = backend.path
        self.sqlite = backend.engine.dialect.name == "sqlite"
        self._here = threading.local()
        self._reader = backend.engine
        self._writer = backend.engine.execution_options(bytebot_write=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one moment of the database. Never waits for a writer.

        Inside another one of this thread it is the same, so that all of it is of one moment.
        """
        if held := self._reading():
            yield held
            return
        with driver_errors(self.shown, self.path), self.backend.reading(), self._reader.begin() as connection:
            self._here.reading = connection
            try:
                yield connection
            finally:
                self._here.reading = None

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction, committed at the end of the block, undone when the block raises."""
        assert not self._reading(), (
            "what is read afterwards would not see it, and a store in memory would wait for ever"
        )
        with driver_errors(self.shown, self.path), self.backend.writing(), self._writer.begin() as connection:
            yield connection

    @contextmanager
    def migrate(self) -> Iterator[Connection]:
        """A write transaction that may rebuild tables."""
        with driver_errors(self.shown, self.path), self.backend.writing(), self._writer.connect() as connection:
            if self.sqlite:
                # Rebuilding a table drops the old one, and with foreign keys on that deletes every row that points at it.
                driver = connection.connection
                driver.execute("PRAGMA foreign_keys=OFF")
            try:
                with connection.begin():
                    yield connection
            finally:
                if self.sqlite:
                    driver.execute("PRAGMA foreign_keys=ON")

    def _reading(self) -> Connection | None:
        return getattr(self._here, "reading", None)

    def clock(self) -> ColumnElement[float]:
        """Seconds since the epoch in SQL. PostgreSQL's own: the hosts that share it need not agree on the time."""
        if self.sqlite:
            return literal(time.time(), Float)
        return cast(extract("epoch", func.clock_timestamp()), postgresql.DOUBLE_PRECISION)

    def whole_seconds(self, moment: Any) -> ColumnElement[int]:
        """A column of moments as whole seconds since the epoch, rounded down; SQLite itself would round to the nearest
        millisecond, and so the last one of a day into the next.
        """
        if self.sqlite:
            return cast(extract("epoch", func.substr(type_coerce(moment, Text), 1, 19)), BigInteger)
        return cast(func.floor(extract("epoch", moment)), BigInteger)

    def insert(self, table: Table) -> Any:
        """The dialect's own INSERT, which knows ON CONFLICT."""
        return sqlite.insert(table) if self.sqlite else postgresql.insert(table)

    def close(self) -> None:
        self.backend.close()


def added(connection: Connection, table: Table, row: dict[str, Any]) -> int:
    """Insert one row of plain values; gives its id."""
    key = connection.execute(insert(table), row).inserted_primary_key  # .values(row) takes twice as long to read
    assert key is not None  # single inserts always have one
    return int(key[0])


def without_rows(record: logging.LogRecord) -> bool:
    """A filter for SQLAlchemy's log, which at DEBUG prints every row it reads: rows hold what people said."""
    return "Row %r" not in str(record.msg)


def on_begin(backend: Backend) -> None:
    """Lets the backend open each of its engine's transactions itself, and keeps its rows out of the logs."""
    logging.getLogger("sqlalchemy.engine.Engine").addFilter(without_rows)

    def begin(connection: Connection) -> None:
        backend.begin(connection, write=bool(connection.get_execution_options().get("bytebot_write")))

    event.listen(backend.engine, "begin", begin)
