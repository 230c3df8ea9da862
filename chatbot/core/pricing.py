"""What a call costs: a usage and its rates in, money and its arithmetic out. Pure, and exact to the nano-dollar.

    cost(usage, rates)  ->  Cost(nanodollars=…, source="computed", lines=(…))

Money is whole nano-dollars (10⁻⁹ dollars): a cheap cached token costs 20 of them, and whole numbers add up exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Literal, Protocol

from chatbot.core.money import Usage

CostSource = Literal["reported", "override", "computed", "local", "free", "estimated", "unknown"]
"""How a cost is known: the provider said it · the user's prices · the public prices · a model on this machine · nothing
was used · counted here, a lower bound · not at all (never 0)."""
Bucket = Literal["input", "cached", "cache_write", "output"]

USUAL_TIERS = (None, "", "default", "auto", "standard", "on_demand")
"""The names of the service tier that is charged when none was asked for; the last is Groq's word."""
NANO = 1_000_000_000
MOST = 10**15  # nano-dollars of one call, a million dollars: nine thousand such calls still add up in both databases
_A_MILLION_TOKENS = 1000  # dollars per million tokens are as many thousands of nano-dollars per token


@dataclass(frozen=True, slots=True)
class Rate:
    """Dollars per million tokens. `tiers`: from how many input tokens on, exclusive, another one holds for all tokens."""

    base: Decimal
    tiers: tuple[tuple[int, Decimal], ...] = ()

    def at(self, input_tokens: int) -> Decimal:
        """The rate of a request with so many input tokens, cached ones and all.

        >>> Rate(Decimal("1"), ((272_000, Decimal("2")),)).at(272_000)
        Decimal('1')
        >>> Rate(Decimal("1"), ((272_000, Decimal("2")),)).at(272_001)
        Decimal('2')
        """
        rate = self.base
        for start, higher in sorted(self.tiers):
            if input_tokens > start:
                rate = higher
        return rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What a model's tokens cost. Without a rate of their own, cached and written tokens cost what input costs.

    `origin`: who says so, in words; `model`: under which name it is listed there; `tier`: the service tier they are of;
    `dated`: the day on which those who say so last looked, None where nobody knows.
    """

    input: Rate | None
    output: Rate | None
    cached: Rate | None = None
    cache_write: Rate | None = None
    source: Literal["override", "computed"] = "computed"
    origin: str = ""
    model: str = ""
    tier: str | None = None
    dated: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One bucket of the arithmetic: tokens × dollars per million."""

    bucket: Bucket
    tokens: int
    rate: Decimal

    @property
    def nanodollars(self) -> Decimal:
        return self.rate * self.tokens * _A_MILLION_TOKENS


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """`nanodollars` is None exactly when the source is "unknown". `lines` add up to it before it was rounded once.

    `why`: what is not known, or what does not add up, as a sentence; empty when all is as it should be.
    """

    nanodollars: int | None
    source: CostSource
    lines: tuple[Line, ...] = ()
    origin: str = ""
    model: str = ""
    tier: str | None = None
    dated: date | None = None
    why: str = ""

    def stored(self) -> dict[str, Any] | None:
        """The arithmetic for the ledger, so that it can be shown when prices are others; None when there is none."""
        if not self.lines and not self.why:
            return None
        lines = [[line.bucket, line.tokens, str(line.rate)] for line in self.lines]
        held = {"lines": lines, "origin": self.origin, "model": self.model, "tier": self.tier, "why": self.why}
        return held if self.dated is None else {**held, "dated": self.dated.isoformat()}


LOCAL = Cost(nanodollars=0, source="local")
FREE = Cost(nanodollars=0, source="free")


def stored_cost(nanodollars: int | None, source: CostSource, arithmetic: Mapping[str, Any] | None) -> Cost:
    """A Cost out of the ledger."""
    held = arithmetic or {}
    lines = tuple(
        Line(bucket=bucket, tokens=tokens, rate=Decimal(rate)) for bucket, tokens, rate in held.get("lines", ())
    )
    return Cost(
        nanodollars=nanodollars,
        source=source,
        lines=lines,
        origin=held.get("origin", ""),
        model=held.get("model", ""),
        tier=held.get("tier"),
        dated=date.fromisoformat(held["dated"]) if held.get("dated") else None,  # older rows have none
        why=held.get("why", ""),
    )


def unknown(why: str) -> Cost:
    return Cost(nanodollars=None, source="unknown", why=why)


def cost(usage: Usage, rates: Rates | None) -> Cost:
    """The cost of one call. What the provider itself reported is believed above all rates.

    Buckets are inclusive, as the API's are: cached and written tokens lie inside the input, reasoning inside the output.
    Where they do not fit into it, the row is marked and counted as an estimate.
    """
    if usage.reported is not None:
        if usage.reported > MOST:
            return unknown("The provider reported more than anybody could pay for.")
        return Cost(nanodollars=usage.reported, source="reported", origin="the provider's own bill for this call")
    if rates is None:
        return unknown("No price is known for this model at this address.")
    if usage.input_tokens is None or usage.output_tokens is None:
        return unknown("The server did not say how many tokens were used.")
    cached = min(usage.cached_tokens or 0, usage.input_tokens)
    written = min(usage.cache_write_tokens or 0, usage.input_tokens - cached)
    why = ""
    if cached + written != (usage.cached_tokens or 0) + (usage.cache_write_tokens or 0):
        why = "The server reported more cached than input tokens; no more than the input was counted."
    elif usage.reasoning_tokens is not None and usage.reasoning_tokens > usage.output_tokens:
        why = "The server reported more reasoning than output tokens."
    buckets: tuple[tuple[Bucket, int, Rate | None], ...] = (
        ("input", usage.input_tokens - cached - written, rates.input),
        ("cached", cached, rates.cached or rates.input),
        ("cache_write", written, rates.cache_write or rates.input),
        ("output", usage.output_tokens, rates.output),
    )
    lines: list[Line] = []
    for bucket, tokens, rate in buckets:
        if not tokens:
            continue
        if rate is None:
            return unknown(f"No price is known for this model's {bucket.replace('_', ' ')} tokens.")
        lines.append(Line(bucket=bucket, tokens=tokens, rate=rate.at(usage.input_tokens)))
    exact = sum((line.nanodollars for line in lines), Decimal(0))
    if exact > MOST:
        return unknown("The server reported more tokens than anybody could pay for.")
    return Cost(
        nanodollars=int(exact.to_integral_value(ROUND_HALF_EVEN)),
        source="estimated" if usage.estimated or why else rates.source,
        lines=tuple(lines),
        origin=rates.origin,
        model=rates.model,
        tier=rates.tier,
        dated=rates.dated,
        why=why,
    )


class Price(Protocol):
    """Prices one call. `models`: the names it went by, the best known first; `at`: when it began. Never raises."""

    def __call__(
        self, base_url: str, models: Sequence[str], usage: Usage, *, tier: str | None, at: datetime
    ) -> Cost: ...


def nobody_knows(base_url: str, models: Sequence[str], usage: Usage, *, tier: str | None, at: datetime) -> Cost:
    """A world without prices."""
    return unknown("No price is known for this model at this address.")
