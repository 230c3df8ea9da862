"""Sums over the ledger, added up by the database: a year of calls is never read row by row."""

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    select,
)

from chatbot.core.bill import Bill
from chatbot.core.prompt_names import NAMING, UNKNOWN_PROMPT, prompt_names
from chatbot.store.database import Database
from chatbot.store.find import chunks
from chatbot.store.settled import prompt
from chatbot.store.spent import between, whole_quarters
from chatbot.store.tables import calls, conversations

By = Literal["day", "model", "purpose", "connection", "prompt"]

DELETED, NONE = "deleted conversation", "no conversation"
RETRY = "retry"
AGAIN = ("refused", "uncertain")
"""Outcomes after which a call is made again; what then follows for the same reply is a retry."""
_before = calls.alias("before")
_purpose = case(
    (
        exists().where(
            _before.c.owner == calls.c.owner,
            _before.c.reply == calls.c.reply,
            _before.c.id < calls.c.id,
            _before.c.outcome.in_(AGAIN),
        ),
        RETRY,
    ),
    else_=calls.c.purpose,
)
_COLUMNS = {
    "model": func.coalesce(calls.c.model_answered, calls.c.model_asked),
    "purpose": _purpose,
    "connection": calls.c.connection,
}
_COUNTED = ("estimated", "local", "unknown")
_QUARTER = 900  # seconds; every zone's midnight stands at the beginning of one


def total(transaction: Connection, owner: str, *, conversation: str | None, since: datetime | None) -> Bill:
    if conversation is None and whole_quarters(since):
        return between(transaction, owner, since)
    if conversation is not None and since is None:
        return _bill(transaction.execute(_OF_CONVERSATION, {"mine": owner, "one": conversation}).one())
    query = _settled_of(owner, since)
    if conversation is not None:
        query = query.where(calls.c.conversation == conversation)
    return _bill(transaction.execute(query).one())


def of_replies(transaction: Connection, owner: str, replies: Sequence[int]) -> Bill:
    found = Bill()
    for chunk in chunks(replies):
        found += _bill(transaction.execute(_settled_of(owner, None).where(calls.c.reply.in_(chunk))).one())
    return found


def of_conversations(connection: Connection, owner: str, ids: Sequence[str]) -> dict[str, Bill]:
    """Of each of these; those that cost nothing are left out."""
    query = _settled_of(owner, None, calls.c.conversation).where(calls.c.conversation.in_(ids))
    return {row[0]: _bill(row) for row in connection.execute(query.group_by(calls.c.conversation))}


def spend(database: Database, by: By, *, zone: tzinfo | None = UTC, since: datetime | None = None) -> dict[str, Bill]:
    """What the settled calls came to, by the day on which they began in `zone` (None: this machine's), or by a name; days
    in order, else the dearest first.
    """
    if by == "day":
        return _by_day(database, zone, since)
    if by == "prompt":
        return _by_prompt(database, since)
    with database.read() as transaction:
        rows = transaction.execute(_settled(database, since, _COLUMNS[by].label("name")).group_by("name")).all()
    return {str(row[0]): _bill(row) for row in _dearest_first(rows)}


def by_conversation(database: Database, since: datetime | None) -> list[tuple[str | None, str, Bill]]:
    kept = and_(conversations.c.id == calls.c.conversation, conversations.c.deleted.is_(None))
    names = (calls.c.conversation, conversations.c.title)
    query = _settled(database, since, *names).select_from(calls.outerjoin(conversations, kept)).group_by(*names)
    with database.read() as transaction:
        rows = transaction.execute(query).all()
    found: dict[tuple[str | None, str], Bill] = {}
    for row in _dearest_first(rows):
        id, title = row[0], row[1]
        one = (id, title) if title is not None else (None, NONE if id is None else DELETED)
        found[one] = found.get(one, Bill()) + _bill(row)
    return sorted(((*one, bill) for one, bill in found.items()), key=lambda row: -row[2].nanodollars)


def _by_prompt(database: Database, since: datetime | None) -> dict[str, Bill]:
    naming = and_(calls.c.reply.is_(None), calls.c.purpose == "title")
    names = (prompt.label("prompt"), case((naming, 1), else_=0).label("naming"))
    query = _settled(database, since, *names).group_by("prompt", "naming")
    with database.read() as transaction:
        rows = _dearest_first(transaction.execute(query).all())
    called = prompt_names(row[0] for row in rows if row[0] is not None)
    found: dict[str, Bill] = {}
    for row in rows:
        name = called[row[0]] if row[0] is not None else NAMING if row[1] else UNKNOWN_PROMPT
        found[name] = found.get(name, Bill()) + _bill(row)
    return found


def _dearest_first(rows: Sequence[Any]) -> list[Any]:
    return sorted(rows, key=lambda row: (-int(row[-5]), str(row[0])))


def _by_day(database: Database, zone: tzinfo | None, since: datetime | None) -> dict[str, Bill]:
    # SQLite rounds to milliseconds, and the last moment of a day into the next: so only whole seconds are given to it.
    seconds = database.whole_seconds(calls.c.started)
    quarter = (seconds // _QUARTER).label("quarter")
    query = _settled(database, since, quarter).group_by("quarter").order_by("quarter")
    found: dict[str, Bill] = {}
    with database.read() as transaction:
        for row in transaction.execute(query):
            day = f"{datetime.fromtimestamp(int(row[0]) * _QUARTER, zone):%Y-%m-%d}"
            found[day] = found.get(day, Bill()) + _bill(row)
    return found


def _settled(database: Database, since: datetime | None, *names: ColumnElement[Any]) -> Select[Any]:
    return _settled_of(database.owner, since, *names)


def _settled_of(owner: Any, since: datetime | None, *names: ColumnElement[Any]) -> Select[Any]:
    source = calls.c.cost_source
    query = select(
        *names,
        func.coalesce(func.sum(calls.c.nanodollars), 0),
        func.count(),
        *(func.coalesce(func.sum(case((source == name, 1), else_=0)), 0) for name in _COUNTED),
    ).where(calls.c.owner == owner, calls.c.outcome.is_not(None), source != "free")
    return query if since is None else query.where(calls.c.started >= since)


def _bill(row: Any) -> Bill:
    nanodollars, count, estimated, local, unpriced = map(int, row[-5:])
    return Bill(nanodollars=nanodollars, calls=count, estimated=estimated, local=local, unpriced=unpriced)


# Made once: see `spent`.
_OF_CONVERSATION = _settled_of(bindparam("mine"), None).where(calls.c.conversation == bindparam("one"))
