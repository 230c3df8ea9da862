"""What a provider's bill says, line by line and added up: the shape that every export and every door gives."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

CENT = 10_000_000  # nano-dollars
TIERS = ("batch", "flex", "priority", "scale")
"""Service tiers that an invoice names in its lines."""
USUAL_TIERS = frozenset({"", "default", "auto", "standard", "on_demand", "message", "messages"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """One line of a bill. `day` is in UTC, as providers bill; None is what the line does not say.

    Tokens are inclusive, as everywhere: cached ones lie inside the input. `amount` is in units of 10⁻⁹ of `currency`
    and negative for a credit; `unit` is how much its last written digit is worth, a cent at most. `tier` is a service
    tier other than the usual one, "" for that. A line of nothing but a day says that the bill covers this day.
    """

    day: date
    model: str = ""
    amount: int | None = None
    unit: int = 1
    currency: str = "USD"
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    requests: int | None = None
    tier: str = ""


def line_item(text: str) -> tuple[str, str]:
    """The model and the service tier that a line of an invoice names.

    >>> line_item("gpt-4o-2024-08-06, cached input"), line_item("gpt-6-luna, output, batch")
    (('gpt-4o-2024-08-06', ''), ('gpt-6-luna', 'batch'))
    """
    model, _, rest = text.partition(",")
    return model.strip(), next((tier for tier in TIERS if tier in rest.lower()), "") if rest else ""


@dataclass(slots=True, kw_only=True)
class Sum:
    """What some lines come to. `nanodollars` is of the lines in dollars; None where no line says it."""

    nanodollars: int | None = None
    credits: int = 0
    """The part of it that is negative."""
    rounding: int = 0
    """Nano-dollars by which the lines' last digits may be off, all together."""
    input_tokens: int | None = None
    cached_tokens: int | None = None
    output_tokens: int | None = None
    requests: int | None = None
    tiers: set[str] = field(default_factory=set)

    @property
    def tokens(self) -> int | None:
        return (
            None if self.input_tokens is None or self.output_tokens is None else self.input_tokens + self.output_tokens
        )

    def add(self, line: Billed) -> None:
        if line.amount is not None and line.currency == "USD":
            self.nanodollars = line.amount + (self.nanodollars or 0)
            self.credits += min(line.amount, 0)
            self.rounding += (min(line.unit, CENT) + 1) // 2
        self._count(line)
        if line.tier:
            self.tiers.add(line.tier)

    def join(self, other: "Sum") -> None:
        if other.nanodollars is not None:
            self.nanodollars = other.nanodollars + (self.nanodollars or 0)
        self.credits += other.credits
        self.rounding += other.rounding
        self._count(other)
        self.tiers |= other.tiers

    def _count(self, other: "Billed | Sum") -> None:
        for name in ("input_tokens", "cached_tokens", "output_tokens", "requests"):
            more = getattr(other, name)
            if more is not None:
                setattr(self, name, more + (getattr(self, name) or 0))


@dataclass(slots=True, kw_only=True)
class Statement:
    """A whole bill, added up by day and by the model's name as the provider writes it ("" where it names none).

    `covers`: every day that it speaks of. `others`: what it says in other currencies, in units of 10⁻⁹; never mixed in.
    """

    by: dict[tuple[date, str], Sum] = field(default_factory=dict)
    covers: set[date] = field(default_factory=set)
    others: dict[str, int] = field(default_factory=dict)
    lines: int = 0

    @property
    def has_money(self) -> bool:
        return any(sum.nanodollars is not None for sum in self.by.values())

    @property
    def has_tokens(self) -> bool:
        return any(sum.tokens is not None for sum in self.by.values())

    def add(self, line: Billed) -> None:
        self.lines += 1
        self.covers.add(line.day)
        counts = (line.input_tokens, line.cached_tokens, line.output_tokens, line.requests)
        if line.amount is not None and line.currency != "USD":
            self.others[line.currency] = self.others.get(line.currency, 0) + line.amount
            if not any(counts):
                return  # all that it says is said
        if line.model or line.amount or any(counts):
            self.by.setdefault((line.day, line.model), Sum()).add(line)

    def twice(self, other: "Statement") -> tuple[date, str] | None:
        """A day and model for which both say the same kind of thing, so that together they would count it twice."""
        for place in sorted(self.by.keys() & other.by.keys()):
            one, two = self.by[place], other.by[place]
            if (one.nanodollars is not None and two.nanodollars is not None) or (
                one.tokens is not None and two.tokens is not None
            ):
                return place
        return None

    def join(self, other: "Statement") -> None:
        for place, sum in other.by.items():
            self.by.setdefault(place, Sum()).join(sum)
        self.covers |= other.covers
        for currency, amount in other.others.items():
            self.others[currency] = self.others.get(currency, 0) + amount
        self.lines += other.lines


def statement(lines: Iterable[Billed]) -> Statement:
    """The lines added up; in memory is one sum for each day and model, however many lines there are."""
    found = Statement()
    for line in lines:
        found.add(line)
    return found
