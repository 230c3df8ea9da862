"""Deleting and taking back. What is deleted stays for 30 days, exactly as it was."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, Select, bindparam, false, func, insert, select, update
from sqlalchemy import delete as remove

from chatbot.core.errors import BadInput, NotFound
from chatbot.core.text import repair
from chatbot.core.tree import Leaf, Tree
from chatbot.store.database import Database
from chatbot.store.find import chunks, conversation_row, message_row
from chatbot.store.index import forget, take_out
from chatbot.store.rows import now
from chatbot.store.tables import conversations, leases, messages, trash

_TAKE = update(messages).where(messages.c.id == bindparam("taken")).values(trash=bindparam("by"))
_STOP = update(leases).where(leases.c.reply == bindparam("taken")).values(stop=True)


def delete(database: Database, id: str) -> None:
    with database.write() as connection:
        conversation_row(connection, database.owner, id, lock=True)
        _delete(connection, [id])


def delete_many(database: Database, ids: Sequence[str]) -> int:
    with database.write() as connection:
        found = _lock(connection, database.owner, ids, conversations.c.deleted.is_(None))
        for chunk in chunks(found):
            _delete(connection, chunk)
    return len(found)


def _delete(connection: Connection, ids: Sequence[str]) -> None:
    connection.execute(update(conversations).where(conversations.c.id.in_(ids)).values(deleted=now()))
    connection.execute(update(leases).where(leases.c.conversation.in_(ids)).values(stop=True))


def undelete(database: Database, id: str) -> None:
    with database.write() as connection:
        conversation_row(connection, database.owner, id, lock=True, deleted=True)
        connection.execute(update(conversations).where(conversations.c.id == id).values(deleted=None))


def undelete_many(database: Database, ids: Sequence[str]) -> int:
    with database.write() as connection:
        found = _lock(connection, database.owner, ids, conversations.c.deleted.is_not(None))
        for chunk in chunks(found):
            connection.execute(update(conversations).where(conversations.c.id.in_(chunk)).values(deleted=None))
    return len(found)


def _lock(connection: Connection, owner: str, ids: Sequence[str], kept: ColumnElement[bool]) -> list[str]:
    """Those that are there, locked in one order, so that two bulk changes never wait for each other in a circle."""
    found: list[str] = []
    for chunk in chunks(sorted(map(repair, ids))):
        query = select(conversations.c.id).where(conversations.c.owner == owner, conversations.c.id.in_(chunk), kept)
        found += connection.execute(query.order_by(conversations.c.id).with_for_update(key_share=True)).scalars()
    return found


def delete_message(database: Database, conversation: str, message: int) -> str:
    token = secrets.token_hex(12)
    with database.write() as connection:
        head = conversation_row(connection, database.owner, conversation, lock=True).head
        message_row(connection, database.owner, conversation, message)
        tree = _skeleton(connection, conversation)
        connection.execute(
            insert(trash).values(
                token=token,
                owner=database.owner,
                conversation=conversation,
                message=message,
                head=head,
                created=now(),
            )
        )
        taken = _below(tree, message)
        # Nobody would see the rest of these replies, and they cost money.
        connection.execute(_STOP, [{"taken": id} for id in sorted(taken)])
        connection.execute(_TAKE, [{"taken": id, "by": token} for id in sorted(taken)])
        if head in taken:
            left = Tree([leaf for leaf in tree.by_id.values() if leaf.id not in taken])
            _stand_on(connection, conversation, _after(tree, left, message))
    return token


def undelete_message(database: Database, token: str) -> None:
    with database.write() as connection:
        row = connection.execute(select(trash).where(trash.c.owner == database.owner, trash.c.token == token)).first()
        if row is None:
            raise NotFound("What was deleted there is back already, or gone for good.")
        conversation_row(connection, database.owner, row.conversation, lock=True)
        parent = connection.execute(select(messages.c.parent).where(messages.c.id == row.message)).scalar()
        left = _skeleton(connection, row.conversation)
        if parent is not None and parent not in left.by_id:
            raise BadInput("The message above was deleted too. Take that one back first.")
        connection.execute(update(messages).where(messages.c.trash == token).values(trash=None))
        connection.execute(remove(trash).where(trash.c.token == token))
        if row.head is None or row.head in _skeleton(connection, row.conversation).by_id:
            _stand_on(connection, row.conversation, row.head)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What left the trash for good. `messages` are those of both; `since`: when the oldest of it was begun, the
    beginning of time where some was imported: its own times do not say since when it has been here.
    """

    conversations: int
    branches: int
    messages: int
    since: datetime | None = field(default=None, compare=False)

    def __bool__(self) -> bool:
        return bool(self.conversations or self.branches)

    def __add__(self, other: "Removed") -> "Removed":
        return Removed(
            conversations=self.conversations + other.conversations,
            branches=self.branches + other.branches,
            messages=self.messages + other.messages,
            since=min((one for one in (self.since, other.since) if one), default=None),
        )


