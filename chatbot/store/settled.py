"""Settled calls as plain rows, for who keeps them in columns: what is settled never changes, so it is read once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Text, cast, func, select

from chatbot.store.database import Database
from chatbot.store.find import chunks
from chatbot.store.tables import calls, conversations, messages

MOST_ROWS = 2_000  # read at once

prompt = (
    select(messages.c.options["system"].as_string())
    .where(
        messages.c.id == calls.c.reply,
        messages.c.owner == calls.c.owner,
        messages.c.trash.is_(None),
        conversations.c.id == messages.c.conversation,
        conversations.c.deleted.is_(None),
    )
    .correlate(calls)
    .scalar_subquery()
)
"""The system prompt that a call's reply was made with; NULL when the reply or its conversation is gone."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the ledger has come. Between two equal marks nothing was sent and nothing settled.

    `newest`: the highest id, 0 in an empty ledger; `out`: the calls whose requests are out.
    """

    newest: int = 0
    out: tuple[int, ...] = ()


class Settled(NamedTuple):
    """One settled call. `instead`: nano-dollars that the model it stood in for would have cost; `left_out`: tokens of older
    messages that were not sent, roughly. `arithmetic`: the stored JSON, unread; `prompt`: of its reply, None when that is gone."""

    id: int
    started: datetime
    conversation: str | None
    reply: int | None
    purpose: str
    connection: str
    base_url: str
    model_asked: str
    model_answered: str | None
    outcome: str
    tier: str | None
    source: str
    nanodollars: int | None
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    cache_write_tokens: int | None
    reasoning_tokens: int | None
    instead: int | None
    left_out: int | None
    arithmetic: str | None
    prompt: str | None


_COLUMNS = (
    calls.c.id,
    calls.c.started,
    calls.c.conversation,
    calls.c.reply,
    calls.c.purpose,
    calls.c.connection,
    calls.c.base_url,
    calls.c.model_asked,
    calls.c.model_answered,
    calls.c.outcome,
    calls.c.service_tier,
    calls.c.cost_source,
    calls.c.nanodollars,
    calls.c.input_tokens,
    calls.c.output_tokens,
    calls.c.cached_tokens,
    calls.c.cache_write_tokens,
    calls.c.reasoning_tokens,
    calls.c.instead_nanodollars,
    calls.c.left_out_tokens,
    cast(calls.c.arithmetic, Text),
    prompt,
)


def mark(database: Database) -> Mark:
    """Two look-ups in indexes, whatever the ledger's length."""
    newest = select(calls.c.id).where(_mine(database)).order_by(calls.c.id.desc()).limit(1)
    out = select(calls.c.id).where(calls.c.owner == database.owner, calls.c.outcome.is_(None)).order_by(calls.c.id)
    with database.read() as transaction:
        return Mark(transaction.execute(newest).scalar() or 0, tuple(transaction.execute(out).scalars()))


def page(database: Database, *, after: int, until: Mark) -> list[Settled]:
    """The next settled calls with ids above `after`, in order, of those that were settled at the mark `until`.

    At most MOST_ROWS; an empty list when there are no more.
    """
    out = frozenset(until.out)
    while after < until.newest:
        # A window of ids instead of a limit: with one, SQLite sorts the whole ledger for each page.
        last = min(after + MOST_ROWS, until.newest)
        query = _settled(database).where(calls.c.id > after, calls.c.id <= last)
        with database.read() as transaction:
            rows = [Settled._make(row) for row in transaction.execute(query.order_by(calls.c.id))]
        if kept := [row for row in rows if row.id not in out]:
            return kept
        after = last
    return []


def among(database: Database, ids: Iterable[int]) -> list[Settled]:
    """Those of these calls that are settled, in order."""
    found: list[Settled] = []
    with database.read() as transaction:
        for chunk in chunks(ids):
            query = _settled(database).where(calls.c.id.in_(chunk)).order_by(calls.c.id)
            found += [Settled._make(row) for row in transaction.execute(query)]
    return found


def _settled(database: Database) -> Select[Any]:
    return select(*_COLUMNS).where(_mine(database), calls.c.outcome.is_not(None))


def _mine(database: Database) -> ColumnElement[bool]:
    # The owner behind a function, or SQLite would rather read all that is the owner's than the few ids asked for.
    return func.coalesce(calls.c.owner, "") == database.owner
