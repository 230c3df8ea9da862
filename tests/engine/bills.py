"""A ledger with calls of known days, and bills that fit it."""

from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import update

from chatbot.core.events import CallFinished
from chatbot.core.money import Usage
from chatbot.core.pricing import Cost, unknown
from chatbot.store.store import Store
from chatbot.store.tables import calls
from tests.store.scene import call

OPENAI = "https://api.openai.com/v1"
LUNA = "gpt-6-luna-2026-05-01"
DAY = date(2026, 11, 3)
HEAD = "start_time_iso,model,num_model_requests,input_tokens,input_cached_tokens,output_tokens,amount_value\n"


def spend(
    store: Store,
    nano: int | None,
    *,
    day: date = DAY,
    model: str = "gpt-6-luna",
    answered: str | None = LUNA,
    tokens: tuple[int, int, int] = (1000, 0, 200),
    connection: str = "openai",
    base_url: str = OPENAI,
    **more: Any,
) -> None:
    """One settled call at noon of the day, in UTC; None has no price."""
    sent, cached, said = tokens
    usage = Usage(input_tokens=sent, cached_tokens=cached, output_tokens=said)
    number = call(store, connection=connection, base_url=base_url, model=model)
    cost = unknown("no price") if nano is None else Cost(nanodollars=nano, source=more.pop("source", "computed"))
    event = CallFinished(**{"outcome": "answered", "model": answered, "usage": usage, "cost": cost, **more})
    store.ledger.settle(number, event)
    with store._database.write() as transaction:
        at = datetime.combine(day, time(12), UTC)
        transaction.execute(update(calls).where(calls.c.id == number).values(started=at))


def line(
    amount: str, *, day: date = DAY, model: str = LUNA, requests: int = 1, tokens: tuple[int, int, int] = (1000, 0, 200)
) -> str:
    return f"{day}T00:00:00+00:00,{model},{requests},{','.join(map(str, tokens))},{amount}\n"
