"""Budgets hold, whoever calls at the same time: on both databases."""

import random
import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from chatbot.core.budgets import Budget
from chatbot.core.errors import NotFound, OverBudget
from chatbot.core.events import CallFinished
from chatbot.core.pricing import Cost, unknown
from chatbot.store.lease import this_process
from chatbot.store.store import Store
from chatbot.store.tables import calls, counters, holds
from tests.store.scene import begin, call, dead_process, exchange
from tests.store.test_races import at_once


def settle(store: Store, number: int, amount: int | None) -> None:
    cost = unknown("no price") if amount is None else Cost(nanodollars=amount, source="computed")
    assert store.ledger.settle(number, CallFinished(outcome="answered", cost=cost))


def standing(store: Store, **about: str | None) -> tuple[int, int]:
    [found] = store.ledger.budgets.standings(**{"conversation": None, "model": "m-1", **about})  # type: ignore[arg-type]
    return found.spent, found.held


def assert_counters_are_the_ledgers(store: Store) -> None:
    for kept, counted in store.ledger.budgets.recounted():
        assert kept == counted


def test_what_a_call_may_cost_is_held_and_what_it_did_cost_is_spent(store: Store) -> None:
    store.ledger.budgets.set("day", 100)
    first = call(store, most=60)
    assert standing(store) == (0, 60)
    with pytest.raises(OverBudget, match=r"pass your limit of \$0.0000001 for .* \(\$0.00 spent, < \$0.0001 held"):
        call(store, most=41)
    second = call(store, most=40)
    settle(store, first, 25)
    settle(store, second, None)
    assert standing(store) == (25, 0)
    assert not store.ledger.settle(first, CallFinished(outcome="answered", cost=Cost(nanodollars=9, source="computed")))
    assert standing(store) == (25, 0)
    assert len(store.ledger.calls()) == 2  # the refused one was never recorded
    assert_counters_are_the_ledgers(store)


def test_a_limit_counts_what_was_spent_before_it_was_set(store: Store) -> None:
    settle(store, call(store), 70)
    open_before = call(store)
    store.ledger.budgets.set("month", 100)
    assert standing(store) == (70, 0)
    with pytest.raises(OverBudget):
        call(store, most=31)
    settle(store, open_before, 20)
    assert standing(store) == (90, 0)
    settle(store, call(store, most=10), 10)
    assert standing(store) == (100, 0)
    assert_counters_are_the_ledgers(store)


def test_each_kind_counts_what_is_its_own(store: Store) -> None:
    one, other = exchange(store), exchange(store)
    budgets = store.ledger.budgets
    each = budgets.set("conversation", 10)
    this = budgets.set("conversation", 5, subject=one.conversation)
    model = budgets.set("model", 20, subject="M-*")
    settle(store, call(store, one, most=5), 4)
    with pytest.raises(OverBudget) as caught:
        call(store, one, most=2)
    assert caught.value.standing.budget == this
    settle(store, call(store, other, most=9), 9)
    with pytest.raises(OverBudget) as caught:
        call(store, other, most=2)
    assert caught.value.standing.budget == each
    settle(store, call(store, most=7), 7)  # of no conversation, as titles of temporary chats are
    with pytest.raises(OverBudget) as caught:
        call(store, most=1)
    assert caught.value.standing.budget == model
    call(store, model="another", most=1000)
    assert [found.spent for found in budgets.standings(conversation=one.conversation, model="m-1")] == [4, 4, 20]
    assert_counters_are_the_ledgers(store)


def test_a_call_belongs_to_the_period_in_which_it_began(store: Store) -> None:
    budget = store.ledger.budgets.set("day", 100, zone="Asia/Kolkata")
    number = call(store)
    with store._database.write() as transaction:
        before = datetime(2026, 11, 24, 18, 29, tzinfo=UTC)
        transaction.execute(update(calls).where(calls.c.id == number).values(started=before))
    settle(store, number, 40)
    assert store.ledger.budgets.standing(budget, "2026-11-24").spent == 40
    assert store.ledger.budgets.standing(budget, "2026-11-25").spent == 0


def test_what_a_dead_process_held_is_spent_as_an_estimate(store: Store) -> None:
    store.ledger.budgets.set("day", 1000)
    gone = dead_process()
    begun = begin(store, process=gone)
    call(store, begun, process=gone, most=500)
    call(store, process=gone, purpose="title", most=300)
    assert standing(store) == (0, 800)
    store.turns.recover(this_process(), len, lambda *_, **__: Cost(nanodollars=7, source="estimated"))
    assert standing(store) == (14, 0)
    with store._database.read() as connection:
        assert connection.execute(select(holds)).all() == []
    assert_counters_are_the_ledgers(store)


