"""A month's end from its beginning, also where an hour is missing."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from chatbot.core.forecast import month_of, projection

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 1_000_000


def test_hours_are_those_that_pass_and_not_those_of_the_clock() -> None:
    # October has 745 hours there, March 743; the change is on the last Sunday.
    after = datetime(2026, 10, 26, tzinfo=BERLIN)
    assert projection(601 * HOUR, days=25, now=after) == 745 * HOUR
    assert projection(599 * HOUR, days=25, now=datetime(2026, 3, 26, tzinfo=BERLIN)) == 743 * 599 * HOUR // 600


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_ends_where_the_next_one_begins(month: int) -> None:
    begin, end = month_of(datetime(2024, month, 28, 23, 59, tzinfo=BERLIN))
    assert (begin.month, begin.day, begin.hour) == (month, 1, 0)
    assert (end.month, end.day, end.hour) == (month % 12 + 1, 1, 0)


def test_the_last_moment_projects_what_was_spent() -> None:
    now = datetime(2026, 11, 30, 23, 59, 59, 999_999, tzinfo=UTC)
    assert projection(10**12, days=30, now=now) == 10**12


@pytest.mark.parametrize(
    ("money", "days", "now"),
    [
        (10, 2, datetime(2026, 11, 1, 23, 59, tzinfo=UTC)),
        (10, 1, datetime(2026, 11, 20, tzinfo=UTC)),
        (0, 5, datetime(2026, 11, 20, tzinfo=UTC)),
    ],
)
def test_too_little_says_nothing(money: int, days: int, now: datetime) -> None:
    assert projection(money, days=days, now=now) is None


def test_amounts_beyond_a_float_stay_exact() -> None:
    assert projection(10**18 + 1, days=3, now=datetime(2026, 11, 16, tzinfo=UTC)) == 2 * (10**18 + 1)
