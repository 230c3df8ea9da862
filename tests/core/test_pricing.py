"""What a call costs, to the nano-dollar; the bugs of other ledgers come out right here."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.bill import Bill, bill, dollars, made_of, short
from chatbot.core.money import Usage, read_usage
from chatbot.core.pricing import FREE, LOCAL, MOST, Cost, Rate, Rates, cost, stored_cost, unknown

D = Decimal
LUNA = Rates(
    input=Rate(D("0.2"), ((272_000, D("0.4")),)),
    output=Rate(D("1.2"), ((272_000, D("1.8")),)),
    cached=Rate(D("0.02"), ((272_000, D("0.04")),)),
    cache_write=Rate(D("0.25"), ((272_000, D("0.5")),)),
    origin="a test",
)


def used(**raw: object) -> Usage:
    usage = read_usage(raw)
    assert usage is not None
    return usage


def spent(usage: Usage, rates: Rates = LUNA) -> int | None:
    return cost(usage, rates).nanodollars


def test_cached_tokens_are_counted_once() -> None:
    # Others add them to the input again, 8.5 % too much, or bill them in full, four times too much.
    usage = used(prompt_tokens=10_000, completion_tokens=100, prompt_tokens_details={"cached_tokens": 9_000})
    assert spent(usage) == 1_000 * 200 + 9_000 * 20 + 100 * 1_200


def test_written_tokens_are_a_bucket_of_their_own() -> None:
    details = {"cached_tokens": 100, "cache_write_tokens": 50}
    usage = used(prompt_tokens=1_000, completion_tokens=20, prompt_tokens_details=details)
    found = cost(usage, LUNA)
    assert found.nanodollars == 850 * 200 + 100 * 20 + 50 * 250 + 20 * 1_200
    assert [line.bucket for line in found.lines] == ["input", "cached", "cache_write", "output"]


def test_reasoning_is_output_and_counted_once() -> None:
    usage = used(prompt_tokens=10, completion_tokens=500, completion_tokens_details={"reasoning_tokens": 450})
    assert spent(usage) == 10 * 200 + 500 * 1_200


def test_reasoning_beside_the_output_is_added_where_the_total_shows_it() -> None:
    beside = used(
        prompt_tokens=10, completion_tokens=50, total_tokens=510, completion_tokens_details={"reasoning_tokens": 450}
    )
    inside = used(
        prompt_tokens=10, completion_tokens=500, total_tokens=510, completion_tokens_details={"reasoning_tokens": 450}
    )
    assert spent(beside) == spent(inside) == 10 * 200 + 500 * 1_200


def test_a_long_input_is_priced_anew_as_a_whole() -> None:
    assert spent(used(prompt_tokens=272_000, completion_tokens=1)) == 272_000 * 200 + 1_200
    assert spent(used(prompt_tokens=272_001, completion_tokens=1)) == 272_001 * 400 + 1_800
    # Cached tokens are part of what makes it long.
    cached = used(prompt_tokens=300_000, completion_tokens=1, prompt_tokens_details={"cached_tokens": 299_000})
    assert spent(cached) == 1_000 * 400 + 299_000 * 40 + 1_800


def test_what_the_provider_reports_beats_everything() -> None:
    usage = used(prompt_tokens=10, completion_tokens=10, cost=0.00123)
    assert (cost(usage, LUNA).nanodollars, cost(usage, LUNA).source) == (1_230_000, "reported")
    assert cost(used(cost_in_usd_ticks=37_756_000), None).nanodollars == 3_775_600


def test_with_a_vendors_own_key_the_fee_is_not_all() -> None:
    details = {"upstream_inference_cost": 0.02}
    assert used(cost=0.001, cost_details=details, is_byok=True).reported == 21_000_000
    assert used(cost=0.02, cost_details=details, is_byok=False).reported == 20_000_000
    assert used(cost=0.001, cost_details=None, is_byok=True).reported is None


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), -1, True, "0.1", None, {"total": 1}])
def test_a_reported_cost_that_is_no_amount_is_none(amount: object) -> None:
    assert used(cost=amount).reported is None


@pytest.mark.parametrize(
    "raw",
    [
        {"prompt_tokens": 10, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 11}},
        {"prompt_tokens": 10, "completion_tokens": 3, "prompt_tokens_details": {"cache_write_tokens": 10**9}},
        {"prompt_tokens": 10, "completion_tokens": 3, "completion_tokens_details": {"reasoning_tokens": 4}},
    ],
)
def test_buckets_that_do_not_fit_mark_the_row(raw: dict[str, object]) -> None:
    found = cost(used(**raw), LUNA)
    assert found.source == "estimated"
    assert found.why
    assert found.nanodollars is not None
    assert sum(line.tokens for line in found.lines) == 13


@pytest.mark.parametrize(
    "raw",
    [
        {"prompt_tokens": None, "completion_tokens": 3},
        {"prompt_tokens": "10", "completion_tokens": 3},
        {"prompt_tokens": 10},
        {"prompt_tokens": 10**13, "completion_tokens": 3},
        {"prompt_tokens": True, "completion_tokens": 3},
        {"prompt_tokens": -1, "completion_tokens": 3},
        {"prompt_tokens": 10.5, "completion_tokens": 3},
        {},
    ],
)
def test_counts_that_are_none_are_unknown_and_never_nothing(raw: dict[str, object]) -> None:
    found = cost(used(**raw), LUNA)
    assert (found.nanodollars, found.source) == (None, "unknown")
    assert found.why


def test_the_largest_count_that_is_believed() -> None:
    assert spent(used(prompt_tokens=10**12, completion_tokens=0)) == 10**12 * 400
    assert cost(used(cost=10**7), None).source == "unknown"
    dear = replace(LUNA, input=Rate(D(10**6)))
    assert cost(used(prompt_tokens=10**12, completion_tokens=0), dear).source == "unknown"


def test_a_price_nobody_knows_is_unknown() -> None:
    assert cost(used(prompt_tokens=1, completion_tokens=1), None).nanodollars is None
    assert cost(used(prompt_tokens=1, completion_tokens=1), replace(LUNA, output=None)).nanodollars is None
    assert cost(used(prompt_tokens=1, completion_tokens=0), replace(LUNA, output=None)).nanodollars == 200


def test_the_day_of_the_prices_is_kept_with_the_arithmetic() -> None:
    usage = used(prompt_tokens=1, completion_tokens=1)
    found = cost(usage, replace(LUNA, dated=date(2026, 11, 10)))
    assert stored_cost(found.nanodollars, found.source, found.stored()).dated == date(2026, 11, 10)
    older = {"lines": [["input", 1, "0.2"]], "origin": "x", "model": "m", "tier": None, "why": ""}
    assert stored_cost(200, "computed", older).dated is None
    assert "dated" not in (cost(usage, LUNA).stored() or {})


def test_an_estimate_stays_one() -> None:
    assert cost(Usage(input_tokens=1, output_tokens=1, estimated=True), LUNA).source == "estimated"


count = st.integers(0, 10**6)
rate = st.decimals(0, 1000, places=4)


@given(count, count, count, count, rate, rate, rate, rate)
def test_the_lines_add_up_to_the_sum(
    plain: int, cached: int, written: int, output: int, a: Decimal, b: Decimal, c: Decimal, d: Decimal
) -> None:
    usage = Usage(
        input_tokens=plain + cached + written, cached_tokens=cached, cache_write_tokens=written, output_tokens=output
    )
    found = cost(usage, Rates(input=Rate(a), cached=Rate(b), cache_write=Rate(c), output=Rate(d)))
    exact = plain * a + cached * b + written * c + output * d  # in millionths of a dollar
    assert found.nanodollars is not None
    assert abs(found.nanodollars - exact * 1000) <= D("0.5")
    assert sum((line.nanodollars for line in found.lines), D(0)) == exact * 1000
    assert stored_cost(found.nanodollars, found.source, found.stored()) == replace(found) or not found.lines


@given(st.lists(st.integers(0, 10**12), max_size=200))
def test_sums_are_exact(amounts: list[int]) -> None:
    found = bill(Cost(nanodollars=amount, source="computed") for amount in amounts)
    assert found.nanodollars == sum(D(amount) for amount in amounts)


def test_unknown_never_becomes_nothing() -> None:
    both = bill([unknown("no price"), Cost(nanodollars=1_000_000, source="computed"), LOCAL, FREE])
    assert both == Bill(nanodollars=1_000_000, calls=3, unpriced=1, local=1)
    assert short(both) == "> $0.0010"
    assert made_of(both) == "1 unpriced"
    assert short(bill([unknown("no price"), LOCAL])) == "—"
    assert short(bill([FREE])) == ""
    assert dollars(MOST) == "$1,000,000.00"
