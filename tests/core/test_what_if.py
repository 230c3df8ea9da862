"""The same usage at other prices: exactly what each call by itself would have cost."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.bill import Bill
from chatbot.core.money import Usage
from chatbot.core.pricing import LOCAL, MOST, Cost, Rate, Rates, cost, unknown
from chatbot.core.what_if import Used, reprice

RATES = st.builds(
    lambda base, starts, higher: Rate(base, tuple(zip(sorted(starts), higher, strict=False))),
    st.decimals("0", "600", places=4),
    st.lists(st.integers(100, 300_000), unique=True, max_size=2),
    st.lists(st.decimals("600.0001", "900", places=3), min_size=2, max_size=2, unique=True).map(sorted),
)
TOKENS = st.integers(0, 400_000)
CALLS = st.lists(st.builds(Used, TOKENS, TOKENS, st.none() | TOKENS, st.none() | TOKENS), max_size=40)


@given(
    rates=st.builds(Rates, input=RATES, output=RATES, cached=st.none() | RATES, cache_write=st.none() | RATES),
    calls=CALLS,
)
def test_it_is_the_sum_of_what_each_call_would_have_cost(rates: Rates, calls: list[Used]) -> None:
    found = reprice(calls, lambda usage: cost(usage, rates))
    each = [
        cost(
            Usage(
                input_tokens=call.input_tokens,
                output_tokens=call.output_tokens,
                cached_tokens=call.cached_tokens,
                cache_write_tokens=call.cache_write_tokens,
            ),
            rates,
        )
        for call in calls
    ]
    assert found.bill.nanodollars == sum(one.nanodollars or 0 for one in each)
    assert found.bill.calls == len(calls)
    assert found.bill.unpriced == 0


def test_a_tier_holds_for_the_call_that_reaches_it_and_for_no_sum() -> None:
    rates = Rates(input=Rate(Decimal("1"), ((272_000, Decimal("2")),)), output=Rate(Decimal("0")))
    below = reprice([Used(200_000, 1)] * 1_000, lambda usage: cost(usage, rates))
    assert below.bill.nanodollars == 1_000 * 200_000 * 1_000
    above = reprice([Used(272_001, 1), Used(272_000, 1)], lambda usage: cost(usage, rates))
    assert above.bill.nanodollars == 272_001 * 2_000 + 272_000 * 1_000


def test_a_price_is_asked_a_few_dozen_times_at_most() -> None:
    asked = []
    rates = Rates(input=Rate(Decimal("1"), ((50_000, Decimal("2")),)), output=Rate(Decimal("3")))

    def price(usage: Usage) -> Cost:
        asked.append(usage)
        return cost(usage, rates)

    reprice([Used(size, 7) for size in range(100_000)], price)
    assert len(asked) < 50


def test_calls_without_a_usage_are_named_and_not_counted() -> None:
    rates = Rates(input=Rate(Decimal("1")), output=Rate(Decimal("1")))
    calls = [Used(None, None), Used(5, None), Used(10, 10, estimated=True)]
    found = reprice(calls, lambda usage: cost(usage, rates))
    assert found.bill == Bill(nanodollars=20_000, calls=3, estimated=1, unpriced=2)
    assert reprice([Used(None, None)], lambda usage: cost(usage, rates)).bill == Bill(calls=1, unpriced=1)
    assert reprice([], lambda usage: cost(usage, rates)).bill == Bill()


def test_no_price_and_no_charge_say_so() -> None:
    found = reprice([Used(1, 1)] * 2, lambda usage: unknown("No price is known."))
    assert (found.bill, found.why) == (Bill(calls=2, unpriced=2), "No price is known.")
    assert reprice([Used(1, 1)] * 2, lambda usage: LOCAL).bill == Bill(calls=2, local=2)


def test_more_than_anybody_could_pay_is_unpriced() -> None:
    rates = Rates(input=Rate(Decimal("1")), output=Rate(Decimal("1")))
    found = reprice([Used(MOST, 1), Used(1, 1)], lambda usage: cost(usage, rates))
    assert found.bill == Bill(nanodollars=2_000, calls=2, unpriced=1)
