"""Budgets: limits, and counters that hold them whoever calls at the same time.

A call sets aside what it may cost at most in the transaction that records it, and gives the rest back in the one that
settles it. Transactions lock in this order: `creating`, the rows of `spent`, the counters by id.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, text, update

from chatbot.core.budgets import Budget, Kind, Standing
from chatbot.core.errors import NotFound
from chatbot.store.database import Database, added
from chatbot.store.rows import now, repaired
from chatbot.store.spent import between, whole_quarters
from chatbot.store.tables import budgets, calls, counters, holds, limits

_ALL = select(budgets).where(budgets.c.owner == bindparam("owner")).order_by(budgets.c.id)
_CREATING = 0x62756467  # any number, as long as every ByteBot takes the same


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a budget asks of a call."""

    at: datetime
    conversation: str | None
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A limit that was set. Nano-dollars; `before` None: there was none; `after` None: it was taken away."""

    moment: datetime
    kind: Kind
    subject: str
    before: int | None
    after: int | None


class NoRoom(Exception):
    """Undoes the transaction that would have passed a limit."""

    def __init__(self, budget: Budget, period: str) -> None:
        super().__init__()
        self.budget, self.period = budget, period


class Budgets:
    """The limits of one owner."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Budget]:
        """Every budget, in the order in which they were made."""
        with self._database.read() as connection:
            return _all(connection, self._database.owner)

    def set(self, kind: Kind, limit: int, *, subject: str = "", zone: str = "UTC") -> Budget:
        """Make the budget or give it another limit, in nano-dollars; a line of the log says so.

        `zone` is that of its days and months. Of a budget that is there already the zone stays: its counters are of it.
        """
        owner, subject = self._database.owner, repaired(subject) or ""
        with self._database.write() as connection:
            known = next((one for one in _all(connection, owner) if (one.kind, one.subject) == (kind, subject)), None)
            if known is None:
                row = {"owner": owner, "kind": kind, "subject": subject, "nanodollars": limit, "zone": zone}
                id = added(connection, budgets, row)
            else:
                id, zone = known.id, known.zone
                connection.execute(update(budgets).where(budgets.c.id == id).values(nanodollars=limit))
            _log(connection, owner, kind, subject, before=known.limit if known else None, after=limit)
        return Budget(id=id, kind=kind, limit=limit, subject=subject, zone=zone)

    def remove(self, budget: int) -> None:
        """Take a limit away, its counters with it; NotFound when there is none."""
        owner = self._database.owner
        with self._database.write() as connection:
            known = next((one for one in _all(connection, owner) if one.id == budget), None)
            if known is None:
                raise NotFound(f"There is no limit {budget!r} any more.")
            # The counters first, as a call that is settled does: its holds go with them.
            connection.execute(delete(counters).where(counters.c.budget == budget))
            connection.execute(delete(budgets).where(budgets.c.id == budget))
            _log(connection, owner, known.kind, known.subject, before=known.limit, after=None)

    def changes(self) -> list[Change]:
        """Every limit that was set, the newest first."""
        query = select(limits).where(limits.c.owner == self._database.owner).order_by(limits.c.id.desc())
        with self._database.read() as connection:
            return [
                Change(moment=row.moment, kind=row.kind, subject=row.subject, before=row.before, after=row.after)
                for row in connection.execute(query)
            ]

    def standings(self, *, conversation: str | None, model: str, at: datetime | None = None) -> list[Standing]:
        """Where those budgets stand that a call would concern now, in the order in which they were made."""
        about = About(at=at or now(), conversation=conversation, model=model)
        with self._database.read() as connection:
            return [
                _standing(connection, self._database.owner, budget, period)
                for budget, period in concerned(connection, self._database.owner, about)
            ]

    def standing(self, budget: Budget, period: str) -> Standing:
        """Where a budget stands in one of its periods."""
        with self._database.read() as connection:
            return _standing(connection, self._database.owner, budget, period)

    def recounted(self) -> list[tuple[Standing, Standing]]:
        """Every counter beside what the ledger and the open calls say that it should be."""
        owner = self._database.owner
        with self._database.read() as connection:
            known = {budget.id: budget for budget in _all(connection, owner)}
            rows = connection.execute(select(counters).where(counters.c.owner == owner).order_by(counters.c.id)).all()
            found = []
            for row in rows:
                budget = known[row.budget]
                held = connection.execute(
                    select(func.coalesce(func.sum(holds.c.nanodollars), 0)).where(holds.c.counter == row.id)
                ).scalar_one()
                spent = _spent(connection, owner, budget, row.period)
                found.append(
                    (
                        Standing(budget=budget, period=row.period, spent=row.spent, held=row.held),
                        Standing(budget=budget, period=row.period, spent=spent, held=int(held)),
                    )
                )
            return found


def concerned(connection: Connection, owner: str, about: About) -> list[tuple[Budget, str]]:
    """The budgets that a call concerns, each with the period that it counts in."""
    found = []
    for budget in _all(connection, owner):
        period = budget.period(about.at, conversation=about.conversation, model=about.model)
        if period is not None:
            found.append((budget, period))
    return found


