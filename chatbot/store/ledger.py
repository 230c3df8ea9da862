"""The ledger: one row per call, committed before its request leaves, settled exactly once."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from sqlalchemy import select, update

from chatbot.core.bill import Bill
from chatbot.core.events import CallFinished, Purpose
from chatbot.store import settled, spending
from chatbot.store.database import Database, added
from chatbot.store.find import chunks
from chatbot.store.lease import Owner
from chatbot.store.rows import call_of, cost_columns, now, repaired, storable, usage_columns
from chatbot.store.settled import Mark, Settled
from chatbot.store.spending import By
from chatbot.store.tables import calls
from chatbot.store.values import Call


class Ledger:
    """Rows outlive the conversation they paid for; they hold no words and no provider's texts."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
    ) -> int:
        """Record that a request is about to leave; gives the call's id. It is committed when this returns."""
        row = {
            "owner": self._database.owner,
            "conversation": conversation,
            "reply": reply,
            "process": process.text,
            "purpose": purpose,
            "connection": repaired(connection),
            "base_url": repaired(base_url),
            "model_asked": repaired(model),
            "input_estimate": input_estimate,
            "started": now(),
        }
        with self._database.write() as transaction:
            return added(transaction, calls, row)

    def settle(self, call: int, event: CallFinished) -> bool:
        """Record how the call ended. False, and nothing changed, when it had been settled before."""
        row = {
            "outcome": event.outcome,
            "model_answered": repaired(event.model),
            "finished": now(),
            "status": event.status,
            "error": repaired(event.error),
            "first_token": event.first_token,
            "duration": event.duration,
            "service_tier": repaired(event.service_tier),
        }
        if event.usage is not None:
            row |= {**usage_columns(event.usage), "usage": storable(event.usage.raw)}
        if event.cost is not None:
            row |= cost_columns(event.cost)
        with self._database.write() as transaction:
            settled = transaction.execute(
                update(calls)
                .where(calls.c.owner == self._database.owner, calls.c.id == call, calls.c.outcome.is_(None))
                .values(row)
            )
            return settled.rowcount == 1

    def bills(self, replies: Iterable[int]) -> dict[int, list[Call]]:
        """The settled calls of these replies, in the order in which they were made."""
        found: dict[int, list[Call]] = {}
        with self._database.read() as transaction:
            for chunk in chunks(replies):
                query = select(calls).where(
                    calls.c.owner == self._database.owner, calls.c.reply.in_(chunk), calls.c.outcome.is_not(None)
                )
                for row in transaction.execute(query.order_by(calls.c.id)):
                    found.setdefault(row.reply, []).append(call_of(row))
        return found

    def total(self, *, conversation: str | None = None, since: datetime | None = None) -> Bill:
        """What the settled calls came to: all, those of one conversation, those that began at `since` or later."""
        return spending.total(self._database, conversation=conversation, since=since)

    def spend(self, by: By, *, zone: tzinfo | None = UTC, since: datetime | None = None) -> dict[str, Bill]:
        """The same by the day on which the calls began in `zone`, in order (None: this machine's zone); or by a name, the
        dearest first.
        """
        return spending.spend(self._database, by, zone=zone, since=since)

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
