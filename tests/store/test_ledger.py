"""The ledger: recorded before the request, settled exactly once. And the quirks."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from chatbot.core.bill import Bill, bill
from chatbot.core.events import CallFinished
from chatbot.core.money import Usage
from chatbot.core.pricing import FREE, LOCAL, MOST, Cost, Rate, Rates, cost, unknown
from chatbot.store.store import Store
from tests.store.scene import answered, begin, call, exchange


def test_a_call_is_there_before_its_request_leaves(store: Store, store_url: str) -> None:
    begun = begin(store)
    made = call(store, begun, purpose="summary")
    other = Store.open(store_url)
    [row] = other.ledger.calls()
    assert (row.id, row.conversation, row.reply, row.purpose) == (made, begun.conversation, begun.reply, "summary")
    assert (row.connection, row.base_url, row.model_asked) == ("fake", "http://127.0.0.1:1/v1", "m-1")
    assert (row.outcome, row.finished, row.usage, row.input_estimate) == (None, None, None, 11)
    assert (row.cost.nanodollars, row.cost.source) == (None, "unknown")
    assert row.started <= datetime.now(UTC)
    other.close()


def test_settling_keeps_what_the_server_said(store: Store) -> None:
    made = call(store)
    usage = Usage(
        input_tokens=9,
        output_tokens=4,
        cached_tokens=2,
        reasoning_tokens=0,
        raw={"prompt_tokens": 9, "completion_tokens": 4, "cost": 0.00125, "x": {"y": [1, None]}},
    )
    event = answered(model="m-1-2026", finish_reason="stop", usage=usage, status=200, first_token=0.2, duration=1.25)
    assert store.ledger.settle(made, event)
    [row] = store.ledger.calls()
    assert (row.outcome, row.model_answered, row.status, row.error) == ("answered", "m-1-2026", 200, None)
    assert (row.usage, row.first_token, row.duration) == (usage, 0.2, 1.25)
    assert row.finished is not None
    assert row.finished >= row.started


def test_only_the_first_settling_counts(store: Store) -> None:
    made = call(store)
    assert store.ledger.settle(made, CallFinished(outcome="refused", status=429, error="Busy", duration=0.1))
    before = store.ledger.calls()
    assert not store.ledger.settle(made, answered(usage=Usage(input_tokens=1)))
    assert not store.ledger.settle(10**9, answered())
    assert store.ledger.calls() == before
    assert before[0].usage is None
    assert (before[0].outcome, before[0].error) == ("refused", "Busy")


def test_calls_are_found_by_conversation_and_by_reply(store: Store) -> None:
    first, second = exchange(store), exchange(store)
    ids = [call(store, first), call(store, first), call(store, second), call(store, purpose="title")]
    assert [row.id for row in store.ledger.calls()] == ids
    assert [row.id for row in store.ledger.calls(conversation=first.conversation)] == ids[:2]
    assert [row.id for row in store.ledger.calls(reply=second.reply)] == ids[2:3]
    assert store.ledger.calls(conversation=first.conversation, reply=second.reply) == []


def test_an_estimate_is_marked_and_counts_no_server_could_mean_are_dropped(store: Store) -> None:
    store.ledger.settle(call(store), answered(usage=Usage(input_tokens=3, output_tokens=0, estimated=True)))
    store.ledger.settle(call(store), answered(usage=Usage(input_tokens=-1, output_tokens=2**70, raw={"n": 2**70})))
    first, second = store.ledger.calls()
    assert first.usage == Usage(input_tokens=3, output_tokens=0, estimated=True)
    assert second.usage == Usage(raw={"n": 2**70})


def test_the_ledger_has_no_column_for_words() -> None:
    from chatbot.store.tables import calls

    assert not calls.foreign_keys
    assert not {"text", "reasoning", "sentence", "title"} & set(calls.columns.keys())


def test_quirks_are_remembered_per_server_and_model(store: Store, store_url: str) -> None:
    learn = store.quirks.learn
    learn("http://a/v1", "m", "temperature", None)
    learn("http://a/v1", "m", "max_tokens", "max_output")
    learn("http://a/v1", "m", "max_tokens", "max_completion_tokens")
    learn("http://a/v1", "other", "stop", None)
    learn("http://b/v1", "m\x00", "effort\ud800", None)
    other = Store.open(store_url)
    assert other.quirks.known("http://a/v1", "m") == {"temperature": None, "max_tokens": "max_completion_tokens"}
    assert other.quirks.known("http://a/v1", "other") == {"stop": None}
    assert other.quirks.known("http://b/v1", "m\x00") == {"effort�": None}
    assert other.quirks.known("http://c/v1", "m") == {}
    other.close()


@pytest.mark.parametrize("parameter", ["temperature"])
def test_the_store_is_what_providers_call_quirks(parameter: str) -> None:
    from chatbot.providers.provider import Quirks

    store = Store.temporary()
    quirks: Quirks = store.quirks
    quirks.learn("u", "m", parameter, None)
    assert quirks.known("u", "m") == {parameter: None}
    store.close()


def test_sums_say_what_they_are_made_of(store: Store) -> None:
    begun = exchange(store)
    usage = Usage(input_tokens=1, output_tokens=1)
    for one in (
        Cost(nanodollars=1_250, source="computed"),
        Cost(nanodollars=20, source="estimated"),
        LOCAL,
        FREE,
        unknown("no price"),
    ):
        store.ledger.settle(call(store, begun), CallFinished(outcome="answered", usage=usage, cost=one))
    call(store, begun)  # still out: no part of any sum
    assert store.ledger.total() == Bill(nanodollars=1_270, calls=4, estimated=1, local=1, unpriced=1)
    assert store.ledger.total(conversation=begun.conversation) == store.ledger.total()
    assert store.ledger.total(conversation="another") == Bill()
    assert store.ledger.total(since=datetime.now(UTC) + timedelta(minutes=1)) == Bill()
    held = store.ledger.bills([begun.reply])[begun.reply]
    assert bill(one.cost for one in held) == store.ledger.total()
    assert store.ledger.bills([]) == {}
    assert list(store.ledger.bills(range(begun.reply + 100_000))) == [begun.reply], "more than a statement can name"


def test_the_arithmetic_comes_back_as_it_was(store: Store) -> None:
    rates = Rates(input=Rate(Decimal("0.2")), output=Rate(Decimal("1.2")), origin="prices of a test", tier="flex")
    priced = cost(Usage(input_tokens=10, cached_tokens=11, output_tokens=3), rates)
    usage = Usage(input_tokens=10, cached_tokens=11, cache_write_tokens=1, output_tokens=3)
    number = call(store)
    store.ledger.settle(number, CallFinished(outcome="answered", usage=usage, cost=priced, service_tier="flex"))
    (row,) = store.ledger.calls()
    assert row.cost == priced
    assert row.service_tier == "flex"
    assert row.usage == usage


def test_sums_of_the_largest_amounts_are_exact(store: Store) -> None:
    usage = Usage(input_tokens=1, output_tokens=1)
    for amount in (MOST, MOST - 1, 1):
        one = Cost(nanodollars=amount, source="reported")
        store.ledger.settle(call(store), CallFinished(outcome="answered", usage=usage, cost=one))
    assert store.ledger.total().nanodollars == 2 * MOST
