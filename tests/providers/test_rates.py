"""Every chat model of OpenAI that is known, priced here and by arithmetic on the raw data."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from genai_prices.data_snapshot import get_snapshot

from chatbot.core.money import Usage
from chatbot.providers.rates import known_models, price, public_rates, reports_its_bill

OPENAI = "https://api.openai.com/v1"
AT = datetime(2026, 11, 25, tzinfo=UTC)
MODELS = [
    model
    for provider in get_snapshot().providers
    if provider.id == "openai"
    for model in provider.models
    if model.get_prices(AT).input_mtok is not None
    and model.get_prices(AT).output_mtok is not None
    and model.is_match(model.id)  # the fine-tuned ones are listed under a beginning of their names
]
USAGES = {
    "plain": Usage(input_tokens=1_234, output_tokens=567),
    "cached": Usage(input_tokens=10_001, cached_tokens=7_777, output_tokens=567),
    "written": Usage(input_tokens=10_001, cached_tokens=777, cache_write_tokens=3_333, output_tokens=567),
    "long": Usage(input_tokens=272_001, cached_tokens=7, output_tokens=99),
}
TIERS = (None, "flex", "priority")


def raw_rate(model: Any, key: str, tier: str | None, input_tokens: int) -> Decimal | None:
    """Read from the data itself: conditional prices from the last to the first, variants from the first to the last."""
    prices = model.prices
    if isinstance(prices, list):
        active = [one.prices for one in prices if one.constraint is None or one.constraint.active(AT)]
        prices = active[-1] if active else prices[0].prices
    found = prices.__dict__.get(key)
    for variant in model.price_variants or () if tier else ():
        active_now = variant.constraint is None or variant.constraint.active(AT)
        if variant.when == {"service_tier": tier} and active_now and variant.prices.__dict__.get(key) is not None:
            found = variant.prices.__dict__[key]
            break
    if found is None or isinstance(found, Decimal):
        return found
    over = [tier.price for tier in sorted(found.tiers, key=lambda tier: tier.start) if input_tokens > tier.start]
    rate: Decimal = over[-1] if over else found.base
    return rate


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("kind", USAGES)
def test_every_model_costs_what_the_raw_data_say(kind: str, tier: str | None) -> None:
    usage, seen = USAGES[kind], 0
    for model in MODELS:
        tiers = {variant.when.get("service_tier") for variant in model.price_variants or ()}
        found = price(OPENAI, [model.id], usage, tier=tier, at=AT)
        if tier and tier not in tiers:
            assert found.source == "unknown", "a tier without prices of its own is not guessed"
            continue
        assert usage.input_tokens is not None
        assert usage.output_tokens is not None
        cached, written = usage.cached_tokens or 0, usage.cache_write_tokens or 0

        def rate(key: str, model: Any = model) -> Decimal | None:
            return raw_rate(model, key, tier, usage.input_tokens or 0)

        plain = rate("input_mtok")
        assert plain is not None
        read, write = rate("cache_read_mtok"), rate("cache_write_mtok")
        exact = (
            (usage.input_tokens - cached - written) * plain
            + cached * (plain if read is None else read)
            + written * (plain if write is None else write)
            + usage.output_tokens * (rate("output_mtok") or 0)
        ) * 1000
        assert found.nanodollars == int(exact.to_integral_value(ROUND_HALF_EVEN)), model.id
        seen += 1
    assert seen > (60 if tier is None else 5)


def test_prices_are_those_of_the_moment() -> None:
    usage = Usage(input_tokens=1_000_000, output_tokens=0)
    before = price(OPENAI, ["gpt-5.6-luna"], usage, tier=None, at=datetime(2026, 7, 29, tzinfo=UTC))
    after = price(OPENAI, ["gpt-5.6-luna"], usage, tier=None, at=datetime(2026, 7, 31, tzinfo=UTC))
    assert (before.nanodollars, after.nanodollars) == (2 * 10**9, 4 * 10**8)


def test_a_local_model_has_no_vendors_price() -> None:
    usage = Usage(input_tokens=1_000, output_tokens=1_000)
    for url in ("http://127.0.0.1:11434/v1", "http://localhost:1234/v1", ""):
        found = price(url, ["deepseek-chat"], usage, tier=None, at=AT)
        assert (found.nanodollars, found.source) == (0, "local")
    assert price("https://models.example.com/v1", ["deepseek-chat"], usage, tier=None, at=AT).source == "unknown"


def test_the_name_that_was_asked_stands_in_for_an_unknown_answer() -> None:
    usage = Usage(input_tokens=1_000, output_tokens=0)
    assert price(OPENAI, ["my-alias", "gpt-4o-mini"], usage, tier=None, at=AT).nanodollars == 150_000


def test_only_who_bills_in_dollars_is_believed() -> None:
    usage = Usage(input_tokens=10, output_tokens=10, reported=5)
    assert price("https://openrouter.ai/api/v1", ["nobody/knows"], usage, tier=None, at=AT).source == "reported"
    assert price("https://models.example.com/v1", ["nobody/knows"], usage, tier=None, at=AT).source == "unknown"
    assert reports_its_bill("https://api.x.ai/v1")
    assert not reports_its_bill("https://notx.ai/v1")
    assert not reports_its_bill("nonsense")


def test_the_usual_tier_goes_by_several_names() -> None:
    usage = Usage(input_tokens=1_000, output_tokens=0)
    groq = [
        price("https://api.groq.com/openai/v1", ["llama-3.3-70b-versatile"], usage, tier=tier, at=AT)
        for tier in (None, "on_demand", "auto")
    ]
    assert {found.source for found in groq} == {"computed"}
    assert len({found.nanodollars for found in groq}) == 1


@pytest.mark.parametrize("base_url", ["http://[::1", "nonsense", "https://\udcff", "x" * 100_000, OPENAI])
@pytest.mark.parametrize("model", ["", "\x00", "\ud800", "a" * 1_000_000])
def test_garbage_is_unknown(base_url: str, model: str) -> None:
    assert price(base_url, [model], Usage(input_tokens=1, output_tokens=1), tier="\ud800", at=AT).source == "unknown"


def test_an_unknown_model_has_no_rates() -> None:
    assert public_rates(OPENAI, "no-such-model", tier=None, at=AT) is None


def test_what_a_vendor_sells_by_the_token() -> None:
    found = known_models("https://api.openai.com/v1")
    assert "gpt-6-luna" in found
    assert not {"whisper-1", "text-embedding-3-small"} & set(found)
    assert (
        known_models("http://127.0.0.1:11434/v1") == known_models("https://nobody.example/v1") == known_models("") == []
    )
