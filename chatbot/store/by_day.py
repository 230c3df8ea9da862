"""What was used by UTC day, model and service tier, added up by the database: the ledger's side of a provider's bill."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import case, func, select

from chatbot.core.bill import Bill
from chatbot.core.billed import USUAL_TIERS
from chatbot.core.reconcile import Used
from chatbot.store.database import Database
from chatbot.store.tables import calls

_DAY = 86_400
_UNSURE = ("stopped", "broken", "uncertain")


def used(
    database: Database, first: date, last: date, *, base_urls: Collection[str], connection: str | None = None
) -> list[Used]:
    """The settled calls that began from the first day to the last, in UTC, at one of these base URLs.

    `connection`: only those over the connection of this name.
    """
    day = (database.whole_seconds(calls.c.started) // _DAY).label("day")
    model = func.coalesce(calls.c.model_answered, calls.c.model_asked).label("model")
    tier = func.coalesce(calls.c.service_tier, "").label("tier")
    source = calls.c.cost_source

    flags = (source == "estimated", source == "local", source == "unknown", calls.c.outcome.in_(_UNSURE))
    counted = (calls.c.input_tokens, calls.c.cached_tokens, calls.c.output_tokens)
    query = select(
        day,
        model,
        tier,
        func.coalesce(func.sum(calls.c.nanodollars), 0),
        func.count(),
        *(func.coalesce(func.sum(case((flag, 1), else_=0)), 0) for flag in flags),
        *(func.coalesce(func.sum(column), 0) for column in counted),
    ).where(
        calls.c.owner == database.owner,
        calls.c.outcome.is_not(None),
        source != "free",
        calls.c.started >= datetime.combine(first, time(), UTC),
        calls.c.started < datetime.combine(last, time(), UTC) + timedelta(days=1),
        calls.c.base_url.in_(sorted(base_urls)),
    )
    if connection is not None:
        query = query.where(calls.c.connection == connection)
    found: dict[tuple[date, str], Used] = {}
    with database.read() as transaction:
        for row in transaction.execute(query.group_by("day", "model", "tier").order_by("day", "model")):
            one = _used(row)
            place = (one.day, one.model)
            found[place] = found[place] + one if place in found else one
    return list(found.values())


def addresses(database: Database) -> list[tuple[str, str]]:
    """Every connection's name with every base URL that it was called at."""
    query = select(calls.c.connection, calls.c.base_url).where(calls.c.owner == database.owner).distinct()
    with database.read() as transaction:
        return sorted((row.connection, row.base_url) for row in transaction.execute(query))


def _used(row: Any) -> Used:
    day, model, tier, *numbers = row
    money, count, estimated, local, unpriced, uncertain, sent, cached, said = map(int, numbers)
    return Used(
        day=date(1970, 1, 1) + timedelta(days=int(day)),
        model=str(model),
        bill=Bill(nanodollars=money, calls=count, estimated=estimated, local=local, unpriced=unpriced),
        uncertain=uncertain,
        input_tokens=sent,
        cached_tokens=cached,
        output_tokens=said,
        tiers=frozenset() if tier in USUAL_TIERS else frozenset({str(tier)}),
    )
