"""The same usage at another model's prices. Pure: it is given a function that prices one usage, and records nothing.

A price is asked a few dozen times, not once per call: at one number of input tokens a cost is tokens × rates, and rates
change only at the starts of tiers, which are searched for. Each call is then rounded by itself, as it would be billed.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from chatbot.core.bill import Bill
from chatbot.core.money import Usage
from chatbot.core.pricing import MOST, Bucket, Cost

_ORDER: tuple[Bucket, ...] = ("input", "cached", "cache_write", "output")
_THOUSANDS = 1000  # dollars per million tokens are as many thousands of nano-dollars per token


class Used(NamedTuple):
    """What one call used, buckets inclusive. None: nobody knows; `estimated`: counted here, a lower bound."""

    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    estimated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Repriced:
    """`bill`: what it would come to; calls without a known usage are its `unpriced`. `why`: no price, in a sentence."""

    bill: Bill
    origin: str = ""
    why: str = ""


class _Rates(NamedTuple):
    """Whole numbers per token, in units of 1 / `scale` nano-dollars."""

    input: int
    cached: int
    cache_write: int
    output: int
    scale: int


def reprice(calls: Iterable[Used], price: Callable[[Usage], Cost]) -> Repriced:
    """What the calls would have come to. `price`: the other model's; rates must depend on the input tokens alone."""
    used = list(calls)
    sizes = sorted({call.input_tokens for call in used if call.input_tokens is not None})
    found = [_probe(price, size) for size in sizes[:1]]
    if not found:
        return Repriced(
            bill=Bill(calls=len(used), unpriced=len(used)), why="No call says what it used." if used else ""
        )
    if found[0].source == "local":
        return Repriced(bill=Bill(calls=len(used), local=len(used)))
    if found[0].nanodollars is None:
        return Repriced(bill=Bill(calls=len(used), unpriced=len(used)), why=found[0].why)
    tops, rates = _steps(sizes, price)
    nanodollars = estimated = unpriced = 0
    for call in used:
        if call.input_tokens is None or call.output_tokens is None:
            unpriced += 1
            continue
        amount = _amount(call, rates[bisect_left(tops, call.input_tokens)])
        if amount is None:
            unpriced += 1
        else:
            nanodollars += amount
            estimated += call.estimated
    bill = Bill(nanodollars=nanodollars, calls=len(used), estimated=estimated, unpriced=unpriced)
    return Repriced(bill=bill, origin=found[0].origin)


def _probe(price: Callable[[Usage], Cost], size: int) -> Cost:
    # One token in each of the other buckets, so that every rate of this size shows.
    return price(Usage(input_tokens=max(size, 3), cached_tokens=1, cache_write_tokens=1, output_tokens=1))


def _steps(sizes: list[int], price: Callable[[Usage], Cost]) -> tuple[list[int], list[_Rates | None]]:
    """The largest size of each run of equal rates, and those rates; found by halving, so equal ends mean one run."""
    known: dict[int, _Rates | None] = {}

    def rates(at: int) -> _Rates | None:
        if at not in known:
            known[at] = _rates(_probe(price, sizes[at]))
        return known[at]

    tops: list[int] = []
    runs: list[_Rates | None] = []
    open = [(0, len(sizes) - 1)]
    while open:
        low, high = open.pop()
        if rates(low) == rates(high):
            if runs and runs[-1] == rates(high):
                tops[-1] = sizes[high]
            else:
                tops.append(sizes[high])
                runs.append(rates(high))
        else:
            middle = (low + high) // 2
            open += [(middle + 1, high), (low, middle)]
    return tops, runs


def _rates(cost: Cost) -> _Rates | None:
    by_bucket = {line.bucket: line.rate * _THOUSANDS for line in cost.lines}
    if len(by_bucket) < len(_ORDER):
        return None
    exponents = [by_bucket[bucket].normalize().as_tuple().exponent for bucket in _ORDER]
    scale = 10 ** max(0, *(-exponent for exponent in exponents if isinstance(exponent, int)))
    fresh, cached, written, said = (int(by_bucket[bucket] * Decimal(scale)) for bucket in _ORDER)
    return _Rates(fresh, cached, written, said, scale)


def _amount(call: Used, rates: _Rates | None) -> int | None:
    """Nano-dollars, rounded half to even as `pricing.cost` does; None where no price is known for so many tokens."""
    if rates is None or call.input_tokens is None or call.output_tokens is None:
        return None
    cached = min(call.cached_tokens or 0, call.input_tokens)
    written = min(call.cache_write_tokens or 0, call.input_tokens - cached)
    fresh = call.input_tokens - cached - written
    exact = (
        fresh * rates.input + cached * rates.cached + written * rates.cache_write + call.output_tokens * rates.output
    )
    whole, rest = divmod(exact, rates.scale)
    whole += 2 * rest > rates.scale or (2 * rest == rates.scale and whole % 2)
    return whole if whole <= MOST else None
