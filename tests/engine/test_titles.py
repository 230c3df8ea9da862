"""Titles go to a cheap model: which one is asked, what the bill says of it, and what its price may not do."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from chatbot.core.errors import Busy, Forbidden, ModelUnknown, ProviderError
from chatbot.core.events import Finished
from chatbot.core.money import Usage
from chatbot.core.pricing import Cost, unknown
from chatbot.core.settings import Connection, Options
from chatbot.engine.actions import Say
from chatbot.engine.cheap import cheap_model_of
from chatbot.engine.engine import Engine
from chatbot.engine.open import open_engine
from chatbot.home.home import Home
from chatbot.providers.provider import Request
from chatbot.store.store import Store
from chatbot.store.values import Call
from tests.scripted import Script, Scripted, text

OPTIONS = Options(connection="c", model="dear", system="", max_output=10)
EACH = {"dear": 100, "cheap": 1, "middling": 90, "dearest": 1000}  # nano-dollars per token


def price(base_url: str, models: Sequence[str], usage: Usage, *, tier: str | None, at: datetime) -> Cost:
    each = EACH.get(models[-1])
    if each is None:
        return unknown("no price")
    return Cost(nanodollars=each * ((usage.input_tokens or 0) + (usage.output_tokens or 0)), source="computed")


def named(store: Store, script: Script, *, cheap: str | None = "cheap", budget: int = 0) -> tuple[Scripted, list[Call]]:
    """One exchange with `dear`, then a title; `script` answers the cheap model."""

    def answer(request: Request) -> Script:
        if request.model == "dear":
            return text('"Greetings"' if len(requests) > 1 else "Hi")
        return script

    provider = Scripted(answer)
    requests = provider.requests
    outside = provider.outside(
        titles=lambda name: True,
        cheap=lambda name: cheap,
        price=price,
        count=lambda model: len,
        sure=lambda model: True,
    )
    engine = Engine(store, outside)
    if budget:
        store.ledger.budgets.set("month", budget)
    turn = engine.start(None, Say("Hello"), options=OPTIONS)
    assert turn.wait(5)
    assert isinstance(turn.ending, Finished)
    until = time.monotonic() + 5
    while engine.naming(turn.conversation) and time.monotonic() < until:
        time.sleep(0.01)
    for kept, counted in store.ledger.budgets.recounted():
        assert kept == counted
    calls = store.ledger.calls()
    assert all(call.outcome is not None for call in calls)
    return provider, [call for call in calls if call.purpose == "title"]


def title(store: Store) -> str:
    [line] = store.conversations.lines()
    return line.title


def test_the_cheap_model_of_the_connection_names_the_conversation(store: Store) -> None:
    provider, [call] = named(store, text("Hello there"))
    assert [request.model for request in provider.requests] == ["dear", "cheap"]
    assert (call.model_asked, call.instead_of, call.outcome) == ("cheap", "dear", "answered")
    assert call.cost.nanodollars == 14
    assert title(store) == "Hello there"


@pytest.mark.parametrize("cheap", [None, "dear", "dearest"])
def test_where_no_other_is_known_to_be_cheap_the_chats_own_is_asked(store: Store, cheap: str | None) -> None:
    provider, [call] = named(store, text("wrong"), cheap=cheap)
    assert [request.model for request in provider.requests] == ["dear", "dear"]
    assert (call.model_asked, call.instead_of) == ("dear", None)
    assert title(store) == "Greetings"


@pytest.mark.parametrize("error", [ModelUnknown("No such model.", status=404), Forbidden("Not for you.", status=403)])
def test_a_model_that_is_not_there_is_stood_in_for_once(store: Store, error: ProviderError) -> None:
    provider, calls = named(store, [error])
    assert [request.model for request in provider.requests] == ["dear", "cheap", "dear"]
    assert [(call.model_asked, call.instead_of, call.outcome) for call in calls] == [
        ("cheap", "dear", "refused"),
        ("dear", None, "answered"),
    ]
    assert (calls[0].cost.source, calls[1].cost.nanodollars) == ("free", 1400)
    assert title(store) == "Greetings"


def test_a_server_that_is_busy_is_not_asked_again(store: Store) -> None:
    provider, [call] = named(store, [Busy("Busy.")])
    assert len(provider.requests) == 2
    assert (call.outcome, title(store)) == ("refused", "Hello")


def test_the_limits_hold_for_the_price_of_the_cheap_model(store: Store) -> None:
    # The reply costs 1,400; a title by `dear` could cost another 20,000 and more, by `cheap` some 400 at most.
    _, [call] = named(store, text("Hello there"), budget=6_000)
    assert (call.model_asked, call.instead_of) == ("cheap", "dear")
    assert call.held is not None
    assert 200 < call.held < 1_000
    assert title(store) == "Hello there"


def test_over_the_limit_there_is_no_title(store: Store) -> None:
    provider, calls = named(store, text("Hello there"), cheap="middling", budget=2_950)
    assert calls == []
    assert len(provider.requests) == 1
    assert title(store) == "Hello"


def test_a_cheap_model_without_a_price_is_not_asked_while_a_limit_is_set(store: Store) -> None:
    provider, [call] = named(store, text("wrong"), cheap="mystery", budget=10**6)
    assert [request.model for request in provider.requests] == ["dear", "dear"]
    assert (call.model_asked, call.instead_of) == ("dear", None)


def test_the_persons_choice_goes_before_the_vendors() -> None:
    openai = Connection(name="openai", base_url="https://api.openai.com/v1", model="gpt-6-sol")
    assert cheap_model_of(openai) == "gpt-6-luna"
    assert cheap_model_of(replace(openai, cheap_model="gpt-5-nano")) == "gpt-5-nano"
    assert cheap_model_of(replace(openai, base_url="https://llm.example.com/v1")) is None


def test_the_house_takes_it_from_the_settings(tmp_path: Path) -> None:
    home = Home.open({"BYTEBOT_DATA_DIR": str(tmp_path)}, cwd=tmp_path)
    home.save_connection(
        Connection(name="work", base_url="https://llm.example.com/v1", model="big", cheap_model="small")
    )
    engine = open_engine(home)
    try:
        assert (engine.outside.cheap("work"), engine.outside.models("work")) == ("small", ["big", "small"])
    finally:
        engine.close()
