"""Budgets: how much may be spent, on what, in which period; and what is said about it. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Literal
from zoneinfo import ZoneInfo

from chatbot.core.bill import dollars
from chatbot.core.errors import BadInput
from chatbot.core.text import typed

Kind = Literal["month", "day", "conversation", "model"]
"""All calls of a month · of a day · of each conversation (or of one) · of one model in a month."""
KINDS: tuple[Kind, ...] = ("month", "day", "conversation", "model")
WARN_AT = (50, 80, 100)
"""Per cent of a limit at which it is spoken of."""

_NANO = 10**9
_MOST = 10**6 * _NANO  # a million dollars
_STEPS = (10, 15, 20, 30, 40, 50, 60, 80, 100)  # tenths


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """`limit` in nano-dollars. Its days and months are those of `zone`, whoever looks from wherever.

    `subject`: a model's name, `*` and `?` standing for any characters; or a conversation's id, "" for each of them.
    """

    id: int
    kind: Kind
    limit: int
    subject: str = ""
    zone: str = "UTC"

    def period(self, at: datetime, *, conversation: str | None, model: str) -> str | None:
        """The period of this budget to which a call belongs; None when the call is none of its business.

        >>> budget = Budget(id=1, kind="month", limit=5, zone="Europe/Berlin")
        >>> budget.period(datetime(2026, 10, 31, 23, 30, tzinfo=UTC), conversation=None, model="m")
        '2026-11'
        """
        if self.kind == "conversation":
            return conversation if self.subject in ("", conversation) else None
        if self.kind == "model" and not fnmatchcase(model.casefold(), self.subject.casefold()):
            return None
        return self.current(at)

    def current(self, at: datetime) -> str:
        """The period of days in which a moment lies, for a budget that is not for conversations."""
        here = at.astimezone(ZoneInfo(self.zone))
        return f"{here:%Y-%m-%d}" if self.kind == "day" else f"{here:%Y-%m}"

    def bounds(self, period: str) -> tuple[datetime, datetime]:
        """When a period of days begins, and when the next one does, in UTC.

        >>> [f"{moment:%d %H:%M}" for moment in Budget(id=1, kind="day", limit=5).bounds("2026-11-30")]
        ['30 00:00', '01 00:00']
        """
        first = date.fromisoformat(period if self.kind == "day" else f"{period}-01")
        after = first + timedelta(days=1) if self.kind == "day" else (first + timedelta(days=32)).replace(day=1)
        zone = ZoneInfo(self.zone)
        begin, end = (datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, after))
        return begin, end


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a budget stands in a period: nano-dollars spent, and held for replies that are being written."""

    budget: Budget
    period: str
    spent: int = 0
    held: int = 0

    @property
    def room(self) -> int:
        return max(0, self.budget.limit - self.spent - self.held)

    @property
    def percent(self) -> int:
        """How much of it is spent, rounded down; 100 of a limit of nothing."""
        return 100 * self.spent // self.budget.limit if self.budget.limit else 100

    @property
    def warned(self) -> int:
        """The last mark of WARN_AT that was passed; 0 when none was."""
        return max((mark for mark in WARN_AT if self.percent >= mark), default=0)


def what_for(standing: Standing) -> str:
    """What a limit is for, in words that follow "your limit of $10".

    >>> what_for(Standing(budget=Budget(id=1, kind="month", limit=5), period="2026-11"))
    'for November 2026'
    >>> what_for(Standing(budget=Budget(id=1, kind="model", subject="gpt-*", limit=5), period="2026-11"))
    'for gpt-* in November 2026'
    """
    budget, period = standing.budget, standing.period
    match budget.kind:
        case "month":
            return f"for {date.fromisoformat(period + '-01'):%B %Y}"
        case "day":
            day = date.fromisoformat(period)
            return f"for {day.day} {day:%B}"
        case "model":
            return f"for {budget.subject} in {date.fromisoformat(period + '-01'):%B %Y}"
        case "conversation":
            return "for this chat"


