"""What was used by UTC day and model, on both databases."""

from datetime import UTC, date, datetime

from sqlalchemy import update

from chatbot.core.bill import Bill
from chatbot.core.events import CallFinished, Outcome
from chatbot.core.money import Usage
from chatbot.core.pricing import FREE, Cost, unknown
from chatbot.core.reconcile import Used
from chatbot.store.store import Store
from chatbot.store.tables import calls
from tests.store.scene import call

URL = "https://api.openai.com/v1"
DAY = date(2026, 11, 3)
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)


def spent(
    store: Store,
    cost: Cost | int,
    at: datetime = NOON,
    *,
    usage: Usage | None = None,
    answered: str | None = None,
    tier: str | None = None,
    outcome: Outcome = "answered",
    **how: object,
) -> None:
    number = call(store, **{"base_url": URL, **how})
    cost = Cost(nanodollars=cost, source="computed") if isinstance(cost, int) else cost
    finished = CallFinished(outcome=outcome, model=answered, usage=usage, cost=cost, service_tier=tier)
    store.ledger.settle(number, finished)
    with store._database.write() as transaction:
        transaction.execute(update(calls).where(calls.c.id == number).values(started=at))


def test_days_are_utc_and_models_go_by_the_name_that_answered(store: Store) -> None:
    usage = Usage(input_tokens=100, cached_tokens=40, output_tokens=7)
    spent(store, 5, usage=usage, answered="luna-2026", model="luna", tier="default")
    spent(store, 7, usage=usage, answered="luna-2026", model="luna", tier="flex")
    spent(store, unknown("no price"), model="luna", outcome="stopped")
    spent(store, Cost(nanodollars=2, source="estimated"), datetime(2026, 11, 3, 23, 59, 59, 999_000, UTC), model="luna")
    spent(store, 9, datetime(2026, 11, 4, tzinfo=UTC), model="luna")
    spent(store, FREE, model="luna", outcome="refused")
    call(store, base_url=URL)  # still out
    assert store.ledger.used(DAY, DAY, base_urls={URL}) == [
        Used(day=DAY, model="luna", bill=Bill(nanodollars=2, calls=2, estimated=1, unpriced=1), uncertain=1),
        Used(
            day=DAY,
            model="luna-2026",
            bill=Bill(nanodollars=12, calls=2),
            input_tokens=200,
            cached_tokens=80,
            output_tokens=14,
            tiers=frozenset({"flex"}),
        ),
    ]
    assert [one.day.day for one in store.ledger.used(DAY, date(2026, 11, 4), base_urls={URL})] == [3, 3, 4]
    assert store.ledger.used(date(2026, 11, 5), date(2026, 11, 6), base_urls={URL}) == []


def test_only_the_addresses_and_the_connection_that_are_asked_for(store: Store) -> None:
    spent(store, 1, connection="one")
    spent(store, 2, connection="two")
    spent(store, 4, connection="one", base_url="https://example.com/v1")

    def sums(urls: set[str], connection: str | None = None) -> list[int]:
        return [one.bill.nanodollars for one in store.ledger.used(DAY, DAY, base_urls=urls, connection=connection)]

    assert sums({URL}) == [3]
    assert sums({URL, "https://example.com/v1"}) == [7]
    assert sums({URL, "https://example.com/v1"}, "one") == [5]
    assert sums(set()) == []
    assert store.ledger.addresses() == [("one", URL), ("one", "https://example.com/v1"), ("two", URL)]
    with store._database.write() as transaction:
        transaction.execute(update(calls).values(owner="somebody else"))
    assert (sums({URL}), store.ledger.addresses()) == ([], [])
