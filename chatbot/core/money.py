"""How much was used. What it cost comes with the ledger's prices; until then money is unknown, never zero."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one call. Buckets are inclusive, as the API's are: cached lies inside input, reasoning inside output.

    `estimated`: counted here because the server did not say. `raw`: the server's own words, kept untouched.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None
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
            if isinstance(found, int) and not isinstance(found, bool) and found >= 0:
                return found
        return None

    return Usage(
        input_tokens=number(raw, "prompt_tokens", "input_tokens"),
        output_tokens=number(raw, "completion_tokens", "output_tokens"),
        cached_tokens=number(raw.get("prompt_tokens_details"), "cached_tokens"),
        reasoning_tokens=number(raw.get("completion_tokens_details"), "reasoning_tokens"),
        raw=dict(raw),
    )
