"""How much was used, as the server said it. What it cost is in `pricing`."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

_MOST_TOKENS = 10**12  # more are a mistake of the server's


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call. Buckets are inclusive, as the API's are: cached lies inside input, reasoning inside output.

    `estimated`: counted here because the server did not say. `reported`: nano-dollars that the provider says it bills.
    `raw`: the server's own words, kept untouched.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    reported: int | None = None
    estimated: bool = False
    raw: Mapping[str, Any] | None = None


def read_usage(raw: Mapping[str, Any] | None) -> Usage | None:
    """The server's usage object as a value; what is missing, null or no whole number stays None.

    >>> read_usage({"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}).cached_tokens
    4
    >>> read_usage(None)
    """
    if raw is None:
        return None

    def number(holder: object, *names: str) -> int | None:
        for name in names:
            found = holder.get(name) if isinstance(holder, Mapping) else None
            if isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= _MOST_TOKENS:
                return found
        return None

    inside_input = raw.get("prompt_tokens_details") or raw.get("input_tokens_details")
    inside_output = raw.get("completion_tokens_details") or raw.get("output_tokens_details")
    spent = number(raw, "prompt_tokens", "input_tokens")
    said = number(raw, "completion_tokens", "output_tokens")
    reasoning = number(inside_output, "reasoning_tokens")
    if spent is not None and said is not None and reasoning:
        # xAI counts them beside the output, as its total shows; everybody else inside.
        said += reasoning if number(raw, "total_tokens") == spent + said + reasoning else 0
    return Usage(
        input_tokens=spent,
        output_tokens=said,
        cached_tokens=number(inside_input, "cached_tokens"),
        cache_write_tokens=number(inside_input, "cache_write_tokens", "cache_creation_tokens"),
        reasoning_tokens=reasoning,
        reported=_reported(raw),
        raw=dict(raw),
    )


def _reported(raw: Mapping[str, Any]) -> int | None:
    """Nano-dollars: OpenRouter says dollars, xAI ten-thousand-millionths of one; None where nobody says.

    With a vendor's own key at OpenRouter (`is_byok`) its `cost` is the fee alone, and the vendor bills the rest.
    """
    fee, details = raw.get("cost"), raw.get("cost_details")
    if raw.get("is_byok") is True:
        vendor = details.get("upstream_inference_cost") if isinstance(details, Mapping) else None
        both = _nanodollars(fee, Decimal(10**9)), _nanodollars(vendor, Decimal(10**9))
        return None if both[0] is None or both[1] is None else both[0] + both[1]
    found = _nanodollars(fee, Decimal(10**9))
    return _nanodollars(raw.get("cost_in_usd_ticks"), Decimal("0.1")) if found is None else found


def _nanodollars(found: object, each: Decimal) -> int | None:
    """So many of `each`, rounded; None for what is no amount. Through its decimal text: a float is not what was meant."""
    if not isinstance(found, int | float) or isinstance(found, bool) or not 0 <= found < 10**15:
        return None
    return int((Decimal(str(found)) * each).to_integral_value(ROUND_HALF_EVEN))
