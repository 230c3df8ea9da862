"""The index that search reads: of every message with words, written in the transaction that writes the message.

On SQLite two FTS5 tables over `messages`, one of words and one of any three characters in a row. PostgreSQL keeps its
two indexes itself. Neither belongs to `tables.metadata`.
"""

from typing import Any

from sqlalchemy import Connection, delete, insert, select, text, update
from sqlalchemy.sql.elements import ColumnElement

from chatbot.store.database import Database
from chatbot.store.tables import backlog, messages

WORDS, PARTS = "said_words", "said_parts"
ON_POSTGRESQL = ("ix_messages_words", "ix_messages_parts")
FIRST_CHARACTERS = 200_000
"""What PostgreSQL has of a message among its words: it refuses more than a megabyte of them."""
_BATCH = 200  # messages; a tenth of a second in which nobody else can write
_PAGES = 200  # of the index, merged at a time

# In the shadow tables `…_docsize` stands which messages are in. To take one out that is not would spoil the index.
_TAKE_OUT = "INSERT INTO {0} ({0}, rowid, text) SELECT 'delete', id, text FROM messages WHERE id = :id AND id IN (SELECT id FROM {0}_docsize)"
_CATCH_UP = """
    INSERT INTO {0} (rowid, text) SELECT id, text FROM messages
    WHERE id >= :lowest AND id < :below AND NOT empty AND id NOT IN (SELECT id FROM {0}_docsize)
"""


def ours(name: str | None, kind: str, _parents: Any) -> bool:
    """Whether Alembic may look at it: not at the index, which no metadata knows."""
    if kind == "index":
        return name not in ON_POSTGRESQL
    return kind != "table" or not (name or "").startswith((WORDS, PARTS))


def take_in(connection: Connection, database: Database, message: int, words: str) -> None:
    """Index a message's final text; once for each message."""
    if database.sqlite and words:
        for table in (WORDS, PARTS):
            connection.execute(
                text(f"INSERT INTO {table} (rowid, text) VALUES (:id, :words)"), {"id": message, "words": words}
            )


def leave_for_later(connection: Connection, database: Database, first: int, last: int) -> None:
    """Let `catch_up` index these messages and those between them: a large import would take five times as long else."""
    if not database.sqlite:
        return
    left = connection.execute(select(backlog)).first()
    if left is not None:
        first, last = min(first, left.lowest), max(last, left.below - 1)
        connection.execute(delete(backlog))
    connection.execute(insert(backlog).values(lowest=first, below=last + 1))


def take_out(connection: Connection, database: Database, which: ColumnElement[bool]) -> None:
    """Take messages out of the index; they must still be in their table. Then call `forget`."""
    if not database.sqlite:
        return
    rows = [{"id": id} for id in connection.execute(select(messages.c.id).where(which)).scalars()]
    for table in (WORDS, PARTS) if rows else ():
        connection.execute(text(_TAKE_OUT.format(table)), rows)


def forget(database: Database) -> None:
    """Remove what was taken out from the index's pages, too: FTS5 itself only notes that it is not to be found.

    In many short transactions; a process that ends meanwhile leaves the rest to the next time.
    """
    if not database.sqlite:
        return
    for table in (WORDS, PARTS):
        pages = -_PAGES  # the first merges across all levels, the others go on with that
        while True:
            with database.write() as connection:
                driver = connection.connection.driver_connection
                assert driver is not None
                before = driver.total_changes
                connection.execute(
                    text(f"INSERT INTO {table} ({table}, rank) VALUES ('merge', :pages)"), {"pages": pages}
                )
                if driver.total_changes - before < 2:
                    break
            pages = _PAGES


def catch_up(database: Database, *, most: int = _BATCH) -> bool:
    """Index so many of the messages from before there was an index, the newest first; False when all are in."""
    with database.read() as connection:
        if connection.execute(select(backlog.c.below)).first() is None:
            return False
    with database.write() as connection:
        left = connection.execute(select(backlog)).first()
        if left is None:
            return False
        query = (
            select(messages.c.id)
            .where(messages.c.id >= left.lowest, messages.c.id < left.below, messages.c.empty.is_(False))
            .order_by(messages.c.id.desc())
            .limit(most)
        )
        ids = list(connection.execute(query).scalars())
        if not ids:
            connection.execute(delete(backlog))
            return False
        for table in (WORDS, PARTS):
            connection.execute(text(_CATCH_UP.format(table)), {"lowest": ids[-1], "below": left.below})
        connection.execute(update(backlog).values(below=ids[-1]))
        return True


def begin_anew(connection: Connection, database: Database) -> None:
    """Empty the index; `catch_up` then fills it again, batch by batch."""
    if not database.sqlite:
        return
    for table in (WORDS, PARTS):
        connection.execute(text(f"INSERT INTO {table} ({table}) VALUES ('delete-all')"))
    newest = connection.execute(select(messages.c.id).order_by(messages.c.id.desc()).limit(1)).scalar()
    connection.execute(delete(backlog))
    if newest is not None:
        connection.execute(insert(backlog).values(below=newest + 1))
