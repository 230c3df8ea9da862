"""Ending what dead processes left behind, exactly once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, case, delete, select, update

from chatbot.core.endings import CLOSED, NOT_BEGUN
from chatbot.core.money import Usage
from chatbot.core.pricing import Cost, Price
from chatbot.store.database import Database
from chatbot.store.drafts import joined_draft
from chatbot.store.find import lock_conversation_of
from chatbot.store.index import take_in
from chatbot.store.lease import Owner, alive, read_owner
from chatbot.store.rows import now, usage_columns, usage_to_json
from chatbot.store.settling import settle
from chatbot.store.tables import calls, conversations, drafts, leases, messages
from chatbot.store.values import Recovered

Count = Callable[[str], int]
"""Tokens of a text, estimated."""

_LONGEST_CALL = timedelta(hours=1)
"""A call of a host that cannot be asked is over after this: twice what the longest may take."""


@dataclass(frozen=True, slots=True)
class Left:
    """A reply that nobody writes any more, and the lease that its process held."""

    reply: int
    conversation: str
    process: str
    until: float


def recover(database: Database, process: Owner, count: Count, price: Price) -> list[Recovered]:
    left = left_behind(database, process)
    recovered = [
        Recovered(conversation=one.conversation, reply=one.reply) for one in left if _cut(database, one, count, price)
    ]
    _settle_forsaken(database, count, price)
    return recovered


def left_behind(database: Database, process: Owner) -> list[Left]:
    query = (
        select(
            leases.c.reply, leases.c.conversation, leases.c.process, leases.c.until, (leases.c.until < database.clock())
        )
        .where(leases.c.owner == database.owner)
        .order_by(leases.c.reply)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    lives: dict[str, bool | None] = {process.text: True}
    found = []
    for reply, conversation, holder, until, over in rows:
        if holder not in lives:
            lives[holder] = alive(read_owner(holder))
        if over or lives[holder] is False:
            found.append(Left(reply, conversation, holder, until))
    return found


def _cut(database: Database, left: Left, count: Count, price: Price) -> bool:
    """True when this call ended it; false when its process came back or another recovery was quicker."""
    with database.read() as connection:
        text, reasoning = joined_draft(connection, database.owner, left.reply)
    output = count(text + reasoning)
    with database.write() as connection:
        lock_conversation_of(connection, database.owner, left.reply)
        # A draft extends the lease in its own transaction: with `until` unchanged, the draft read above is whole.
        taken = connection.execute(
            delete(leases).where(
                leases.c.reply == left.reply, leases.c.process == left.process, leases.c.until == left.until
            )
        )
        if taken.rowcount != 1:
            return False
        moment = now()
        usage = _settle(connection, database, left.reply, output, price)
        connection.execute(delete(drafts).where(drafts.c.reply == left.reply))
        connection.execute(
            update(messages)
            .where(messages.c.id == left.reply)
            .values(
                state="cut",
                empty=not text,
                text=text,
                reasoning=reasoning,
                finished=moment,
                usage=usage_to_json(usage),
                error=case((messages.c.state == "waiting", NOT_BEGUN), else_=CLOSED),
                error_kind="Crashed",
                way_out="continue" if text else "retry",
            )
        )
        take_in(connection, database, left.reply, text)
        connection.execute(update(conversations).where(conversations.c.id == left.conversation).values(answered=moment))
        return True


def _settle(connection: Connection, database: Database, reply: int, output: int, price: Price) -> Usage | None:
    """Settle the reply's open calls; gives what the last one used, as an estimate."""
    open = connection.execute(
        select(calls.c.id, calls.c.base_url, calls.c.model_asked, calls.c.started, calls.c.input_estimate)
        .where(calls.c.owner == database.owner, calls.c.reply == reply, calls.c.outcome.is_(None))
        .order_by(calls.c.id)
    ).all()
    usage = None
    for row in open:
        usage = Usage(input_tokens=row.input_estimate, output_tokens=output, estimated=True)
        _settle_one(connection, database, row.id, usage, _cost(row, usage, price))
    return usage


def _cost(row: Any, usage: Usage, price: Price) -> Cost:
    return price(row.base_url, (row.model_asked,), usage, tier=None, at=row.started)


def _settle_one(connection: Connection, database: Database, id: int, usage: Usage, cost: Cost) -> None:
    settle(connection, database, id, {"outcome": "uncertain", "error": "Crashed", **usage_columns(usage)}, cost)


def _settle_forsaken(database: Database, count: Count, price: Price) -> None:
    """Open calls that belong to no live reply (titles, temporary chats) and whose process is gone."""
    query = (
        select(
            calls.c.id,
            calls.c.process,
            calls.c.base_url,
            calls.c.model_asked,
            calls.c.started,
            calls.c.input_estimate,
        )
        .where(
            calls.c.owner == database.owner,
            calls.c.outcome.is_(None),
            ~select(leases.c.reply).where(leases.c.reply == calls.c.reply).exists(),
        )
        .order_by(calls.c.id)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    lives: dict[str, bool | None] = {}
    for row in rows:
        if row.process not in lives:
            lives[row.process] = alive(read_owner(row.process))
        if lives[row.process] is False or (lives[row.process] is None and now() - row.started > _LONGEST_CALL):
            usage = Usage(input_tokens=row.input_estimate, output_tokens=count(""), estimated=True)
            cost = _cost(row, usage, price)
            with database.write() as connection:
                _settle_one(connection, database, row.id, usage, cost)
