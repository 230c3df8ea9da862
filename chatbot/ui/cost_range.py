"""Which days the costs page shows, in the reader's own calendar. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Literal, get_args

Range = Literal["This month", "Today", "Last 7 days", "Last 30 days", "Last month", "All", "Custom"]
RANGES: tuple[Range, ...] = get_args(Range)
_EPOCH = date(1970, 1, 1)

Days = tuple[date | None, date | None]
"""The first and the last day, both shown; None: without an end on that side."""


def days_of(name: Range, today: date, chosen: Sequence[date] = ()) -> Days:
    """The days that a range means today. `chosen`: what was picked for a custom one; a single day means itself.

    >>> days_of("Last month", date(2026, 3, 31))
    (datetime.date(2026, 2, 1), datetime.date(2026, 2, 28))
    >>> days_of("Last 7 days", date(2026, 3, 3))
    (datetime.date(2026, 2, 25), datetime.date(2026, 3, 3))
    """
    first = today.replace(day=1)
    match name:
        case "This month":
            return first, today
        case "Today":
            return today, today
        case "Last 7 days":
            return today - timedelta(days=6), today
        case "Last 30 days":
            return today - timedelta(days=29), today
        case "Last month":
            last = first - timedelta(days=1)
            return last.replace(day=1), last
        case "Custom" if chosen:
            return chosen[0], chosen[-1]
        case _:
            return None, None


def in_words(days: Days) -> str:
    """The range as it stands in a sentence.

    >>> in_words((date(2026, 2, 25), date(2026, 3, 3))), in_words((date(2026, 2, 5), date(2026, 2, 5))), in_words((None, None))
    ('25 Feb to 3 Mar 2026', '5 Feb 2026', 'all time')
    """
    first, last = days
    if first is None or last is None:
        return "all time"
    if first == last:
        return written(first)
    year = f" {first.year}" if first.year != last.year else ""
    return f"{first.day} {first:%b}{year} to {written(last)}"


def written(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def number(day: date) -> int:
    """Days since 1970."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    return _EPOCH + timedelta(days=number)