def about(budget: Budget) -> str:
    """A budget's name wherever budgets are listed.

    >>> about(Budget(id=1, kind="conversation", limit=5)), about(Budget(id=1, kind="model", subject="gpt-*", limit=5))
    ('each conversation', 'gpt-*, each month')
    """
    match budget.kind:
        case "month":
            return "each month"
        case "day":
            return "each day"
        case "model":
            return f"{budget.subject}, each month"
        case "conversation":
            return f"conversation {budget.subject}" if budget.subject else "each conversation"


def limit_words(nanodollars: int) -> str:
    """A limit as people write it.

    >>> limit_words(10 * 10**9), limit_words(500_000_000), limit_words(1_234_500)
    ('$10', '$0.50', '$0.0012345')
    """
    whole, rest = divmod(nanodollars, _NANO)
    digits = f"{rest:09d}".rstrip("0")
    return f"${whole:,}" + (f".{digits:<02}" if digits else "")


def refusal(standing: Standing) -> str:
    """Why a call is not made, as a sentence.

    >>> refusal(Standing(budget=Budget(id=1, kind="day", limit=10**9), period="2026-11-25", spent=980_000_000))
    'This would pass your limit of $1 for 25 November ($0.9800 spent).'
    """
    held = f", {dollars(standing.held)} held for replies being written" if standing.held else ""
    limit = limit_words(standing.budget.limit)
    return f"This would pass your limit of {limit} {what_for(standing)} ({dollars(standing.spent)} spent{held})."


def unpriced(standing: Standing, model: str) -> str:
    """Why a call without a price is not made before the person says so."""
    limit = f"{limit_words(standing.budget.limit)} {what_for(standing)}"
    return f"No price is known for {model[:80]}, so it cannot be held to your limit of {limit}."


def warning(standing: Standing) -> str:
    """What is said when a mark was passed; "" below the first.

    >>> warning(Standing(budget=Budget(id=1, kind="day", limit=100), period="2026-11-25", spent=81))
    '81 % of your limit of $0.0000001 for 25 November is spent.'
    """
    if not standing.warned:
        return ""
    limit = f"your limit of {limit_words(standing.budget.limit)} {what_for(standing)}"
    if standing.warned == 100:
        return f"{limit[0].upper()}{limit[1:]} is spent."
    return f"{standing.percent} % of {limit} is spent."


def passed(before: Iterable[Standing], after: Iterable[Standing]) -> list[Standing]:
    """Those of `after` that passed a mark since `before`."""
    known = {(old.budget.id, old.period): old.warned for old in before}
    return [new for new in after if new.warned > known.get((new.budget.id, new.period), 0)]


def raised(limit: int, needed: int) -> int:
    """The next round limit that leaves room for what is `needed` in all, at least twice the old one.

    >>> raised(10 * 10**9, 10_400_000_000) == 20 * 10**9, raised(3_000_000, 4_000_000) == 6_000_000
    (True, True)
    """
    wanted = max(2 * limit, needed, 1)
    power: int = 10 ** (len(str(wanted)) - 1)
    return next(step * power for step in _STEPS if step * power >= 10 * wanted) // 10


def read_limit(text: str) -> int:
    """Nano-dollars of what a person typed: "10", "$2.50", "0.5"; BadInput names it and what is allowed."""
    cleaned = text.strip().removeprefix("$").strip()
    if not cleaned:
        raise BadInput("There is no amount. Type dollars from 0 to 1,000,000, such as 10 or 2.50.")
    if re.fullmatch(r"\d{1,7}(\.\d{0,9})?|\.\d{1,9}", cleaned):
        nanodollars = int(Decimal(cleaned) * _NANO)
        if nanodollars <= _MOST:
            return nanodollars
    raise BadInput(f"The limit is {text[:40]!r}; it must be dollars from 0 to 1,000,000, such as 10 or 2.50.")


def read_subject(kind: Kind, text: str) -> str:
    """What a budget is for, checked; BadInput where its kind needs a name, or can have none."""
    subject = typed(text)
    if kind == "model" and not subject:
        raise BadInput("A limit for a model needs the model's name, such as gpt-6-luna or gpt-*.")
    if kind in ("month", "day") and subject:
        raise BadInput(f"A limit for each {kind} is for all models, so {subject[:80]!r} cannot be said with it.")
    if len(subject) > 256:
        raise BadInput(f"{subject[:40]!r}… is too long a name.")
    return subject
