"""Brings a database to the schema of this version, and refuses those it does not understand."""

import os
import re
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Connection, Text, column, inspect, select, table, text

from chatbot.core.errors import StoreError, StoreTooNew
from chatbot.store.database import Database
from chatbot.store.on_sqlite import SqliteFile, raw
from chatbot.store.tables import HEAD, VERSION_TABLE

_ADVISORY = 0x62797465  # any number, as long as every ByteBot takes the same
_SCRIPTS = Path(__file__).parent / "migrations"
_VERSION = select(column("version_num", Text)).select_from(table(VERSION_TABLE))


def check_file(backend: SqliteFile) -> None:
    """Look at a SQLite file before anything is written to it; StoreTooNew, StoreCorrupt or StoreError when it is not for us."""
    with raw(backend) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if VERSION_TABLE in tables:
            found = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()
            _refuse_newer(found[0] if found else None, backend.path or backend.shown)
        elif tables:
            raise StoreError(
                f"{backend.path!r} is a database of another program. It was left as it is: choose another data folder."
            )


def bring_up_to_date(database: Database, *, head: str = HEAD, scripts: Path = _SCRIPTS) -> None:
    """Make or migrate the tables, one process at a time; nothing to do costs one SELECT and imports no Alembic.

    `scripts` is Alembic's folder, `head` its newest revision.
    """
    with database.read() as connection:
        version = _version(connection)
    _refuse_newer(version, database.path or database.shown, head)
    if version == head:
        return
    with database.migrate() as connection:
        if not database.sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY})
        version = _version(connection)  # another process may have been quicker: no second backup
        _refuse_newer(version, database.path or database.shown, head)
        if version == head:
            return
        if version is not None and database.path is not None:
            _back_up(database.path, version)
        _migrate(connection, head, scripts)


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(_VERSION).scalar()


def _refuse_newer(version: str | None, shown: str, head: str = HEAD) -> None:
    if version is not None and (not re.fullmatch(r"\d{4}", version) or version > head):
        raise StoreTooNew(
            f"{shown!r} was written by a newer ByteBot (schema {version!r}, this one knows {head!r}). "
            "It was left as it is: update ByteBot, or choose another data folder."
        )


def _back_up(path: str, version: str) -> None:
    """A copy beside the file. The caller holds the write lock, so nothing can slip in between copy and migration."""
    now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    copy = f"{path}.schema-{version}.{now}.bak"
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))  # SQLite itself would let everybody read it
    connection = sqlite3.connect(Path(path).as_uri(), uri=True, isolation_level=None)
    try:
        connection.execute("VACUUM INTO ?", (copy,))
    finally:
        connection.close()


def _migrate(connection: Connection, head: str, scripts: Path) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, head)