def test_limits_are_changed_logged_and_taken_away(store: Store) -> None:
    budgets = store.ledger.budgets
    first = budgets.set("month", 10, zone="Europe/Berlin")
    number = call(store, most=8)
    with pytest.raises(OverBudget):
        call(store, most=8)
    again = budgets.set("month", 20, zone="Asia/Tokyo")
    assert again == Budget(id=first.id, kind="month", limit=20, zone="Europe/Berlin")
    call(store, most=8)
    budgets.remove(first.id)
    assert budgets.all() == []
    settle(store, number, 5)  # its hold went with the limit
    call(store, most=10**15)
    assert [(one.before, one.after) for one in budgets.changes()] == [(20, None), (10, 20), (None, 10)]
    with pytest.raises(NotFound, match="no limit"):
        budgets.remove(first.id)
    with store._database.read() as connection:
        assert connection.execute(select(counters)).all() == []


def test_another_owners_limits_are_none_of_ours(store_url: str) -> None:
    ours, theirs = Store.open(store_url), Store.open(store_url, owner="somebody")
    theirs.ledger.budgets.set("month", 1)
    call(ours, most=10**9)
    assert ours.ledger.budgets.all() == []
    with pytest.raises(OverBudget):
        call(theirs, most=2)
    ours.close()
    theirs.close()


def test_fifty_at_once_never_pass_any_of_four_limits(store: Store) -> None:
    budgets = store.ledger.budgets
    conversations = [exchange(store) for _ in range(3)]
    for kind, limit, subject in (
        ("month", 3000, ""),
        ("day", 2500, ""),
        ("conversation", 900, ""),
        ("model", 1500, "m-1"),
    ):
        budgets.set(kind, limit, subject=subject)  # type: ignore[arg-type]
    over, wrong = [], []
    watching = threading.Event()

    def watch() -> None:
        while not watching.wait(0.01):
            for kept, _ in budgets.recounted():
                if kept.spent + kept.held > kept.budget.limit:
                    over.append(kept)

    def work(n: int) -> int:
        made = 0
        dice = random.Random(n)
        for _ in range(6):
            most = dice.randint(1, 200)
            where = conversations[dice.randrange(3)]
            try:
                number = call(store, where, model=f"m-{dice.randrange(2)}", most=most)
            except OverBudget as full:
                if full.standing.room >= most + 200 * 50:  # room for this one and for all that may have been open
                    wrong.append(full.standing)
                continue
            made += 1
            settle(store, number, dice.randint(0, most))
        return made

    looking = threading.Thread(target=watch)
    looking.start()
    made = sum(at_once(50, work))
    watching.set()
    looking.join()
    assert over == []
    assert wrong == []
    assert made > 10
    for kept, counted in budgets.recounted():
        assert kept == counted
        assert kept.held == 0
        assert kept.spent <= kept.budget.limit


def test_none_is_refused_while_there_is_room(store: Store) -> None:
    """Fifty that fit exactly all pass; the fifty-first does not."""
    store.ledger.budgets.set("month", 5000)
    store.ledger.budgets.set("day", 5000)
    numbers = at_once(50, lambda n: call(store, most=100))
    assert len(set(numbers)) == 50
    with pytest.raises(OverBudget):
        call(store, most=1)
    at_once(50, lambda n: settle(store, numbers[n], 100))
    assert {(kept.spent, kept.held) for kept, _ in store.ledger.budgets.recounted()} == {(5000, 0)}
    assert_counters_are_the_ledgers(store)


def test_a_counter_made_while_others_settle_misses_none(store: Store) -> None:
    """The sum that a counter begins with and the calls that are settled meanwhile make a whole."""
    open_calls = [call(store) for _ in range(40)]

    def work(n: int) -> None:
        if n == 20:
            store.ledger.budgets.set("month", 10**6)
        if n % 4 == 0:
            settle(store, call(store, most=10), 3)
        settle(store, open_calls[n], 5)

    at_once(40, work)
    settle(store, call(store, most=10), 3)
    assert standing(store) == (40 * 5 + 11 * 3, 0)
    assert_counters_are_the_ledgers(store)


def test_of_several_limits_the_tightest_is_named(store: Store) -> None:
    begun = exchange(store)
    store.ledger.budgets.set("day", 100)
    tightest = store.ledger.budgets.set("conversation", 0)
    with pytest.raises(OverBudget, match=r"your limit of \$0 for this chat .* It can cost up to < \$0.0001") as caught:
        call(store, begun, most=200)
    assert caught.value.standing.budget == tightest


def test_a_limit_that_is_taken_away_while_calls_are_settled_stops_none(store: Store) -> None:
    """Whoever settles and whoever takes the limit away lock in the same order; else PostgreSQL would end one of them."""
    for _ in range(12):
        limit = store.ledger.budgets.set("month", 10**6)
        numbers = [call(store, most=10) for _ in range(6)]

        def work(n: int, limit: Budget = limit, numbers: list[int] = numbers) -> None:
            if n == 3:
                store.ledger.budgets.remove(limit.id)
            else:
                settle(store, numbers[n], 1)

        at_once(6, work)
        settle(store, numbers[3], 1)
    with store._database.read() as connection:
        assert connection.execute(select(holds)).all() == []
