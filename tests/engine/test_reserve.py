"""Budgets over whole turns: nothing is asked for that might pass a limit, and what was said is kept."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from chatbot.core.budgets import Standing
from chatbot.core.errors import TurnFailed
from chatbot.core.events import CallStarted, Event, Failed, Finished, check_grammar
from chatbot.core.money import Usage
from chatbot.core.pricing import LOCAL, Cost, unknown
from chatbot.core.settings import Options
from chatbot.engine.actions import Retry, Say
from chatbot.engine.engine import Engine
from chatbot.engine.reserve import MOST_OUTPUT
from chatbot.providers.provider import Request
from chatbot.store.store import Store
from tests.scripted import Gate, Script, Scripted, text
from tests.store.test_races import at_once

OPTIONS = Options(connection="c", model="dear", system="", max_output=10)


def price(base_url: str, models: Sequence[str], usage: Usage, *, tier: str | None, at: datetime) -> Cost:
    """One nano-dollar for a token in, ten for one out; a tenth of that for the cheap model."""
    if models[0] == "unknown":
        return unknown("no price")
    if models[0] == "local":
        return LOCAL
    each = 10 if models[-1] == "cheap" else 100
    return Cost(
        nanodollars=each * ((usage.input_tokens or 0) + 10 * (usage.output_tokens or 0)) // 100, source="computed"
    )


def engine_on(store: Store, *scripts: Script, **more: object) -> tuple[Engine, Scripted]:
    provider = Scripted(*scripts)
    given: dict[str, object] = {"price": price, "sure": lambda model: True, "count": lambda model: len, **more}
    return Engine(store, provider.outside(**given)), provider


def events_of(engine: Engine, words: str, options: Options = OPTIONS) -> list[Event]:
    turn = engine.start(None, Say(words), options=options)
    events = [event for batch in turn.follow() for event in batch]
    check_grammar(events)
    return events


def standing(store: Store) -> Standing:
    [found] = store.ledger.budgets.standings(conversation=None, model="dear")
    return found


@pytest.fixture(autouse=True)
def sums_agree(store: Store) -> Iterator[None]:
    yield
    for kept, counted in store.ledger.budgets.recounted():
        assert kept == counted


def test_a_reply_within_the_limit_is_held_for_and_settled(store: Store) -> None:
    gate = Gate()
    engine, provider = engine_on(store, [gate, *text("Hello", usage=Usage(input_tokens=20, output_tokens=3))])
    store.ledger.budgets.set("month", 1000)
    turn = engine.start(None, Say("x" * 20), options=OPTIONS)
    assert gate.reached.wait(5)
    # 20 tokens, the frame of 4 and the envelope of 8 in; 10 out.
    assert (standing(store).spent, standing(store).held) == (0, 132)
    gate.opened.set()
    turn.wait(5)
    assert (standing(store).spent, standing(store).held) == (50, 0)
    assert len(store.ledger.calls()) == 1
    assert provider.requests[0].max_output == 10


def test_over_the_limit_nothing_is_sent_and_the_words_are_kept(store: Store) -> None:
    engine, provider = engine_on(store, text("Hello"), models=lambda name: ("dear", "cheap", "unknown"))
    store.ledger.budgets.set("month", 100)
    turn = engine.start(None, Say("x" * 20), options=OPTIONS)
    *_, last = [event for batch in turn.follow() for event in batch]
    assert isinstance(last, Failed)
    assert (last.state, last.kind, last.way_out) == ("blocked", "OverBudget", "raise_budget")
    assert "pass your limit of $0.0000001 for" in last.sentence
    assert "It can cost up to < $0.0001." in last.sentence
    assert last.sentence.endswith("cheap would fit (at most < $0.0001).")
    assert provider.requests == []
    assert store.ledger.calls() == []
    view = engine.view(turn.conversation)
    assert [(shown.role, shown.text, shown.state) for shown in view.shown] == [
        ("user", "x" * 20, "complete"),
        ("assistant", "", "blocked"),
    ]
    # The cheaper model fits, and so does the dear one once the limit is raised.
    again = engine.start(turn.conversation, Retry(turn.reply), options=replace(OPTIONS, model="cheap"))
    again.wait(5)
    assert isinstance(again.ending, Finished)
    store.ledger.budgets.set("month", 10_000)
    more = engine.start(turn.conversation, Retry(turn.reply), options=OPTIONS)
    more.wait(5)
    assert isinstance(more.ending, Finished)


def test_asking_raises_the_same_sentence(store: Store) -> None:
    engine, _ = engine_on(store, text("Hello"))
    store.ledger.budgets.set("day", 1)
    with pytest.raises(TurnFailed, match="limit of") as caught:
        engine.ask(None, Say("Hi"), options=OPTIONS)
    assert caught.value.way_out == "raise_budget"


def test_a_reply_without_a_limit_gets_one_while_a_budget_is_on(store: Store) -> None:
    engine, provider = engine_on(store, text("Hello"))
    free = replace(OPTIONS, max_output=None)
    events_of(engine, "Hi", free)
    store.ledger.budgets.set("month", 10**9)
    events_of(engine, "Hi", free)
    assert [request.max_output for request in provider.requests] == [None, MOST_OUTPUT]


def test_a_model_without_a_price_asks_first(store: Store) -> None:
    engine, provider = engine_on(store, text("Hello"))
    mystery = replace(OPTIONS, model="unknown")
    assert isinstance(events_of(engine, "Hi", mystery)[-1], Finished)  # no budget, no question
    store.ledger.budgets.set("month", 10**9)
    [*_, last] = events_of(engine, "Hi", mystery)
    assert isinstance(last, Failed)
    assert (last.state, last.kind, last.way_out) == ("blocked", "Unpriced", "unpriced")
    assert "No price is known for unknown, so it cannot be held to your limit of $1 for" in last.sentence
    assert len(provider.requests) == 1
    assert isinstance(events_of(engine, "Hi", replace(mystery, allow_unpriced=True))[-1], Finished)


def test_what_runs_on_this_machine_needs_no_room(store: Store) -> None:
    engine, _ = engine_on(store, text("Hello"))
    store.ledger.budgets.set("month", 0)
    assert isinstance(events_of(engine, "Hi", replace(OPTIONS, model="local"))[-1], Finished)
    assert isinstance(events_of(engine, "Hi")[-1], Failed)


def test_each_attempt_is_held_for_anew(store: Store) -> None:
    from chatbot.core.errors import Busy

    engine, _ = engine_on(store, [Busy("Busy.", retry_after=0.01)], text("Hello"))
    store.ledger.budgets.set("month", 10**6)
    events = events_of(engine, "Hi")
    assert sum(isinstance(event, CallStarted) for event in events) == 2
    assert [call.outcome for call in store.ledger.calls()] == ["refused", "answered"]
    assert standing(store).held == 0


def test_a_temporary_chat_is_held_to_the_same_limits(store: Store) -> None:
    words = Store.temporary()
    provider = Scripted(text("Hello"))
    outside = provider.outside(price=price, count=lambda model: len, sure=lambda model: True)
    engine = Engine(words, outside, bills=store)
    store.ledger.budgets.set("month", 50)
    [*_, last] = events_of(engine, "Hi")
    assert isinstance(last, Failed)
    store.ledger.budgets.set("month", 500)
    assert isinstance(events_of(engine, "Hi")[-1], Finished)
    words.close()


def test_where_the_server_ignores_the_limit_the_row_says_so(store: Store) -> None:
    engine, _ = engine_on(store, text("Hello", usage=Usage(input_tokens=20, output_tokens=500)))
    store.ledger.budgets.set("month", 1000)
    events_of(engine, "x" * 20)
    [call] = store.ledger.calls()
    assert (call.held, call.cost.nanodollars) == (132, 5020)
    assert standing(store).spent == 5020
    assert isinstance(events_of(engine, "Hi")[-1], Failed)


def test_fifty_turns_at_once_never_pass_the_limit(store: Store) -> None:
    def answer(request: Request) -> Script:
        assert request.max_output is not None
        return text("Hello", usage=Usage(input_tokens=len(request.messages[0]["content"] or "") + 12, output_tokens=7))

    engine, provider = engine_on(store, answer)  # type: ignore[arg-type]
    store.ledger.budgets.set("month", 3_000)
    store.ledger.budgets.set("day", 3_500)
    store.ledger.budgets.set("model", 4_000, subject="d*")

    def work(n: int) -> bool:
        turn = engine.start(None, Say("x" * 20), options=OPTIONS)
        turn.wait(60)
        return isinstance(turn.ending, Finished)

    passed = sum(at_once(50, work))
    assert passed == len(provider.requests) == len(store.ledger.calls())
    spent = [kept.spent for kept, _ in store.ledger.budgets.recounted()]
    assert spent == [passed * 102] * 3
    # Each holds 132 and costs 102: so many pass for certain, and with all ended there is room for no fewer.
    assert 3_000 // 132 <= passed <= 3_000 // 102
