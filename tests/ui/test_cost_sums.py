"""The costs page's figures against the database's own sums, on both databases; and how the calls are remembered."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from chatbot.core.bill import Bill, bill
from chatbot.core.events import CallFinished
from chatbot.core.money import Usage
from chatbot.core.pricing import FREE, LOCAL, MOST, Cost, Rate, Rates, cost, unknown
from chatbot.core.settings import Options
from chatbot.store.store import Store
from chatbot.store.tables import calls
from chatbot.ui.cost_sums import Chosen, Sums
from chatbot.ui.remembered import BUCKETS, Remembered
from tests.store.scene import call, exchange

KOLKATA = ZoneInfo("Asia/Kolkata")
RATES = Rates(
    input=Rate(Decimal("1.25")),
    cached=Rate(Decimal("0.125")),
    cache_write=Rate(Decimal("1.5625")),
    output=Rate(Decimal("10")),
)
USAGE = Usage(
    input_tokens=1_003, cached_tokens=501, cache_write_tokens=101, output_tokens=333, reasoning_tokens=111, raw={"x": 1}
)


def billed(
    store: Store,
    paid: Cost | None = None,
    *,
    at: datetime | None = None,
    usage: Usage | None = USAGE,
    outcome: str = "answered",
    answered: str | None = None,
    **how: Any,
) -> int:
    """One settled call; by default with a price of its own."""
    number = call(store, **how)
    done = CallFinished(outcome=outcome, model=answered, usage=usage, cost=paid or cost(USAGE, RATES))  # type: ignore[arg-type]
    store.ledger.settle(number, done)
    if at is not None:
        with store._database.write() as transaction:
            transaction.execute(update(calls).where(calls.c.id == number).values(started=at))
    return number


def everything(store: Store, chosen: Chosen | None = None) -> Sums:
    return Sums(Remembered(store.ledger).now(), store.conversations.names(), KOLKATA, chosen or Chosen())


def ledger(store: Store) -> None:
    """A little of everything."""
    kept = exchange(store, text="Kept", options=Options(connection="fake", model="m-1", system="Be kind."))
    twin = exchange(store, text="Twin", options=Options(connection="fake", model="m-1", system=""), tag="terminal")
    gone = exchange(store, text="Gone", tag="script")
    billed(store, begun=kept, at=datetime(2026, 10, 31, 18, 29, 59, 999_999, UTC))
    billed(store, begun=kept, at=datetime(2026, 10, 31, 18, 30, tzinfo=UTC), answered="m-1-2026")
    billed(store, FREE, begun=twin, usage=None, outcome="refused")
    billed(store, begun=twin, connection="other", at=datetime(2026, 11, 2, tzinfo=UTC))
    billed(store, unknown("no price"), begun=twin, model="m-2", at=datetime(2026, 11, 2, tzinfo=UTC))
    billed(store, LOCAL, begun=gone, at=datetime(2026, 11, 3, tzinfo=UTC))
    billed(store, replace(cost(USAGE, RATES), source="estimated"), begun=gone, at=datetime(2026, 11, 3, tzinfo=UTC))
    billed(store, Cost(nanodollars=7, source="reported"), purpose="title", at=datetime(2026, 11, 3, tzinfo=UTC))
    store.conversations.delete(gone.conversation)
    call(store, kept)  # still out


def test_page_and_terminal_say_the_same(store: Store) -> None:
    ledger(store)
    sums = everything(store)
    assert sums.whole() == store.ledger.total()
    assert {f"{day}": bill for day, bill in sums.by_day().items()} == store.ledger.spend("day", zone=KOLKATA)
    assert dict(sums.by("answered")) == store.ledger.spend("model")
    assert dict(sums.by("purpose")) == store.ledger.spend("purpose")
    assert dict(sums.by("connection")) == store.ledger.spend("connection")
    assert dict(sums.by_prompt()) == store.ledger.spend("prompt")
    assert sorted(sums.by_conversation(), key=str) == sorted(store.ledger.by_conversation(), key=str)
    assert [bill.nanodollars for _, bill in sums.by("answered")] == sorted(
        (bill.nanodollars for bill in store.ledger.spend("model").values()), reverse=True
    )


def test_every_part_adds_up_to_the_whole(store: Store) -> None:
    ledger(store)
    sums = everything(store)
    whole = sums.whole()
    buckets = sums.by_bucket()
    assert sum(money for _, money in buckets.values()) == whole.nanodollars
    assert buckets["unsplit"] == (0, 7)
    for parts in (sums.by("answered"), sums.by("purpose"), sums.by("connection"), sums.by_prompt()):
        assert sum((bill for _, bill in parts), Bill()) == whole
    assert sum((bill for *_, bill in sums.by_conversation()), Bill()) == whole
    assert sum(sums.by_day_and_model(["m-1"]).values(), Bill()) == whole
    assert {name for _, name in sums.by_day_and_model(["m-1"])} == {"m-1", "others"}


def test_buckets_exclude_each_other_and_reasoning_is_its_share_of_the_output(store: Store) -> None:
    billed(store)
    sums = everything(store)
    tokens = {name: count for name, (count, _) in sums.by_bucket().items()}
    assert tokens == {"input": 401, "cached": 501, "cache_write": 101, "reasoning": 111, "output": 222, "unsplit": 0}
    money = {name: money for name, (_, money) in sums.by_bucket().items()}
    assert money["input"] == 401 * 1_250
    assert money["output"] - 2 * money["reasoning"] in (0, 1)  # a third, rounded down
    assert sum(money.values()) == cost(USAGE, RATES).nanodollars
    # The cache spared 501 tokens nine tenths of a rate, and cost 101 tokens a quarter more.
    assert sums.saved() == 501 * 1_125 - int(101 * 312.5) - 1


def test_days_are_the_readers_and_borders_are_inside(store: Store) -> None:
    ledger(store)
    day = date(2026, 11, 1)
    assert everything(store, Chosen(days=(day, day))).whole().calls == 1
    assert everything(store, Chosen(days=(date(2026, 10, 31), day))).whole().calls == 2
    assert everything(store, Chosen(days=(date(2020, 1, 1), date(2020, 1, 2)))).whole() == Bill()


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        (Chosen(models=["m-1-2026"]), 1),
        (Chosen(models=["m-1-2026", "m-2"]), 2),
        (Chosen(models=["nobody's"]), 0),
        (Chosen(connections=["other"]), 1),
        (Chosen(begun_in=["browser"]), 2),
        (Chosen(begun_in=["terminal"]), 2),
        (Chosen(begun_in=["none"]), 3),
        (Chosen(begun_in=["terminal"], connections=["fake"]), 1),
    ],
)
def test_choices(store: Store, chosen: Chosen, count: int) -> None:
    ledger(store)
    assert everything(store, chosen).whole().calls == count


def test_one_conversation(store: Store) -> None:
    ledger(store)
    (newest,) = [line.id for line in store.conversations.lines() if line.title == "Twin"]
    sums = everything(store, Chosen(conversation=newest))
    assert sums.whole() == store.ledger.total(conversation=newest)
    assert everything(store, Chosen(conversation="nobody's")).whole() == Bill()


def test_conversations_of_one_name_say_when_each_was_first_billed(store: Store) -> None:
    long = "The very same beginning, then"
    twins = [exchange(store, text=text) for text in (f"{long} one end", "Alone", f"{long} another")]
    for number, begun in enumerate(twins):
        for day in (5, 4):
            billed(store, begun=begun, at=datetime(2026, 11, day, 18, 40 + number, tzinfo=UTC))
    only_the_last_day = Chosen(days=(date(2026, 11, 6), date(2026, 11, 6)))
    for chosen in (Chosen(), only_the_last_day):
        found = everything(store, chosen).namesakes(28)
        assert {id: f"{moment:%d %H:%M}" for id, moment in found.items()} == {
            twins[0].conversation: "05 00:10",
            twins[2].conversation: "05 00:12",
        }
    assert everything(store).namesakes(60) == {}


def test_the_dearest_replies_have_all_their_calls(store: Store) -> None:
    cheap, dear, gone = exchange(store, text="Cheap"), exchange(store, text="Dear"), exchange(store, text="Gone")
    for number in range(3):
        billed(store, Cost(nanodollars=5, source="computed"), begun=dear, at=datetime(2026, 11, 1 + number, tzinfo=UTC))
    billed(store, Cost(nanodollars=9, source="computed"), begun=cheap)
    billed(store, Cost(nanodollars=7, source="computed"), begun=gone)
    billed(store, Cost(nanodollars=99, source="computed"))  # no reply
    billed(store, unknown("no price"), begun=exchange(store, text="Unpriced"))
    store.conversations.delete(gone.conversation)
    found = everything(store).replies(10)
    assert [(reply.title, reply.bill.nanodollars) for reply in found] == [("Dear", 15), ("Cheap", 9), (None, 7)]
    assert [reply.conversation for reply in found] == [dear.conversation, cheap.conversation, None]
    assert (found[0].day, found[0].bill.calls) == (date(2026, 11, 3), 3)
    assert len(everything(store).replies(2)) == 2


def test_sums_of_the_largest_amounts_are_exact(store: Store) -> None:
    tokens = 10**12
    usage = Usage(input_tokens=tokens, output_tokens=tokens, cached_tokens=tokens)
    for _ in range(3):
        billed(store, Cost(nanodollars=MOST, source="reported"), usage=usage)
    known = Remembered(store.ledger).now()
    # As if there were many thousand of them: more than eight bytes can hold.
    many = replace(known, calls=known.calls.loc[known.calls.index.repeat(10_000)].reset_index(drop=True), _days={})
    sums = Sums(many, {}, UTC, Chosen())
    assert sums.whole().nanodollars == 30_000 * MOST
    assert sums.by_bucket()["cached"][0] == 30_000 * tokens
    assert sums.by_bucket()["unsplit"][1] == 30_000 * MOST


class Counting(Remembered):
    """Tells how many rows it was given."""

    def __init__(self, store: Store) -> None:
        self.rows = 0
        super().__init__(store.ledger)

    def _table(self, rows: Any) -> Any:
        self.rows += len(rows)
        return super()._table(rows)


def ids(remembered: Remembered) -> list[int]:
    found: list[int] = remembered.now().calls["id"].tolist()
    return found


def test_each_call_is_read_once_and_only_when_it_is_settled(store: Store) -> None:
    remembered = Counting(store)
    assert ids(remembered) == []
    first, out, third = billed(store), call(store), billed(store)
    assert ids(remembered) == [first, third]
    known = remembered.now()
    assert remembered.now() is known
    store.ledger.settle(out, CallFinished(outcome="answered", usage=USAGE, cost=cost(USAGE, RATES)))
    fourth = billed(store)
    assert ids(remembered) == [first, out, third, fourth]
    assert remembered.rows == 4
    sums = Sums(remembered.now(), {}, UTC, Chosen())
    assert sums.whole() == store.ledger.total()


def test_a_call_that_was_out_for_long_is_found(store: Store) -> None:
    remembered = Counting(store)
    out = call(store)
    for _ in range(450):
        billed(store, FREE, usage=None)
    assert out not in ids(remembered)
    store.ledger.settle(out, CallFinished(outcome="answered", usage=USAGE, cost=cost(USAGE, RATES)))
    assert ids(remembered)[0] == out
    assert remembered.rows == 451


def test_another_ledger_in_its_place_is_read_anew(store: Store) -> None:
    remembered = Remembered(store.ledger)
    for _ in range(3):
        billed(store)
    remembered.now()
    with store._database.write() as transaction:
        transaction.execute(calls.delete())
        transaction.execute(calls.insert().values(_row(store)))
    assert ids(remembered) == [1]


def _row(store: Store) -> Mapping[str, object]:
    return {
        "id": 1,
        "owner": store._database.owner,
        "process": "p",
        "purpose": "reply",
        "connection": "c",
        "base_url": "u",
        "model_asked": "m",
        "outcome": "answered",
        "started": datetime(2026, 11, 1, tzinfo=UTC) - timedelta(days=1),
        "input_estimate": 1,
    }


def test_the_parts_of_one_call_are_whole_numbers_that_add_up(store: Store) -> None:
    paid = cost(replace(USAGE, input_tokens=1_001, cached_tokens=3, output_tokens=7, reasoning_tokens=5), RATES)
    billed(store, paid)
    row = Remembered(store.ledger).now().calls.iloc[0]
    assert sum(int(row[f"money_{name}"]) for name in BUCKETS) == paid.nanodollars == bill([paid]).nanodollars
