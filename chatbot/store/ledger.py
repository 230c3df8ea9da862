"""The ledger: one row per call, committed before its request leaves, settled exactly once."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from typing import Any

from sqlalchemy import Integer, Select, bindparam, func, select

from chatbot.core.bill import Bill, dollars
from chatbot.core.budgets import refusal
from chatbot.core.errors import OverBudget
from chatbot.core.events import CallFinished, Purpose
from chatbot.core.pricing import unknown
from chatbot.core.reconcile import Used
from chatbot.core.text import repair
from chatbot.store import by_day, settled, spending
from chatbot.store.budgets import About, Budgets, NoRoom, hold
from chatbot.store.database import Database, added
from chatbot.store.find import chunks
from chatbot.store.lease import Owner
from chatbot.store.rows import call_of, now, repaired, storable, usage_columns
from chatbot.store.settled import Mark, Settled
from chatbot.store.settling import settle
from chatbot.store.spending import By
from chatbot.store.tables import calls
from chatbot.store.values import Call

_LATELY = 2_000  # calls; what was before is no measure of what comes, and would take long to look through

# Made once, since every drawing of a chat asks it: to make a statement takes longer than to ask it.
_SETTLED = select(calls).where(calls.c.owner == bindparam("owner"), calls.c.outcome.is_not(None)).order_by(calls.c.id)
_OF_REPLIES = _SETTLED.where(calls.c.reply.in_(bindparam("replies", expanding=True)))
_BY_ID = _SETTLED.where(calls.c.id.in_(bindparam("ids", expanding=True)))


class Ledger:
    """Rows outlive the conversation they paid for; they hold no words and no provider's texts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.budgets = Budgets(database)

    def sent(
        self,
        *,
        conversation: str | None,
        reply: int | None,
        purpose: Purpose,
        connection: str,
        base_url: str,
        model: str,
        input_estimate: int,
        process: Owner,
        most: int = 0,
        instead_of: str | None = None,
    ) -> int:
        """Record that a request is about to leave; gives the call's id. It is committed when this returns.

        `most`: nano-dollars that it may cost, set aside in every budget that it concerns. OverBudget when one has no room
        for that; nothing is recorded then. `instead_of`: the chat's own model, where this one stands in for it.
        """
        started = now()
        row = {
            "owner": self._database.owner,
            "conversation": conversation,
            "reply": reply,
            "process": process.text,
            "purpose": purpose,
            "connection": repaired(connection),
            "base_url": repaired(base_url),
            "model_asked": repair(model),
            "input_estimate": input_estimate,
            "started": started,
            "held": most or None,
            "instead_of": repaired(instead_of),
        }
        about = About(at=started, conversation=conversation, model=repair(model))
        try:
            with self._database.write() as transaction:
                call = added(transaction, calls, row)
                if most:
                    hold(transaction, self._database, call, about, most)
                return call
        except NoRoom as full:
            # Where several have no room, the one that is furthest from it: to raise another would not help.
            found = self.budgets.standings(conversation=conversation, model=about.model, at=started)
            standing = min(found, key=lambda one: one.room, default=self.budgets.standing(full.budget, full.period))
            raise OverBudget(f"{refusal(standing)} It can cost up to {dollars(most)}.", standing) from None

    def settle(self, call: int, event: CallFinished, *, left_out: int = 0) -> bool:
        """Record how the call ended. False, and nothing changed, when it had been settled before.

        `left_out`: tokens of older messages that were not sent, roughly.
        """
        row = {
            "outcome": event.outcome,
            "model_answered": repaired(event.model),
            "status": event.status,
            "error": repaired(event.error),
            "first_token": event.first_token,
            "duration": event.duration,
            "service_tier": repaired(event.service_tier),
            "instead_nanodollars": event.instead.nanodollars if event.instead else None,
            "left_out_tokens": left_out or None,
        }
        if event.usage is not None:
            row |= {**usage_columns(event.usage), "usage": storable(event.usage.raw)}
        with self._database.write() as transaction:
            return settle(transaction, self._database, call, row, event.cost or unknown(""))

    def bills(self, replies: Iterable[int]) -> dict[int, list[Call]]:
        """The settled calls of these replies, in the order in which they were made."""
        found: dict[int, list[Call]] = {}
        with self._database.read() as transaction:
            for chunk in chunks(replies):
                for row in transaction.execute(_OF_REPLIES, {"owner": self._database.owner, "replies": chunk}):
                    found.setdefault(row.reply, []).append(call_of(row))
        return found

    def settled_calls(self, ids: Iterable[int]) -> list[Call]:
        """Those of these calls that are settled, in order."""
        found: list[Call] = []
        with self._database.read() as transaction:
            for chunk in chunks(ids):
                rows = transaction.execute(_BY_ID, {"owner": self._database.owner, "ids": chunk})
                found += [call_of(row) for row in rows]
        return found

    def total(
        self,
        *,
        conversation: str | None = None,
        replies: Sequence[int] | None = None,
        since: datetime | None = None,
    ) -> Bill:
        """What the settled calls came to: all, those of one conversation or of some replies, those that began at `since`
        or later.
        """
        with self._database.read() as transaction:
            if replies is not None:
                return spending.of_replies(transaction, self._database.owner, replies)
            return spending.total(transaction, self._database.owner, conversation=conversation, since=since)

    def totals(
        self, conversation: str | None, replies: Sequence[int], *since: datetime
    ) -> tuple[Bill, Bill, tuple[Bill, ...]]:
        """Those of one conversation, those of some replies, and those since each of these moments, all of one moment."""
        owner = self._database.owner
        with self._database.read() as transaction:
            chat = branch = Bill()
            if conversation is not None:
                chat = spending.total(transaction, owner, conversation=conversation, since=None)
            if replies:
                branch = spending.of_replies(transaction, owner, replies)
            times = (spending.total(transaction, owner, conversation=None, since=moment) for moment in since)
            return chat, branch, tuple(times)

    def open_call(self, reply: int) -> Call | None:
        """The call that is being made for a reply just now."""
        query = select(calls).where(
            calls.c.owner == self._database.owner, calls.c.reply == reply, calls.c.outcome.is_(None)
        )
        with self._database.read() as transaction:
            row = transaction.execute(query.order_by(calls.c.id.desc()).limit(1)).first()
        return None if row is None else call_of(row)

    def spend(self, by: By, *, zone: tzinfo | None = UTC, since: datetime | None = None) -> dict[str, Bill]:
        """The same by the day on which the calls began in `zone`, in order (None: this machine's zone); or by a name, the
        dearest first.
        """
        return spending.spend(self._database, by, zone=zone, since=since)

    def by_conversation(self, *, since: datetime | None = None) -> list[tuple[str | None, str, Bill]]:
        """The same by conversation: its id and its title. Without an id are what belongs to none and, together, what belongs
        to those that were deleted.
        """
        return spending.by_conversation(self._database, since)

    def last_input(self, conversation: str | None, base_url: str, model: str) -> tuple[int, int] | None:
        """What the server counted as the input of the newest call to a model, and what had been estimated for it.

        Of this conversation, else of any lately; None when it never said.
        """
        counted = (calls.c.input_tokens, calls.c.input_estimate)
        rows = self._latest(conversation, base_url, model, counted, 1)
        return (int(rows[0][0]), int(rows[0][1])) if rows else None

    def last_cached(self, conversation: str, base_url: str, model: str) -> tuple[int, datetime | None]:
        """Tokens that the newest call of a conversation read from the vendor's cache, and when it ended."""
        columns = (calls.c.cached_tokens, calls.c.finished, calls.c.conversation)
        rows = self._latest(conversation, base_url, model, columns, 1)
        if not rows or rows[0].conversation != conversation:
            return 0, None
        return int(rows[0].cached_tokens), rows[0].finished

    def outputs(self, conversation: str | None, base_url: str, model: str) -> list[int]:
        """How long the newest replies of a model were, in tokens: of this conversation, else of any lately."""
        return [
            int(row[0]) for row in self._latest(conversation, base_url, model, (calls.c.output_tokens,), 50, least=3)
        ]

    def _latest(
        self, conversation: str | None, base_url: str, model: str, columns: Sequence[Any], most: int, *, least: int = 1
    ) -> Sequence[Any]:
        """Of whole replies with the server's own usage, newest first; of any conversation where one has fewer than `least`."""
        asked = {"owner": self._database.owner, "base_url": repair(base_url), "model": repair(model), "most": most}
        names = tuple(column.name for column in columns)
        with self._database.read() as transaction:
            found: Sequence[Any] = ()
            if conversation is not None:
                found = transaction.execute(_newest(names, here=True), {**asked, "conversation": conversation}).all()
            if len(found) < least:
                found = transaction.execute(_newest(names, here=False), asked).all()
            return found

    def used(self, first: date, last: date, *, base_urls: Collection[str], connection: str | None = None) -> list[Used]:
        """Tokens and money by day and model from the first day to the last, in UTC, of the calls to these base URLs."""
        return by_day.used(self._database, first, last, base_urls=base_urls, connection=connection)

    def addresses(self) -> list[tuple[str, str]]:
        """Every connection's name with every base URL that it was called at."""
        return by_day.addresses(self._database)

    def mark(self) -> Mark:
        """How far the ledger has come; cheap enough to be asked every other second."""
        return settled.mark(self._database)

    def settled(self, *, after: int, until: Mark) -> list[Settled]:
        """The next some thousand calls with ids above `after` that were settled at the mark; empty at the end."""
        return settled.page(self._database, after=after, until=until)

    def settled_among(self, ids: Iterable[int]) -> list[Settled]:
        """Those of these calls that are settled."""
        return settled.among(self._database, ids)

    def calls(self, *, conversation: str | None = None, reply: int | None = None) -> list[Call]:
        """Calls in the order in which they were made: all of them, or those of one conversation or reply."""
        query = select(calls).where(calls.c.owner == self._database.owner).order_by(calls.c.id)
        if conversation is not None:
            query = query.where(calls.c.conversation == conversation)
        if reply is not None:
            query = query.where(calls.c.reply == reply)
        with self._database.read() as transaction:
            return [call_of(row) for row in transaction.execute(query)]


@cache
def _newest(columns: tuple[str, ...], *, here: bool) -> Select[Any]:
    """Made once, too. `here`: of one conversation; else of any lately."""
    lately = calls.c.id > select(func.max(calls.c.id) - _LATELY).scalar_subquery()
    return (
        select(*(calls.c[name] for name in columns))
        .where(
            calls.c.owner == bindparam("owner"),
            calls.c.outcome == "answered",
            calls.c.purpose == "reply",
            calls.c.base_url == bindparam("base_url"),
            calls.c.model_asked == bindparam("model"),
            calls.c.estimated.is_(False),
            *(calls.c[name].is_not(None) for name in columns),
            calls.c.conversation == bindparam("conversation") if here else lately,
        )
        .order_by(calls.c.id.desc())
        .limit(bindparam("most", type_=Integer))
    )
