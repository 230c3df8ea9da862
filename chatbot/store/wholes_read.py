"""Whole conversations out of the tables, several with the same few statements: most of a copy's time went to asking."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, LargeBinary, Row, bindparam, cast, func, select

from chatbot.core.messages import LIVE
from chatbot.core.whole import GONE, Whole, WholeCall, WholeMessage
from chatbot.store.database import Database
from chatbot.store.drafts import joined_draft
from chatbot.store.tables import calls, conversations, messages, stars
from chatbot.store.tags import tags_of

HERE = "bytebot:"  # before the id of a conversation that began in a store of ours
_NOT_SAME = ("parent", "starred", "notes", "options", "sent")  # the last of a message's fields
SAME_IN_BOTH = WholeMessage._fields[: -len(_NOT_SAME)]
_STATE, _TEXT, _REASONING = map(SAME_IN_BOTH.index, ("state", "text", "reasoning"))
OF_CALL = tuple(name for name in WholeCall.__dataclass_fields__ if name != "reply")
OF_CONVERSATION = ("title", "title_by", "tag", "pinned", "archived", "created", "updated")
_MESSAGES_AT_ONCE, _BYTES_AT_ONCE = 1_000, 2_000_000  # a longer conversation is read by itself

# Made once: to make a statement takes as long as to read with it.
_ids: BindParameter[str] = bindparam("ids", expanding=True)
_CONVERSATIONS = select(conversations).where(
    conversations.c.owner == bindparam("owner"), conversations.c.id.in_(_ids), conversations.c.deleted.is_(None)
)
_its_own = (messages.c.owner == bindparam("owner"), messages.c.conversation.in_(_ids), messages.c.trash.is_(None))
# Of a BLOB SQLite knows the length without reading it; it counts the characters of a text one by one.
_ON_SQLITE = tuple(func.length(cast(messages.c[name], LargeBinary)) for name in ("text", "reasoning"))
_ON_POSTGRESQL = tuple(func.octet_length(messages.c[name]) for name in ("text", "reasoning"))
_SIZES, _SIZES_ON_POSTGRESQL = (
    select(messages.c.conversation, func.count(), func.sum(text + reasoning))
    .where(*_its_own)
    .group_by(messages.c.conversation)
    for text, reasoning in (_ON_SQLITE, _ON_POSTGRESQL)
)
_MESSAGES = (
    select(
        *(messages.c[name] for name in SAME_IN_BOTH),
        *(messages.c[name] for name in ("conversation", "id", "parent", "notes", "options", "sent")),
    )
    .where(*_its_own)
    .order_by(messages.c.conversation, messages.c.id)
)
_STARRED = select(stars.c.message).where(stars.c.conversation.in_(_ids))
_BILLS = (
    select(calls.c.conversation, calls.c.reply, *(calls.c[name] for name in OF_CALL))
    .where(calls.c.owner == bindparam("owner"), calls.c.conversation.in_(_ids), calls.c.outcome.is_not(None))
    .order_by(calls.c.started, calls.c.id)
)


def batches(connection: Connection, database: Database, ids: Sequence[str]) -> list[list[str]]:
    """These ids in their order, as many at a time as can be read together: those of a thousand messages, and of two
    megabytes.
    """
    query = _SIZES if database.sqlite else _SIZES_ON_POSTGRESQL
    asked = {"owner": database.owner, "ids": ids}
    sizes = {id: (count, int(size)) for id, count, size in connection.execute(query, asked)}
    found: list[list[str]] = []
    said = size = 0
    for id in ids:
        more, larger = sizes.get(id, (0, 0))
        if not found or said + more > _MESSAGES_AT_ONCE or size + larger > _BYTES_AT_ONCE:
            found.append([])
            said = size = 0
        found[-1].append(id)
        said, size = said + more, size + larger
    return found


def conversation_rows(connection: Connection, owner: str, ids: Sequence[str]) -> list[Row[Any]]:
    """The rows of those that are there, in this order."""
    rows = {row.id: row for row in connection.execute(_CONVERSATIONS, {"owner": owner, "ids": ids})}
    return [rows[id] for id in ids if id in rows]


def read_wholes(
    connection: Connection, owner: str, rows: Sequence[Row[Any]], *, head: int | None = None
) -> list[Whole]:
    """The conversations of these rows, in their order. `head`: the message on which they are to stand instead."""
    ids = [row.id for row in rows]
    asked = {"owner": owner, "ids": ids}
    said = _by_conversation(connection.execute(_MESSAGES, asked).all())
    bills = _by_conversation(connection.execute(_BILLS, asked).all())
    starred = set(connection.execute(_STARRED, asked).scalars())
    tags: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for id, tag in tags_of(connection, owner, ids):
        tags[id].append((tag.name, tag.colour))

    def draft(reply: int) -> tuple[str, str]:
        return joined_draft(connection, owner, reply)

    found = []
    for row in rows:
        numbers: dict[int | None, int | None] = {one.id: number for number, one in enumerate(said[row.id], start=1)}
        numbers[None] = None
        whole = Whole(
            source=row.source or f"{HERE}{row.id}",
            **{name: getattr(row, name) for name in OF_CONVERSATION},
            tags=tuple(tags[row.id]),
            options=row.options or {},
            head=numbers.get(head) or numbers.get(row.head),
            messages=tuple(_message(one, numbers, one.id in starred, draft) for one in said[row.id]),
            calls=tuple(
                WholeCall(reply=numbers.get(bill.reply, GONE), **{name: getattr(bill, name) for name in OF_CALL})
                for bill in bills[row.id]
            ),
        )
        found.append(whole)
    return found


def _by_conversation(rows: Iterable[Row[Any]]) -> defaultdict[str, list[Row[Any]]]:
    found: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.conversation].append(row)
    return found


def _message(
    row: Sequence[Any], numbers: Mapping[int | None, int | None], starred: bool, draft: Callable[[int], tuple[str, str]]
) -> WholeMessage:
    *same, _, id, parent, notes, options, sent = row
    if same[_STATE] in LIVE:
        same[_TEXT], same[_REASONING] = draft(id)
    return WholeMessage._make(
        (
            *same,
            numbers[parent],
            starred,
            tuple(notes or ()),
            options or {},
            tuple(numbers.get(one, GONE) for one in sent) if sent else (),
        )
    )
