"""Sums of costs that say what they are made of."""

from collections.abc import Iterable
from dataclasses import dataclass

from chatbot.core.pricing import NANO, Cost


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What some calls came to. `nanodollars` is of those whose cost is known; `unpriced` counts the others.

    `estimated` and `local` count calls too; `calls` counts all that used anything.
    """

    nanodollars: int = 0
    calls: int = 0
    estimated: int = 0
    local: int = 0
    unpriced: int = 0

    @property
    def known(self) -> bool:
        """Something is known of it: a sum of nothing but unknowns is unknown, never 0."""
        return self.unpriced < self.calls or not self.calls

    def __add__(self, other: "Bill") -> "Bill":
        return Bill(
            nanodollars=self.nanodollars + other.nanodollars,
            calls=self.calls + other.calls,
            estimated=self.estimated + other.estimated,
            local=self.local + other.local,
            unpriced=self.unpriced + other.unpriced,
        )


def bill(costs: Iterable[Cost]) -> Bill:
    """The sum. Refused calls used nothing and do not count."""
    found = Bill()
    for cost in costs:
        if cost.source != "free":
            found += Bill(
                nanodollars=cost.nanodollars or 0,
                calls=1,
                estimated=cost.source == "estimated",
                local=cost.source == "local",
                unpriced=cost.source == "unknown",
            )
    return found


def dollars(nanodollars: int) -> str:
    """Four decimals below a dollar, two above; never rounded to nothing.

    >>> dollars(12_345_678), dollars(9_800_000_000), dollars(20_000), dollars(0)
    ('$0.0123', '$9.80', '< $0.0001', '$0.00')
    """
    if not nanodollars:
        return "$0.00"
    if nanodollars < 50_000:
        return "< $0.0001"
    return f"${nanodollars / 1e9:,.4f}" if nanodollars < 1_000_000_000 else f"${nanodollars / 1e9:,.2f}"


def in_full(nanodollars: int) -> str:
    """Every digit, as programs and spreadsheets take it.

    >>> in_full(1_169_200)
    '0.001169200'
    """
    return f"{nanodollars // NANO}.{nanodollars % NANO:09d}"


def short(bill: Bill) -> str:
    """In one word, as it stands under a reply; "" where nothing was used.

    >>> short(Bill(nanodollars=12_345_678, calls=1)), short(Bill(nanodollars=12_345_678, calls=2, estimated=1))
    ('$0.0123', '≈ $0.0123')
    >>> short(Bill(calls=1, unpriced=1)), short(Bill(calls=1, local=1)), short(Bill())
    ('—', 'local', '')
    """
    if not bill.calls:
        return ""
    if bill.local == bill.calls:
        return "local"
    if not bill.known or bill.local + bill.unpriced == bill.calls:
        return "—"
    more = "> " if bill.unpriced else ""
    return f"{more or ('≈ ' if bill.estimated else '')}{dollars(bill.nanodollars)}"


def made_of(bill: Bill) -> str:
    """What a sum is made of, where that is not only what is exactly known.

    >>> made_of(Bill(nanodollars=1, calls=9, estimated=3, unpriced=1)), made_of(Bill(nanodollars=1, calls=9))
    ('3 estimated, 1 unpriced', '')
    """
    parts = ((bill.estimated, "estimated"), (bill.unpriced, "unpriced"))
    return ", ".join(f"{count:,} {word}" for count, word in parts if count)
