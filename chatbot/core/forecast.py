"""What a month will have come to if it goes on as it began. Pure; the clock is the caller's."""

from datetime import UTC, datetime, timedelta

METHOD = (
    "What was spent this month, divided by the time that has passed of it, times the length of the month. "
    "Shown from the second day on, once money was spent on two days."
)
_LEAST = timedelta(days=1)


def month_of(now: datetime) -> tuple[datetime, datetime]:
    """The midnights at which the month begins and ends in the zone of `now`.

    >>> [f"{border:%Y-%m-%d}" for border in month_of(datetime(2026, 12, 31, 23, tzinfo=UTC))]
    ['2026-12-01', '2027-01-01']
    """
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    return first, (first + timedelta(days=32)).replace(day=1)


def projection(nanodollars: int, *, days: int, now: datetime) -> int | None:
    """Nano-dollars at the month's end, from those of the month so far, spent on so many different days.

    None on the month's first day and where less than two days had any spending: one day says nothing about thirty.

    >>> projection(10, days=2, now=datetime(2026, 11, 16, tzinfo=UTC)), projection(10, days=1, now=datetime(2026, 11, 2, tzinfo=UTC))
    (20, None)
    """
    # In UTC: between two times of one zone Python counts the hours of the wall clock, not those that pass.
    begin, end = (border.astimezone(UTC) for border in month_of(now))
    passed = now.astimezone(UTC) - begin
    if passed < _LEAST or days < 2 or nanodollars <= 0:
        return None
    microsecond = timedelta(microseconds=1)
    return nanodollars * ((end - begin) // microsecond) // (passed // microsecond)
