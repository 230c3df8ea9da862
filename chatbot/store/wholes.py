"""Whole conversations: read for a copy of them, and added from one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from typing import Any, Literal

from sqlalchemy import Connection, Row, and_, bindparam, func, insert, or_, select, text, update

from chatbot.core.errors import NotFound
from chatbot.core.messages import LIVE
from chatbot.core.pricing import Cost
from chatbot.core.settings import Options
from chatbot.core.text import repair, storable
from chatbot.core.whole import GONE, Whole, WholeCall, WholeMessage, digest
from chatbot.store.budgets import About, creating, release
from chatbot.store.conversations import fresh_id
from chatbot.store.database import Database
from chatbot.store.find import chunks, conversation_row
from chatbot.store.index import leave_for_later
from chatbot.store.lease import Owner
from chatbot.store.rows import options_to_json
from chatbot.store.spent import count_in
from chatbot.store.tables import budgets, calls, conversations, messages, stars
from chatbot.store.tags import kept_tag, put_on
from chatbot.store.values import Added
from chatbot.store.wholes_read import (
    HERE,
    OF_CALL,
    OF_CONVERSATION,
    SAME_IN_BOTH,
    batches,
    conversation_rows,
    read_wholes,
)

_ELSEWHERE = Owner("imported", "-", 0, 0.0)
# Made once: to make a statement takes as long as to read with it, and a copy of everything reads hundreds of thousands.
_ADD, _BEGIN = insert(messages), insert(conversations)
_source = conversations.c.source == bindparam("source")
_born_here = and_(conversations.c.id == bindparam("id"), conversations.c.source.is_(None))
_OF_SOURCE, _BORNHERE = (
    select(conversations)
    .where(conversations.c.owner == bindparam("owner"), same)
    .order_by(conversations.c.deleted.is_not(None), conversations.c.id)  # one that is not in the trash goes first
    for same in (_source, or_(_source, _born_here))
)
_same_of = attrgetter(*SAME_IN_BOTH)


class Wholes:
    """What is deleted is no part of a copy; the calls that it cost are."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mine = conversations.c.owner == database.owner

    def ids(self) -> list[str]:
        """Every conversation, the oldest first."""
        query = select(conversations.c.id).where(self._mine, conversations.c.deleted.is_(None))
        with self._database.read() as connection:
            return list(connection.execute(query.order_by(conversations.c.created, conversations.c.id)).scalars())

    def count(self) -> int:
        """The messages of all of them, as a reader counts: a reply and what *Continue* added to it are one."""
        kept = and_(conversations.c.id == messages.c.conversation, self._mine, conversations.c.deleted.is_(None))
        query = select(func.count()).select_from(messages).join(conversations, kept)
        query = query.where(messages.c.trash.is_(None), messages.c.continues.is_(False))
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()

    def get(self, id: str, *, head: int | None = None) -> Whole:
        """The conversation as it is at this moment; NotFound. A reply that is being written has its words so far.

        `head`: the message on which it is to stand, where that is not its own.
        """
        with self._database.read() as connection:
            row = conversation_row(connection, self._database.owner, id)
            return read_wholes(connection, self._database.owner, [row], head=head)[0]

    def several(self, ids: Sequence[str], *, missing_ok: bool = False) -> Iterator[Whole]:
        """These conversations in this order, each as `get` gives it, with a few statements for many of them.

        No more than a thousand messages and two megabytes, or one long conversation, are held. NotFound for one that is not there,
        or it is left out.
        """
        owner = self._database.owner
        for chunk in chunks(ids):
            with self._database.read() as connection:
                together = batches(connection, self._database, chunk)
            for some in together:
                with self._database.read() as connection:
                    rows = conversation_rows(connection, owner, some)
                    wholes = read_wholes(connection, owner, rows)
                if len(rows) < len(some) and not missing_ok:
                    there = {row.id for row in rows}
                    raise NotFound(f"There is no conversation {next(id for id in some if id not in there)!r} any more.")
                yield from wholes

    def add(self, whole: Whole, options: Options | None = None) -> Added:
        """Add it under ids of this store, or leave everything as it is when it is there already.

        One that lies in the trash is taken back. Calls that the ledger knows are not counted twice.
        `options`: what it goes on with where it names no connection of its own.
        """
        return self.add_all([whole], options)[0]

    def add_all(self, wholes: Sequence[Whole], options: Options | None = None) -> list[Added]:
        """The same with several, all or none of them where the database is SQLite: half of the time of adding a short
        one is its commit. On PostgreSQL each has its own transaction, which waits for no other while it holds a lock.
        """
        if self._database.sqlite:
            with self._database.write() as connection:
                return [self._add(connection, whole, options or Options()) for whole in wholes]
        added = []
        for whole in wholes:
            with self._database.write() as connection:
                added.append(self._add(connection, whole, options or Options()))
        return added

    def there(self, sources: Iterable[str]) -> set[str]:
        """Those of these sources that are there already."""
        with self._database.read() as connection:
            return {source for source in sources if self._find(connection, source) is not None}

    def _add(self, connection: Connection, whole: Whole, options: Options) -> Added:
        found = self._find(connection, whole.source, lock=True)
        if found is None:
            return Added(id=self._insert(connection, whole, options), how="added")
        how: Literal["there", "back"] = "there"
        if found.deleted is not None:
            connection.execute(update(conversations).where(conversations.c.id == found.id).values(deleted=None))
            how = "back"
        here = read_wholes(connection, self._database.owner, [found])[0]
        if "connection" not in whole.options:
            here = replace(here, options=whole.options)
        return Added(id=found.id, how=how, same=digest(here) == digest(whole))

    def _find(self, connection: Connection, source: str, *, lock: bool = False) -> Row[Any] | None:
        if lock and not self._database.sqlite:  # two that add the same one at once: the second finds it
            key = f"{self._database.owner}\n{source}"
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key})
        one = {"owner": self._database.owner, "source": source}
        if not source.startswith(HERE):
            return connection.execute(_OF_SOURCE, one).first()
        return connection.execute(_BORNHERE, one | {"id": source.removeprefix(HERE)}).first()

    def _insert(self, connection: Connection, whole: Whole, options: Options) -> str:
        id, owner = fresh_id(), self._database.owner
        made = fresh_ids(connection, self._database, len(whole.messages))
        ids: dict[int | None, int | None] = {None: None, GONE: GONE, **dict(enumerate(made, start=1))}
        row = {name: getattr(whole, name) for name in OF_CONVERSATION}
        row |= {"id": id, "owner": owner, "source": repair(whole.source), "head": ids[whole.head]}
        row |= {"title": repair(whole.title), "tag": repair(whole.tag), "options": storable(_complete(whole, options))}
        connection.execute(_BEGIN, row)
        for name, colour in whole.tags:
            put_on(connection, self._database, [id], kept_tag(connection, self._database, name, colour).id)
        if made:
            rows = [
                self._message_row(id, message, ids, number) for number, message in enumerate(whole.messages, start=1)
            ]
            connection.execute(_ADD, rows)
            leave_for_later(connection, self._database, made[0], made[-1])
        starred = [
            {"message": new, "owner": owner, "conversation": id, "created": message.created}
            for new, message in zip(made, whole.messages, strict=True)
            if message.starred
        ]
        if starred:
            connection.execute(insert(stars), starred)
        self._insert_calls(connection, id, whole.calls, ids)
        return id

    def _message_row(
        self, conversation: str, message: WholeMessage, ids: Mapping[int | None, int | None], number: int
    ) -> dict[str, Any]:
        row = {
            name: repair(value) if isinstance(value, str) else value
            for name, value in zip(SAME_IN_BOTH, _same_of(message), strict=True)
        }
        if message.state in LIVE:
            row["state"] = "cut"  # nobody writes it here
        row["id"], row["owner"], row["conversation"] = ids[number], self._database.owner, conversation
        row["parent"] = ids[message.parent]
        row["empty"] = not message.text
        row["usage"] = storable(message.usage)
        row["notes"] = storable(message.notes) or None
        row["options"] = storable(message.options) or None
        row["sent"] = [ids[one] for one in message.sent] or None
        return row

    def _insert_calls(
        self,
        connection: Connection,
        id: str,
        added: tuple[WholeCall, ...],
        ids: Mapping[int | None, int | None],
    ) -> None:
        if not added:
            return
        creating(connection, self._database, alone=False)
        known = self._known(connection, added)
        alive = select(conversations.c.id).where(conversations.c.id == calls.c.conversation).exists()
        for call in added:
            if before := known.get(_same_call(call)):
                # The bill outlived the conversation; now it has one again. Where it still has one, it stays there.
                again = update(calls).where(calls.c.id == before, ~alive)
                connection.execute(again.values(conversation=id, reply=ids[call.reply]))
        new = [call for call in added if _same_call(call) not in known]
        if not new:
            return
        connection.execute(insert(calls), [self._call_row(id, call, ids) for call in new])
        costs = [Cost(nanodollars=call.nanodollars, source=call.cost_source) for call in new]
        count_in(connection, self._database, [(call.started, cost) for call, cost in zip(new, costs, strict=True)])
        if connection.execute(select(budgets.c.id).where(budgets.c.owner == self._database.owner)).first():
            for call, cost in zip(new, costs, strict=True):
                about = About(at=call.started, conversation=id, model=repair(call.model_asked))
                release(connection, self._database, GONE, about, cost.nanodollars or 0)  # nothing was held for it here

    def _call_row(self, id: str, call: WholeCall, ids: Mapping[int | None, int | None]) -> dict[str, Any]:
        row = {name: getattr(call, name) for name in OF_CALL}
        row = {name: repair(value) if isinstance(value, str) else value for name, value in row.items()}
        return row | {
            "owner": self._database.owner,
            "conversation": id,
            "reply": ids[call.reply],
            "process": _ELSEWHERE.text,
            "usage": storable(call.usage),
            "arithmetic": storable(call.arithmetic),
        }

    def _known(self, connection: Connection, added: tuple[WholeCall, ...]) -> dict[Any, int]:
        found: dict[Any, int] = {}
        for chunk in chunks(call.started for call in added):
            mine = and_(calls.c.owner == self._database.owner, calls.c.started.in_(chunk))
            columns = (calls.c.id, calls.c.started, calls.c.purpose, calls.c.base_url, calls.c.model_asked)
            found |= {_same_call(row): row.id for row in connection.execute(select(*columns).where(mine))}
        return found


def fresh_ids(connection: Connection, database: Database, count: int) -> list[int]:
    """Ids of messages that are about to be written in this transaction, in their order; nobody is given them again.

    That they are known before lets a message name those it hangs below: one statement for all, without asking back.
    """
    if database.sqlite:  # a writer is alone there, and what is written with an id moves the count on
        last = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = 'messages'")).scalar() or 0
        return list(range(last + 1, last + 1 + count))
    taken = text("SELECT nextval(pg_get_serial_sequence('messages', 'id')) FROM generate_series(1, :count)")
    return sorted(connection.execute(taken, {"count": count}).scalars())


def _complete(whole: Whole, options: Options) -> Mapping[str, Any]:
    return whole.options if "connection" in whole.options else {**options_to_json(options), **whole.options}


def _same_call(one: Any) -> tuple[Any, ...]:
    """What no two calls have in common: the microsecond in which it left, and where to."""
    return (one.started, one.purpose, one.base_url, one.model_asked)
