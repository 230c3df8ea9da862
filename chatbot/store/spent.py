"""Sums by stretch of time, kept up to date with every call: a month is read in a few rows, however much was said in it."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, case, delete, func, insert, literal, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from chatbot.core.bill import Bill
from chatbot.core.pricing import Cost
from chatbot.store.database import Database
from chatbot.store.tables import calls, spent

DAY, QUARTER = 86_400, 900  # seconds
_ALWAYS = 10_000 * 366 * DAY  # seconds; further from the epoch than any year that there is
SUMS = ("nanodollars", "calls", "estimated", "local", "unpriced")


def count_in(connection: Connection, database: Database, settled: Iterable[tuple[datetime, Cost]]) -> None:
    """Add settled calls to the days and the quarters of an hour in which they began."""
    found: dict[tuple[int, int], list[int]] = {}
    for started, cost in settled:
        if cost.source == "free":
            continue
        row = [cost.nanodollars or 0, 1, *(cost.source == source for source in ("estimated", "local", "unknown"))]
        for seconds in (DAY, QUARTER):
            sums = found.setdefault((seconds, _epoch(started) // seconds), [0] * len(SUMS))
            sums[:] = [one + more for one, more in zip(sums, row, strict=True)]
    # Always in this order: two that settle at once wait for each other, not in a circle.
    for (seconds, number), sums in sorted(found.items(), key=lambda one: (-one[0][0], one[0][1])):
        key = {"owner": database.owner, "seconds": seconds, "number": number}
        connection.execute(_adding(database.sqlite), {**key, **dict(zip(SUMS, sums, strict=True))})


@cache
def _adding(on_sqlite: bool) -> Any:
    """Made once for each dialect: every call is counted in twice."""
    adding: Any = sqlite.insert(spent) if on_sqlite else postgresql.insert(spent)
    more = {name: spent.c[name] + adding.excluded[name] for name in SUMS}
    return adding.on_conflict_do_update(index_elements=["owner", "seconds", "number"], set_=more)


def add_up_anew(database: Database) -> None:
    """Make the sums from the ledger's rows, as if none had been kept."""
    with database.write() as connection:
        connection.execute(delete(spent).where(spent.c.owner == database.owner))
        for seconds in (DAY, QUARTER):
            rows = _from_ledger(database, seconds)
            connection.execute(insert(spent).from_select(["owner", "seconds", "number", *SUMS], rows))


def wrong_sums(database: Database) -> int:
    """How many sums are not what the ledger's rows come to, are missing, or are of no row."""
    with database.read() as connection:
        kept = {tuple(row) for row in connection.execute(select(spent).where(spent.c.owner == database.owner))}
        right: set[tuple[Any, ...]] = set()
        for seconds in (DAY, QUARTER):
            right |= {(*row[:3], *map(int, row[3:])) for row in connection.execute(_from_ledger(database, seconds))}
    return len({one[:3] for one in kept ^ right})


def _from_ledger(database: Database, seconds: int) -> Any:
    """The rows of `spent` for stretches so long, added up from those of `calls`."""
    settled = (calls.c.owner == database.owner, calls.c.outcome.is_not(None), calls.c.cost_source != "free")
    counted = (
        func.sum(case((calls.c.cost_source == source, 1), else_=0)) for source in ("estimated", "local", "unknown")
    )
    sums = (func.coalesce(func.sum(calls.c.nanodollars), 0), func.count(), *counted)
    number = (database.whole_seconds(calls.c.started) // seconds).label("number")
    return select(literal(database.owner), literal(seconds), number, *sums).where(*settled).group_by("number")


def whole_quarters(*moments: datetime | None) -> bool:
    """Whether stretches of time begin at all of these moments, as they do at every midnight of today's zones."""
    return all(moment is None or moment.timestamp() % QUARTER == 0 for moment in moments)


def between(connection: Connection, owner: str, since: datetime | None, until: datetime | None = None) -> Bill:
    """What the settled calls that began in this time came to. Both ends begin a quarter of an hour."""
    first = -_ALWAYS if since is None else _epoch(since)
    end = _ALWAYS if until is None else _epoch(until)
    first_day, end_day = -(-first // DAY), end // DAY
    if first_day >= end_day:
        edges = {"days_from": 0, "days_to": 0, "from": first, "to": end, "again_from": 0, "again_to": 0}
    else:
        edges = {"days_from": first_day, "days_to": end_day}
        edges |= {"from": first, "to": first_day * DAY, "again_from": end_day * DAY, "again_to": end}
    for name in ("from", "to", "again_from", "again_to"):
        edges[name] //= QUARTER
    row: Any = connection.execute(_BETWEEN, {"owner": owner, **edges}).one()
    return Bill(**dict(zip(SUMS, map(int, row), strict=True)))


def _stretch(seconds: int, name: str) -> Select[Any]:
    number = spent.c.number
    return select(*(spent.c[name] for name in SUMS)).where(
        spent.c.owner == bindparam("owner"),
        spent.c.seconds == seconds,
        number >= bindparam(f"{name}from"),
        number < bindparam(f"{name}to"),
    )


# Made once: the sidebar asks it at every look, and making it takes SQLAlchemy longer than asking does. Three queries in
# one, not one with OR: for that SQLite would read all stretches that there are.
_STRETCHES = union_all(_stretch(DAY, "days_"), _stretch(QUARTER, ""), _stretch(QUARTER, "again_")).subquery()
_BETWEEN = select(*(func.coalesce(func.sum(_STRETCHES.c[name]), 0) for name in SUMS))


def _epoch(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp() // 1)
