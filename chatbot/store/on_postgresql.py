"""PostgreSQL, by the psycopg 3 driver."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from chatbot.core.errors import StoreError
from chatbot.store.database import on_begin

CONNECT_SECONDS = 5
LOCK_SECONDS = 10


class PostgresqlServer:
    """A server's database. Rows are locked where two writers could meet, so no lock of our own is needed."""

    path: str | None = None

    def __init__(self, url: str) -> None:
        address = _address(url)
        self.shown = _shown(address)
        try:
            self.engine = create_engine(
                address,
                connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": "bytebot"},
                pool_pre_ping=True,  # a server that was restarted is found again without an error
                pool_timeout=LOCK_SECONDS,
                max_overflow=25,
                hide_parameters=True,
            )
        except ModuleNotFoundError as error:
            raise StoreError("PostgreSQL needs one more package: pip install 'bytebot[postgres]'") from error
        event.listen(self.engine, "connect", _prepare)
        on_begin(self)

    @contextmanager
    def reading(self) -> Iterator[None]:
        yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        yield

    def begin(self, connection: Connection, *, write: bool) -> None:
        if not write:
            # One moment for all statements of a read, as SQLite has it; the driver itself begins the transaction.
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")

    def close(self) -> None:
        self.engine.dispose()


def _prepare(connection: Any, _record: object) -> None:
    connection.execute(f"SET lock_timeout = '{LOCK_SECONDS}s'")
    connection.execute("SET timezone = 'UTC'")
    connection.commit()


def _address(url: str) -> URL:
    try:
        return make_url(url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        # No cause attached: its words are the address, password included.
        raise StoreError(
            "The database address cannot be read. Write it as postgresql://user:password@host:5432/name"
        ) from None


def _shown(address: URL) -> str:
    plain = URL.create(
        "postgresql", username=address.username, host=address.host, port=address.port, database=address.database
    )
    return plain.render_as_string()  # without the query: psycopg takes a password there too