_NOTHING = Removed(conversations=0, branches=0, messages=0)


def purge(database: Database, before: datetime | None) -> Removed:
    """Remove what was deleted before then; None: all of it."""
    in_time = [] if before is None else [trash.c.created <= before]
    branches = select(trash.c.token).where(trash.c.owner == database.owner, *in_time)
    in_time = [conversations.c.deleted.is_not(None) if before is None else conversations.c.deleted <= before]
    whole = select(conversations.c.id).where(conversations.c.owner == database.owner, *in_time)
    with database.write() as connection:
        removed = _remove(connection, database, branches, whole)
    if removed:
        forget(database)
    return removed


def purge_these(database: Database, ids: Sequence[str], tokens: Sequence[str]) -> Removed:
    """Remove these of what is in the trash: conversations by id, branches by token. What is not in it is left alone."""
    removed = _NOTHING
    none = select(trash.c.token).where(false())
    with database.write() as connection:
        for chunk in chunks(_lock(connection, database.owner, ids, conversations.c.deleted.is_not(None))):
            whole = select(conversations.c.id).where(conversations.c.id.in_(chunk))
            removed += _remove(connection, database, none, whole)
        for chunk in chunks(sorted(tokens)):
            branches = select(trash.c.token).where(trash.c.owner == database.owner, trash.c.token.in_(chunk))
            removed += _remove(connection, database, branches, select(conversations.c.id).where(false()))
    if removed:
        forget(database)
    return removed


def _remove(
    connection: Connection, database: Database, branches: Select[tuple[str]], whole: Select[tuple[str]]
) -> Removed:
    which = messages.c.trash.in_(branches) | messages.c.conversation.in_(whole)
    count = connection.execute(
        select(func.count()).select_from(messages).where(which, messages.c.continues.is_(False))
    ).scalar_one()
    since = _since(connection, which, conversations.c.id.in_(whole))
    take_out(connection, database, which)
    # The foreign keys take messages, drafts, leases and keys along; the ledger has none and stays.
    cut = connection.execute(remove(trash).where(trash.c.token.in_(branches))).rowcount
    gone = connection.execute(remove(conversations).where(conversations.c.id.in_(whole))).rowcount
    return Removed(conversations=gone, branches=cut, messages=count, since=since)


def _since(connection: Connection, which: ColumnElement[bool], whole: ColumnElement[bool]) -> datetime | None:
    its = whole | conversations.c.id.in_(select(messages.c.conversation).where(which))
    if connection.execute(select(conversations.c.id).where(its, conversations.c.source.is_not(None)).limit(1)).first():
        return datetime.min.replace(tzinfo=UTC)
    begun = (
        connection.execute(select(func.min(messages.c.created)).where(which)).scalar(),
        connection.execute(select(func.min(conversations.c.created)).where(whole)).scalar(),
    )
    return min((one for one in begun if one is not None), default=None)


def _skeleton(connection: Connection, conversation: str) -> Tree:
    query = select(
        messages.c.id, messages.c.parent, messages.c.role, messages.c.state, messages.c.continues, messages.c.empty
    ).where(messages.c.conversation == conversation, messages.c.trash.is_(None))
    return Tree([Leaf(**row._mapping) for row in connection.execute(query)])


def _below(tree: Tree, message: int) -> set[int]:
    found, open = set[int](), [message]
    while open:
        at = open.pop()
        found.add(at)
        open.extend(tree.children.get(at, ()))
    return found


def _after(tree: Tree, left: Tree, message: int) -> int | None:
    """Where to stand once `message` is gone: the nearest sibling's newest leaf, an older one first; else the parent."""
    beside = [other for other in tree.siblings(message) if other != message]
    older = [other for other in beside if other < message]
    if beside:
        return left.newest_below(older[-1] if older else beside[0])
    return tree.by_id[message].parent


def _stand_on(connection: Connection, conversation: str, head: int | None) -> None:
    connection.execute(update(conversations).where(conversations.c.id == conversation).values(head=head))
