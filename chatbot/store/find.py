"""Looking one thing up inside a transaction, and saying that it is not there."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, bindparam, select

from chatbot.core.errors import NotFound
from chatbot.core.text import repair
from chatbot.store.tables import conversations, messages

One = TypeVar("One")
_CHUNK = 500  # SQLite takes some thousands of parameters per statement, older ones 999

_ONE = select(conversations).where(
    conversations.c.owner == bindparam("owner"), conversations.c.id == bindparam("id")
)  # made once: everything begins with it
_KEPT, _DELETED = _ONE.where(conversations.c.deleted.is_(None)), _ONE.where(conversations.c.deleted.is_not(None))


def chunks(ids: Iterable[One]) -> Iterator[list[One]]:
    """Each id once, in as many lists as a statement's parameters ask for."""
    rest = iter(dict.fromkeys(ids))
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def conversation_row(
    connection: Connection, owner: str, id: str, *, lock: bool = False, deleted: bool = False
) -> Row[*tuple[Any, ...]]:
    """The row, or NotFound. `lock`: two changes to one tree wait for each other (on SQLite all writers do anyway).

    Every transaction locks in this order, so that none can wait in a circle: conversation, leases, messages.
    """
    query = _DELETED if deleted else _KEPT
    one = {"owner": owner, "id": repair(id)}
    row = connection.execute(query.with_for_update(key_share=True) if lock else query, one).first()
    if row is None:
        place = "conversation in the trash" if deleted else "conversation"
        raise NotFound(f"There is no {place} {id!r}. It may have been deleted; open another one.")
    return row


def message_row(connection: Connection, owner: str, conversation: str, id: int) -> Row[*tuple[Any, ...]]:
    """Place and state of a message that is not deleted, without its words; NotFound."""
    row = connection.execute(
        select(messages.c.id, messages.c.parent, messages.c.role, messages.c.state, messages.c.empty).where(
            messages.c.owner == owner,
            messages.c.conversation == conversation,
            messages.c.id == id,
            messages.c.trash.is_(None),
        )
    ).first()
    if row is None:
        raise missing_message(id)
    return row


def lock_conversation_of(connection: Connection, owner: str, reply: int) -> None:
    """Take the first lock of the order above for a change that knows only the reply. No such reply is no error here."""
    holding = select(messages.c.conversation).where(messages.c.owner == owner, messages.c.id == reply)
    connection.execute(
        select(conversations.c.id)
        .where(conversations.c.id == holding.scalar_subquery())
        .with_for_update(key_share=True)
    ).first()


def missing_message(id: int) -> NotFound:
    return NotFound(f"There is no message {id!r} in this conversation. It may have been deleted; reload the page.")
