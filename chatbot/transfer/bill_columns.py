"""Which column of an export says what, by the names that providers and people give them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatbot.core.errors import BadInput

# The first name that a heading has is taken.
NAMES: Mapping[str, tuple[str, ...]] = {
    "day": (
        "start_time_iso",
        "start_time",
        "usage_date_utc",
        "created_at",
        "date",
        "day",
        "usage_date",
        "date_utc",
        "timestamp",
        "created",
        "time",
        "datum",
        "tag",
    ),
    "model": ("model_version", "model_permaslug", "model", "model_name", "model_id", "modell"),
    "item": ("line_item", "item", "description"),
    "amount": (
        "amount_value",
        "cost_usd",
        "cost_total",
        "total_cost",
        "cost",
        "amount_usd",
        "amount",
        "usd",
        "cost_in_usd",
        "spend",
        "price",
        "total",
        "kosten",
        "betrag",
    ),
    # With one's own key at OpenRouter the vendor bills this part; the ledger has both together.
    "own_key": ("byok_usage_inference",),
    "currency": ("amount_currency", "currency"),
    "input": ("input_tokens", "tokens_prompt", "prompt_tokens", "n_context_tokens_total", "tokens_in"),
    "uncached": (
        "usage_input_tokens_no_cache",
        "uncached_input_tokens",
        "input_tokens_no_cache",
        "input_uncached_tokens",
    ),
    "cached": (
        "input_cached_tokens",
        "usage_input_tokens_cache_read",
        "cache_read_input_tokens",
        "tokens_cached",
        "cached_tokens",
        "cached_input_tokens",
    ),
    "output": (
        "output_tokens",
        "usage_output_tokens",
        "tokens_completion",
        "completion_tokens",
        "n_generated_tokens_total",
        "tokens_out",
    ),
    "requests": ("num_model_requests", "requests", "request_count", "num_requests", "n_requests", "calls"),
    "request": ("generation_id", "request_id"),
    "batch": ("batch",),
    "tier": ("service_tier", "usage_type"),
}
# These lie inside the input too, each in a column of its own.
WRITTEN = (
    "usage_input_tokens_cache_write_5m",
    "usage_input_tokens_cache_write_1h",
    "usage_input_tokens_cache_write",
    "cache_creation_input_tokens",
    "cache_write_input_tokens",
)
_NUMBERS = ("input", "uncached", "cached", "output", "requests")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where in a row each thing is. `titles` are the heading's own words."""

    titles: tuple[str, ...]
    at: Mapping[str, int]
    written: tuple[int, ...]
    amounts: tuple[int, ...]
    counts: tuple[int, ...]
    """Every column of money, and of whole numbers."""

    @property
    def vendor(self) -> str:
        """Whose export it is; "" when it could be anybody's."""
        names = set(map(plain, self.titles))
        if names & {"amount_value", "num_model_requests"}:
            return "OpenAI"
        if names & {"usage_date_utc", "usage_input_tokens_no_cache"}:
            return "Anthropic"
        return "OpenRouter" if names & {"generation_id", "model_permaslug", "byok_usage_inference"} else ""


def plain(title: str) -> str:
    """A heading as it is compared.

    >>> plain(" Usage Date (UTC) "), plain("Cost in USD")
    ('usage_date_utc', 'cost_in_usd')
    """
    return re.sub(r"\W+", "_", title.strip().lower()).strip("_")


def recognised(titles: Sequence[str]) -> int:
    """How many of these are columns that we know."""
    known = {name for names in NAMES.values() for name in names} | set(WRITTEN)
    return sum(plain(title) in known for title in titles)


def columns(titles: Sequence[str], name: str, line: int) -> Columns:
    """The columns of a heading; BadInput lists what was found and what was looked for."""
    names = [plain(title) for title in titles]
    doubled = next((title for title in names if title and names.count(title) > 1), None)
    if doubled:
        raise BadInput(f"{name}, line {line}: two columns are named {doubled!r}. Take one of them away.")
    at = {what: names.index(found) for what, all_ in NAMES.items() if (found := _first(all_, names))}
    if "amount" not in at and {"usage", "model_permaslug"} <= set(names):
        at["amount"] = names.index("usage")  # OpenRouter's word for dollars, beside its tokens
    if "input" in at and "uncached" in at:
        del at["uncached"]
    tokens = ("input" in at or "uncached" in at) and "output" in at
    if "day" not in at:
        raise _missing("the day", NAMES["day"], titles, name, line)
    if "amount" not in at and not tokens:
        raise _missing("money or tokens", (*NAMES["amount"][:6], *NAMES["input"][:3]), titles, name, line)
    if tokens and "amount" not in at and "model" not in at:
        raise _missing("the model", NAMES["model"], titles, name, line)
    written = tuple(names.index(one) for one in WRITTEN if one in names)
    counts = (*(at[one] for one in _NUMBERS if one in at), *written)
    amounts = tuple(at[one] for one in ("amount", "own_key") if one in at)
    plain_titles = tuple(title.strip() for title in titles)
    return Columns(titles=plain_titles, at=at, written=written, amounts=amounts, counts=counts)


def _first(wanted: Sequence[str], names: Sequence[str]) -> str | None:
    return next((one for one in wanted if one in names), None)


def _missing(what: str, wanted: Sequence[str], titles: Sequence[str], name: str, line: int) -> BadInput:
    found = ", ".join(title.strip()[:40] for title in titles[:30] if title.strip())
    return BadInput(
        f"{name}, line {line}: no column says {what}. It has: {found}. Looked for: {', '.join(wanted)}. "
        "Drop a provider's cost or usage export, or rename a column."
    )
