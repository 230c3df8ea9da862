"""Sums over the ledger by day, model, conversation and purpose, on both databases."""

import random
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.schema import DropIndex

from chatbot.core.bill import Bill, bill
from chatbot.core.events import CallFinished
from chatbot.core.pricing import FREE, Cost, unknown
from chatbot.core.settings import Options
from chatbot.store.spent import add_up_anew
from chatbot.store.store import Store
from chatbot.store.tables import calls
from chatbot.store.tables import spent as sums
from tests.store.scene import begin, call, exchange


def spent(
    store: Store, amount: int | None, at: datetime | None = None, *, answered: str | None = None, **how: object
) -> None:
    cost = unknown("no price") if amount is None else Cost(nanodollars=amount, source="computed")
    number = call(store, **how)
    if at is not None:
        with store._database.write() as transaction:
            transaction.execute(update(calls).where(calls.c.id == number).values(started=at))
    store.ledger.settle(number, CallFinished(outcome="answered", model=answered, cost=cost))


@given(
    st.lists(
        st.tuples(
            st.integers(0, 4 * 10**9),
            st.sampled_from(["computed", "estimated", "local", "free", "unknown"]),
            st.integers(0, 10**15),
        ),
        max_size=12,
    ),
    st.integers(0, 4 * 10**9),
)
@settings(max_examples=40, deadline=None)
def test_the_kept_sums_are_those_of_the_rows(made: list[tuple[int, str, int]], begin: int) -> None:
    store = Store.temporary()
    begin -= begin % 900
    since = datetime.fromtimestamp(begin, UTC)
    expected = Bill()
    near = [(begin + (amount % 60 - 30) * 3600, source, amount) for _, source, amount in made]
    for moment, source, amount in [*made, *near]:
        at = datetime.fromtimestamp(moment, UTC)
        nanodollars = None if source == "unknown" else 0 if source in ("local", "free") else amount
        cost = Cost(nanodollars=nanodollars, source=source)  # type: ignore[arg-type]
        number = call(store)
        with store._database.write() as transaction:
            transaction.execute(update(calls).where(calls.c.id == number).values(started=at))
        assert store.ledger.settle(number, CallFinished(outcome="answered", cost=cost))
        if at >= since:
            expected += bill([cost])
    assert store.ledger.total(since=since) == expected
    store.close()


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
    assert [(id, title, bill.nanodollars) for id, title, bill in store.ledger.by_conversation()] == [
        (None, "no conversation", 4),
        (twin.conversation, "Kept", 3),
        (None, "deleted conversation", 2),
        (kept.conversation, "Kept", 1),
    ]


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


@pytest.mark.parametrize("by", ["day", "model", "purpose", "connection", "prompt"])
def test_nothing_was_spent(store: Store, by: str) -> None:
    assert store.ledger.spend(by) == {}  # type: ignore[arg-type]
    assert store.ledger.by_conversation() == []


def test_sums_that_are_made_anew_are_those_that_were_kept(store: Store) -> None:
    for hour, amount in enumerate((5, None, 7, 11)):
        spent(store, amount, datetime(2026, 11, 24, 6 * hour, 59, 59, 999_999, UTC))
    with store._database.read() as transaction:
        kept = transaction.execute(select(sums).order_by(sums.c.seconds, sums.c.number)).all()
    assert len(kept) == 5
    add_up_anew(store._database)
    with store._database.read() as transaction:
        assert transaction.execute(select(sums).order_by(sums.c.seconds, sums.c.number)).all() == kept


@pytest.mark.timeout(300)
def test_a_million_calls_add_up_to_the_last_digit(database_url: str) -> None:
    """Amounts of every size, as the ledger keeps them, against decimal arithmetic."""
    store = Store.open(database_url)
    dice = random.Random(5)
    amounts = [dice.getrandbits(40) >> dice.getrandbits(5) for _ in range(1_000_000)]
    moment = datetime(2026, 11, 25, tzinfo=UTC)
    fixed = ("local", "p", "reply", "c", "u", "m", "answered", moment, 0, "computed")
    names = (
        "owner", "process", "purpose", "connection", "base_url", "model_asked", "outcome", "started", "input_estimate",
        "cost_source", "nanodollars",
    )  # fmt: skip
    with store._database.write() as transaction:
        for index in calls.indexes:  # filling them would take most of the time
            transaction.execute(DropIndex(index))
        raw = transaction.connection.driver_connection
        assert raw is not None
        if store._database.sqlite:
            marks = ", ".join("?" * len(names))
            stored = [*fixed[:7], "2026-11-25 00:00:00.000000", *fixed[8:]]
            rows = ((*stored, amount) for amount in amounts)
            raw.executemany(f"INSERT INTO calls ({', '.join(names)}) VALUES ({marks})", rows)
        else:
            with raw.cursor().copy(f"COPY calls ({', '.join(names)}) FROM STDIN") as copy:
                row = "\t".join(map(str, fixed))
                copy.write("".join(f"{row}\t{amount}\n" for amount in amounts))
    exact = sum(map(Decimal, amounts), Decimal(0)) / 10**9
    [(_, whole)] = store.ledger.spend("model").items()
    assert Decimal(whole.nanodollars) / 10**9 == exact
    assert (whole.calls, whole.unpriced) == (1_000_000, 0)
    [(_, day)] = store.ledger.spend("day").items()
    assert day == whole
    store.close()