def hold(connection: Connection, database: Database, call: int, about: About, most: int) -> None:
    """Set `most` nano-dollars aside for an open call in every budget that it concerns; NoRoom when one has not so much."""
    asked = concerned(connection, database.owner, about)
    if not asked:
        return
    found = _counters(connection, asked)
    if len(found) < len(asked):
        _create(connection, database, [one for one in asked if (one[0].id, one[1]) not in found])
        found = _counters(connection, asked)
    limited = {found[budget.id, period]: (budget, period) for budget, period in asked}
    for counter in sorted(limited):
        budget, period = limited[counter]
        room = counters.c.spent + counters.c.held + most <= budget.limit
        held = connection.execute(
            update(counters).where(counters.c.id == counter, room).values(held=counters.c.held + most)
        )
        if held.rowcount != 1:
            raise NoRoom(budget, period)
    connection.execute(insert(holds), [{"call": call, "counter": counter, "nanodollars": most} for counter in limited])


def release(connection: Connection, database: Database, call: int, about: About, cost: int) -> None:
    """Give back what was set aside for a call, and count in what it cost: in the transaction that settles it.

    `creating` has been taken by the caller.
    """
    held = {
        row.counter: int(row.nanodollars)
        for row in connection.execute(select(holds.c.counter, holds.c.nanodollars).where(holds.c.call == call))
    }
    asked = concerned(connection, database.owner, about)
    if not held and not asked:
        return
    counting = set(_counters(connection, asked).values())
    for counter in sorted(counting | set(held)):
        connection.execute(
            update(counters)
            .where(counters.c.id == counter)
            .values(
                held=counters.c.held - held.get(counter, 0),
                spent=counters.c.spent + (cost if counter in counting else 0),
            )
        )
    if held:
        connection.execute(delete(holds).where(holds.c.call == call))


def creating(connection: Connection, database: Database, *, alone: bool) -> None:
    """Taken by who makes a counter (`alone`) and, shared, by who settles a call: no call can slip in between the sum that
    a counter begins with and the counter. On SQLite nobody else writes meanwhile.
    """
    if not database.sqlite:
        how = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
        connection.execute(text(f"SELECT {how}(:key)"), {"key": _CREATING})


def _all(connection: Connection, owner: str) -> list[Budget]:
    rows = connection.execute(_ALL, {"owner": owner})
    return [Budget(id=row.id, kind=row.kind, limit=row.nanodollars, subject=row.subject, zone=row.zone) for row in rows]


def _counters(connection: Connection, asked: Iterable[tuple[Budget, str]]) -> dict[tuple[int, str], int]:
    """The counters that are there, by budget and period."""
    wanted = {(budget.id, period) for budget, period in asked}
    rows = connection.execute(
        select(counters.c.id, counters.c.budget, counters.c.period).where(
            counters.c.budget.in_({budget for budget, _ in wanted}), counters.c.period.in_({one for _, one in wanted})
        )
    )
    return {(row.budget, row.period): row.id for row in rows if (row.budget, row.period) in wanted}


def _create(connection: Connection, database: Database, missing: Iterable[tuple[Budget, str]]) -> None:
    creating(connection, database, alone=True)
    for budget, period in missing:
        row = {
            "owner": database.owner,
            "budget": budget.id,
            "period": period,
            "spent": _spent(connection, database.owner, budget, period),
            "held": 0,
        }
        connection.execute(database.insert(counters).values(row).on_conflict_do_nothing())


def _standing(connection: Connection, owner: str, budget: Budget, period: str) -> Standing:
    row = connection.execute(
        select(counters.c.spent, counters.c.held).where(counters.c.budget == budget.id, counters.c.period == period)
    ).first()
    if row is None:
        return Standing(budget=budget, period=period, spent=_spent(connection, owner, budget, period))
    return Standing(budget=budget, period=period, spent=row.spent, held=row.held)


def _spent(connection: Connection, owner: str, budget: Budget, period: str) -> int:
    """Nano-dollars of the settled calls that a budget counts in a period, added up anew."""
    if budget.kind == "conversation":
        return _sum(connection, owner, calls.c.conversation == period)
    since, until = budget.bounds(period)
    if budget.kind != "model" and whole_quarters(since, until):
        return between(connection, owner, since, until).nanodollars
    within = (calls.c.started >= since, calls.c.started < until)
    if budget.kind != "model":
        return _sum(connection, owner, *within)
    rows = connection.execute(
        select(calls.c.model_asked, func.coalesce(func.sum(calls.c.nanodollars), 0))
        .where(calls.c.owner == owner, calls.c.outcome.is_not(None), *within)
        .group_by(calls.c.model_asked)
    )
    return sum(int(spent) for model, spent in rows if fnmatchcase(model.casefold(), budget.subject.casefold()))


def _sum(connection: Connection, owner: str, *conditions: Any) -> int:
    query = select(func.coalesce(func.sum(calls.c.nanodollars), 0))
    return int(
        connection.execute(query.where(calls.c.owner == owner, calls.c.outcome.is_not(None), *conditions)).scalar_one()
    )


def _log(connection: Connection, owner: str, kind: str, subject: str, *, before: int | None, after: int | None) -> None:
    row = {"owner": owner, "moment": now(), "kind": kind, "subject": subject, "before": before, "after": after}
    connection.execute(insert(limits).values(row))
