"""Sums over the ledger by day, model, conversation and purpose, on both databases."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from chatbot.core.bill import Bill
from chatbot.core.events import CallFinished
from chatbot.core.pricing import FREE, Cost, unknown
from chatbot.core.settings import Options
from chatbot.store.store import Store
from chatbot.store.tables import calls
from tests.store.scene import begin, call, exchange


def spent(
    store: Store, amount: int | None, at: datetime | None = None, *, answered: str | None = None, **how: object
) -> None:
    cost = unknown("no price") if amount is None else Cost(nanodollars=amount, source="computed")
    number = call(store, **how)
    store.ledger.settle(number, CallFinished(outcome="answered", model=answered, cost=cost))
    if at is not None:
        with store._database.write() as transaction:
            transaction.execute(update(calls).where(calls.c.id == number).values(started=at))


def money(found: dict[str, Bill]) -> list[tuple[str, int]]:
    return [(name, bill.nanodollars) for name, bill in found.items()]


def test_days_are_those_of_the_readers_zone(store: Store) -> None:
    spent(store, 1, datetime(2026, 10, 31, 18, 29, 59, 999_999, UTC))
    spent(store, 2, datetime(2026, 10, 31, 18, 30, 0, 0, UTC))
    spent(store, 4, datetime(2026, 11, 1, 12, 0, 0, 0, UTC))
    assert money(store.ledger.spend("day")) == [("2026-10-31", 3), ("2026-11-01", 4)]
    # Half an hour beside the hours of Greenwich.
    kolkata = ZoneInfo("Asia/Kolkata")
    assert money(store.ledger.spend("day", zone=kolkata)) == [("2026-10-31", 1), ("2026-11-01", 6)]
    since = datetime(2026, 11, 1, tzinfo=kolkata)
    assert money(store.ledger.spend("day", zone=kolkata, since=since)) == [("2026-11-01", 6)]


def test_a_day_of_a_clock_change_is_one_day(store: Store) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    for hour in range(22, 24):
        spent(store, 1, datetime(2026, 10, 24, hour, 0, 0, 0, UTC))
    spent(store, 1, datetime(2026, 10, 25, 22, 59, 0, 0, UTC))
    spent(store, 10, datetime(2026, 10, 25, 23, 0, 0, 0, UTC))
    assert money(store.ledger.spend("day", zone=berlin)) == [("2026-10-25", 3), ("2026-10-26", 10)]


def test_models_go_by_the_name_that_answered(store: Store) -> None:
    spent(store, 5, answered="luna-2026", model="luna")
    spent(store, 7, model="luna")
    spent(store, None, model="nobody")
    found = store.ledger.spend("model")
    assert money(found) == [("luna", 7), ("luna-2026", 5), ("nobody", 0)]
    assert not found["nobody"].known


def test_conversations_keep_their_bill_when_they_are_gone(store: Store) -> None:
    kept, gone, twin = exchange(store, text="Kept"), exchange(store, text="Gone"), exchange(store, text="Kept")
    spent(store, 1, begun=kept)
    spent(store, 2, begun=gone)
    spent(store, 3, begun=twin)
    spent(store, 4)
    store.conversations.delete(gone.conversation)
    names = money(store.ledger.spend("conversation"))
    assert [amount for _, amount in names] == [4, 3, 2, 1]
    assert [name for name, _ in names][:3] == ["no conversation", "Kept", "deleted conversation"]
    assert names[3][0] == f"Kept ({kept.conversation})"


def test_purposes_are_told_apart_and_another_owner_is_not_seen(store: Store) -> None:
    spent(store, 1, purpose="reply")
    spent(store, 2, purpose="title")
    call(store, begin(store))  # still out
    assert money(store.ledger.spend("purpose")) == [("title", 2), ("reply", 1)]
    with store._database.write() as transaction:
        transaction.execute(update(calls).values(owner="somebody else"))
    assert store.ledger.spend("purpose") == {}


def test_what_follows_a_refused_call_of_the_same_reply_is_a_retry(store: Store) -> None:
    first, other = exchange(store), exchange(store)
    store.ledger.settle(call(store, first), CallFinished(outcome="refused", cost=FREE))
    spent(store, 1, begun=first)
    spent(store, 2, begun=first, purpose="summary")
    spent(store, 4, begun=other)
    store.ledger.settle(
        call(store, other), CallFinished(outcome="uncertain", cost=Cost(nanodollars=8, source="estimated"))
    )
    spent(store, 16, begun=other)
    spent(store, 32, purpose="title")
    spent(store, 64)
    assert money(store.ledger.spend("purpose")) == [("reply", 76), ("title", 32), ("retry", 19)]


def test_connections_and_prompts(store: Store) -> None:
    for number, system in enumerate(("Be kind.", "Be  kind.", "", "Be kind.")):
        begun = exchange(store, options=Options(connection="fake", model="m-1", system=system))
        spent(store, 1 << number, begun=begun, connection="one" if number else "two")
    store.conversations.delete(begun.conversation)
    spent(store, 16, purpose="title", connection="one")
    spent(store, 32, connection="two")
    assert money(store.ledger.spend("connection")) == [("two", 33), ("one", 30)]
    assert money(store.ledger.spend("prompt")) == [
        ("unknown prompt", 40),
        ("naming conversations", 16),
        ("no system prompt", 4),
        ("Be kind.", 2),
        ("Be kind. (2)", 1),
    ]


@pytest.mark.parametrize("by", ["day", "model", "conversation", "purpose", "connection", "prompt"])
def test_nothing_was_spent(store: Store, by: str) -> None:
    assert store.ledger.spend(by) == {}  # type: ignore[arg-type]
