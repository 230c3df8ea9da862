"""Dropped bills and OpenAI's own word beside a real ledger."""

import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from chatbot.core.errors import BadInput, KeyRefused
from chatbot.core.settings import Connection, Secret
from chatbot.engine.reconcile import Reconciled, connections, read_bill, reconcile_bills, reconcile_online
from chatbot.store.store import Store
from tests.engine.bills import DAY, HEAD, LUNA, line, spend
from tests.fake_admin import ADMIN_KEY
from tests.fake_openai import FakeOpenAI
from tests.transfer.bills import ANTHROPIC_COSTS, OPENROUTER

TODAY = date(2026, 11, 25)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(f"sqlite:///{tmp_path / 'bills.db'}")
    yield opened
    opened.close()


def compare(store: Store, *texts: str, connection: str | None = None) -> Reconciled:
    bills = [read_bill(io.BytesIO(text.encode()), f"{number}.csv") for number, text in enumerate(texts, start=1)]
    return reconcile_bills(store.ledger, bills, connection=connection, today=TODAY)


def test_a_bill_that_agrees(store: Store) -> None:
    spend(store, 200_000)
    spend(store, 200_000, answered=None)  # cut before a model was named
    found = compare(store, HEAD + line("0.0004", requests=2, tokens=(2000, 0, 400)))
    (row,) = found.rows
    assert (row.cause, row.pair.model, found.agreeing) == ("agrees", LUNA, 1)
    assert (found.billed, found.counted.nanodollars, found.difference) == (400_000, 400_000, 0)
    assert (found.vendor, found.connections, found.first, found.last) == ("OpenAI", ("openai",), DAY, DAY)


def test_a_bill_that_differs_says_why_and_adds_up(store: Store) -> None:
    spend(store, 200_000)
    spend(store, 100_000, day=DAY + timedelta(days=1), source="estimated", outcome="stopped")
    spend(store, None, day=DAY + timedelta(days=2))
    bill = HEAD + line("0.0006", requests=3, tokens=(3000, 0, 600))
    bill += line("0.0002", day=DAY + timedelta(days=1), tokens=(1000, 0, 900))
    bill += line("0.0002", day=DAY + timedelta(days=2)) + line("1.5", model="gpt-image-2")
    found = compare(store, bill)
    assert [row.cause for row in found.rows] == ["elsewhere", "other model", "lower bound", "unpriced"]
    assert found.difference == sum(row.pair.over or 0 for row in found.rows) == 1_501_000_000 - 300_000
    assert [row.pair.difference is None for row in found.rows] == [False, False, False, True]


def test_costs_and_usage_together_are_one_bill(store: Store) -> None:
    spend(store, 200_000)
    costs = f'start_time_iso,amount_value,amount_currency,line_item\n{DAY},0.0002,usd,"{LUNA}, output"\n'
    usage = HEAD.replace(",amount_value", "") + line("", tokens=(1000, 0, 200)).replace(",\n", "\n")
    (row,) = compare(store, costs, usage).rows
    assert (row.cause, row.pair.token_difference, row.pair.request_difference) == ("agrees", 0, 0)
    with pytest.raises(BadInput, match=f"1.csv and 2.csv both bill {LUNA} on {DAY}"):
        compare(store, costs, costs)


def test_only_the_calls_of_the_vendor_count(store: Store) -> None:
    spend(store, 200_000)
    spend(store, 50, connection="offline", base_url="")
    spend(store, 50, connection="work", base_url="https://eu.api.openai.com/v1")
    spend(store, 7, connection="imposter", base_url="https://notopenai.com/v1")
    found = compare(store, HEAD + line("0.00020005", requests=2, tokens=(2000, 0, 400)))
    assert (found.connections, found.difference) == (("openai", "work"), 0)
    assert compare(store, HEAD + line("0.00000005"), connection="work").difference == 0
    assert connections(store.ledger) == ["imposter", "openai", "work"]


@pytest.mark.parametrize(
    ("text", "connection", "said"),
    [
        (ANTHROPIC_COSTS, None, "This is a bill of Anthropic, and ByteBot made no calls to anthropic.com. Choose the"),
        ("day,model,usd\n2026-11-03,m,1\n", None, "This bill does not say whose it is. Choose the connection that it is of"),
        (HEAD + line("1"), "nobody", "made no calls over a connection 'nobody'. Choose the connection that it is of: o"),
        ("nonsense", None, "1.csv, line 1: no column says the day"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared(store: Store, text: str, connection: str | None, said: str) -> None:
    spend(store, 200_000)
    spend(store, 200_000, connection="other", base_url="https://example.com/v1")
    with pytest.raises(BadInput) as caught:
        compare(store, text, connection=connection)
    assert said in caught.value.sentence


def test_a_bill_that_names_nobody_is_of_the_only_connection(store: Store) -> None:
    spend(store, 200_000, connection="proxy", base_url="http://127.0.0.1:4000/v1")
    assert compare(store, "day,model,usd\n2026-11-03,m,1\n").connections == ("proxy",)


def test_bills_of_two_vendors_are_not_mixed(store: Store) -> None:
    with pytest.raises(BadInput, match="bills of Anthropic and OpenRouter"):
        compare(store, ANTHROPIC_COSTS, OPENROUTER)


def test_a_bill_beside_an_empty_ledger(store: Store) -> None:
    with pytest.raises(BadInput, match="There is nothing to compare it with"):
        compare(store, HEAD + line("1"))


def test_openais_own_word(store: Store) -> None:
    with FakeOpenAI() as server:
        base_url = server.base_url
        connection = Connection(name="openai", base_url=base_url, headers={"Authorization": "Bearer sk-everyday"})
        days = {"first": DAY, "last": DAY + timedelta(days=1), "alone": True, "today": TODAY}
        spend(store, 100_000_000, base_url=base_url, tokens=(123_000, 0, 200_000))
        found = reconcile_online(store.ledger, connection, Secret(ADMIN_KEY), **days)  # type: ignore[arg-type]
        (row,) = found.rows
        assert (row.pair.billed, row.pair.request_difference, row.cause) == (112_300_000, 2, "elsewhere")
        assert found.last == DAY + timedelta(days=1), "a day of which nothing was said is covered too"
        assert "sk-everyday" not in str([request.headers for request in server.requests])
        with pytest.raises(KeyRefused):
            reconcile_online(store.ledger, connection, Secret("sk-no"), **days)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "url", ["https://example.com/v1", "http://api.openai.com/v1", "https://api.openai.com.example.com/v1"]
)
def test_an_admin_key_goes_to_openai_alone(store: Store, url: str) -> None:
    with pytest.raises(BadInput, match="An admin key is sent to OpenAI alone"):
        reconcile_online(store.ledger, Connection(name="x", base_url=url), Secret(ADMIN_KEY), first=DAY, last=DAY)
