"""How the figure of one call came to be, in words: bucket by bucket, and who says so. Pure."""

from datetime import date, datetime
from decimal import Decimal

from chatbot.core.pricing import Cost

BUCKETS = {
    "input": "Input",
    "cached": "Cached",
    "cache_write": "Cache write",
    "output": "Output",
}
_SOURCES = {
    "reported": "The provider reported this cost with the reply.",
    "override": "Worked out from your own prices.",
    "computed": "Worked out from the tokens that the server reported and the vendor's public prices.",
    "local": "This model runs on this machine: nobody bills it.",
    "free": "Nothing was used.",
    "estimated": "Estimated: the server did not say what was used. It may have billed more.",
    "unknown": "The cost is not known.",
}


def who_says(cost: Cost, at: datetime, held: int | None) -> str:
    """Where a cost is from, with what prices, and whether the call cost more than was `held` for it; `at`: when it began.

    >>> from chatbot.core.pricing import LOCAL
    >>> who_says(LOCAL, datetime(2026, 11, 25), None)
    'This model runs on this machine: nobody bills it.'
    """
    words = [_SOURCES[cost.source], cost.why]
    if cost.origin and cost.source != "reported":
        words.append(_prices(cost, at))
    if held is not None and (cost.nanodollars or 0) > held:
        words.append(
            f"Your limits had ${plain(Decimal(held))} set aside for it: the server used more than it was asked to use "
            "at most."
        )
    return " ".join(word for word in words if word)


def _prices(cost: Cost, at: datetime) -> str:
    """Where the prices are from, how old they were, and for what."""
    listed = f" for {cost.model}" if cost.model else ""
    dated = f", of {aged(cost.dated, at.date())}" if cost.dated else ""
    tier = f", tier {cost.tier or 'standard'}" if cost.source != "override" or cost.tier else ""
    return f"Prices: {cost.origin}{dated},{listed}{tier}, as they were on {at:%Y-%m-%d}."


def aged(day: date, on: date) -> str:
    """A day and how long ago it was.

    >>> aged(date(2026, 11, 10), date(2026, 11, 25)), aged(date(2026, 11, 25), date(2026, 11, 25))
    ('2026-11-10, 15 days old', '2026-11-25, less than a day old')
    """
    days = (on - day).days
    if days <= 0:
        return f"{day}, less than a day old"
    return f"{day}, {days:,} day{'' if days == 1 else 's'} old"


def per_million(rate: Decimal) -> str:
    """A rate in dollars per million tokens, in full.

    >>> per_million(Decimal("0.20"))
    '0.2'
    """
    return f"{rate.normalize():f}"


def plain(nanodollars: Decimal) -> str:
    """Dollars in full, to the last digit that is not 0.

    >>> plain(Decimal(204_800))
    '0.0002048'
    """
    return f"{(nanodollars / 10**9).normalize():f}"
