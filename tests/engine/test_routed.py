"""Routed replies over the real store: who answers, what is kept of it, what it says, and what another try does."""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from chatbot.core.errors import Broken, ModelUnknown
from chatbot.core.events import Failed, Finished, Started, check_grammar
from chatbot.core.money import Usage
from chatbot.core.pricing import LOCAL, Cost, unknown
from chatbot.core.routing import Rule
from chatbot.core.settings import EMBEDDED, Options
from chatbot.engine.actions import Action, Continue, Edit, Regenerate, Retry, Say
from chatbot.engine.engine import Engine
from chatbot.engine.live import LiveTurn
from chatbot.providers.provider import Request, TextChunk
from chatbot.store.store import Store
from chatbot.store.values import StoredMessage
from tests.scripted import Gate, Script, Scripted, text

OPTIONS = Options(connection="c", model="dear", system="")
SHORT = Rule(name="short questions", to="cheap", at_most=20, without_code=True)
WHY = "rule “short questions”: at most 20 characters, no code"
LONG = "a message that is much too long to be a short question"


def price(base_url: str, models: Sequence[str], usage: Usage, *, tier: str | None, at: datetime) -> Cost:
    model = models[-1]
    if model not in ("dear", "cheap"):
        return LOCAL if model == "local" else unknown("no price")
    if usage.reported is not None:
        return Cost(nanodollars=usage.reported, source="reported")
    each = 1_000_000 if model == "dear" else 50_000
    used = (usage.input_tokens or 0) + (usage.output_tokens or 0)
    return Cost(nanodollars=each * used, source="estimated" if usage.estimated else "computed")


class House:
    def __init__(self, store: Store, *scripts: Script, rules: Sequence[Rule] = (SHORT,)) -> None:
        self.store = store
        self.rules = list(rules)
        self.provider = Scripted(*scripts)
        self.engine = Engine(store, self.provider.outside(price=price, rules=lambda: tuple(self.rules)))

    def do(self, action: Action, conversation: str | None = None, options: Options | None = OPTIONS) -> LiveTurn:
        turn = self.engine.start(conversation, action, options=options if conversation is None else None)
        check_grammar([event for batch in turn.follow() for event in batch])
        assert turn.wait(5)
        return turn

    def row(self, turn: LiveTurn) -> StoredMessage:
        return self.store.conversations.messages([turn.reply])[turn.reply]

    @property
    def asked(self) -> list[str]:
        return [request.model for request in self.provider.requests]


def test_a_message_that_a_rule_is_for_goes_to_its_model(store: Store) -> None:
    house = House(store, text("Hi"))
    turn = house.do(Say("Hello"))
    row = house.row(turn)
    assert house.asked == ["cheap"]
    assert (row.model_asked, row.options["model"], row.state) == ("cheap", "cheap", "complete")
    assert row.routed is not None
    assert (row.routed.instead_of, row.routed.why) == ("dear", WHY)
    [call] = store.ledger.calls()
    assert (call.model_asked, call.instead_of) == ("cheap", "dear")
    assert row.notes == (f"Answered by cheap ({WHY}). dear would have cost $0.0140 (this: $0.0007).",)
    # The chat is still held with the model that the person chose.
    assert store.conversations.get(turn.conversation).options == OPTIONS
    more = house.do(Say(LONG, parent=turn.reply), turn.conversation)
    assert house.asked == ["cheap", "dear"]
    assert (house.row(more).routed, house.row(more).notes) == (None, ())
    assert store.ledger.calls()[-1].instead_of is None


def test_the_reader_is_told_before_anything_comes(store: Store) -> None:
    house = House(store, text("Hi"))
    turn = house.engine.start(None, Say("Hello"), options=OPTIONS)
    first = next(event for batch in turn.follow() for event in batch)
    assert first == Started(connection="c", model="cheap", note=f"cheap answers instead of dear ({WHY}).")
    assert turn.wait(5)
    turn = house.engine.start(None, Say(LONG), options=OPTIONS)
    assert next(event for batch in turn.follow() for event in batch) == Started(connection="c", model="dear")
    assert turn.wait(5)  # what is still being written would be in the way of whoever empties the database


def test_while_it_is_written_the_row_says_why_so_that_a_crash_does_not_hide_it(store: Store) -> None:
    gate = Gate()
    house = House(store, [TextChunk("H"), gate, *text("i")])
    turn = house.engine.start(None, Say("Hello"), options=OPTIONS)
    assert gate.reached.wait(5)
    assert house.row(turn).notes == (f"cheap answers instead of dear ({WHY}).",)
    gate.opened.set()
    assert turn.wait(5)


def test_an_edited_message_goes_by_the_rules(store: Store) -> None:
    house = House(store, text("Hi"))
    turn = house.do(Say(LONG))
    user = house.engine.view(turn.conversation).shown[0].id
    house.do(Edit(user, "Hello"), turn.conversation)
    assert house.asked == ["dear", "cheap"]


def test_regenerating_asks_the_chats_own_model_or_the_one_that_is_named(store: Store) -> None:
    house = House(store, text("Hi"))
    turn = house.do(Say("Hello"))
    house.do(Regenerate(turn.reply), turn.conversation)
    house.do(Regenerate(turn.reply, "third"), turn.conversation)
    assert house.asked == ["cheap", "dear", "third"]


def test_another_try_goes_by_the_rules_as_they_are_now(store: Store) -> None:
    house = House(store, [ModelUnknown("No such model.", status=404)], text("Hi"))
    house.rules = [replace(SHORT, to="chaep")]
    turn = house.do(Say("Hello"))
    assert isinstance(turn.ending, Failed)
    assert house.row(turn).notes == (f"chaep answers instead of dear ({WHY}).",)
    house.rules = [SHORT]
    again = house.do(Retry(turn.reply), turn.conversation)
    assert isinstance(again.ending, Finished)
    house.rules = []
    house.do(Retry(again.reply), turn.conversation)
    assert house.asked == ["chaep", "cheap", "dear"]


def test_another_try_at_what_was_not_routed_is_not_routed_either(store: Store) -> None:
    house = House(store, [Broken("It broke.")], text("Hi"), rules=())
    turn = house.do(Say("Hello"))
    house.rules = [SHORT]
    house.do(Retry(turn.reply), turn.conversation)
    assert house.asked == ["dear", "dear"]


def test_whoever_has_chosen_another_model_since_gets_that(store: Store) -> None:
    house = House(store, [ModelUnknown("No such model.", status=404)], text("Hi"))
    turn = house.do(Say("Hello"))
    store.conversations.set_options(turn.conversation, replace(OPTIONS, model="third"))
    house.do(Retry(turn.reply), turn.conversation)
    assert house.asked == ["cheap", "third"]


def test_whoever_names_the_chats_own_model_for_another_try_gets_it(store: Store) -> None:
    house = House(store, [ModelUnknown("No such model.", status=404)], text("Hi"))
    turn = house.do(Say("Hello"))
    again = house.do(Retry(turn.reply, "dear"), turn.conversation)
    assert house.asked == ["cheap", "dear"]
    assert house.row(again).routed is None


def test_more_of_a_routed_reply_comes_from_the_same_model(store: Store) -> None:
    house = House(store, text("On", finish="length"), text("e"))
    turn = house.do(Say("Hello"))
    more = house.do(Continue(turn.reply), turn.conversation)
    assert house.asked == ["cheap", "cheap"]
    assert house.row(more).routed is not None


def test_the_same_key_is_one_turn_whatever_the_rules_are_by_then(store: Store) -> None:
    house = House(store, text("Hi"))
    first = house.engine.start(None, Say("Hello"), options=OPTIONS, key="k")
    assert first.wait(5)
    house.rules = []
    second = house.engine.start(None, Say("Hello"), options=OPTIONS, key="k")
    assert (second.reply, house.asked) == (first.reply, ["cheap"])


@pytest.mark.parametrize(
    ("model", "to", "usage", "said"),
    [
        ("dear", "cheap", Usage(input_tokens=10, output_tokens=4), "dear would have cost $0.0140 (this: $0.0007)."),
        (
            "dear",
            "cheap",
            Usage(input_tokens=10, output_tokens=4, reported=9_000_000),
            "dear would have cost $0.0140 (this: $0.0090).",
        ),
        ("dear", "odd", Usage(input_tokens=10, output_tokens=4), "dear would have cost $0.0140 (this: not known)."),
        ("odd", "cheap", Usage(input_tokens=10, output_tokens=4), "What odd would have cost is not known (this: $0.0007)."),
        ("odd", "strange", Usage(input_tokens=1), "What odd would have cost is not known (this: not known)."),
        ("dear", "local", Usage(input_tokens=10, output_tokens=4), "dear would have cost $0.0140 (this: nothing, on this machine)."),
        ("dear", "cheap", None, "dear would have cost ≈ $0.0070 (this: ≈ $0.0003)."),
    ],
)  # fmt: skip
def test_it_says_what_the_other_would_have_cost(
    store: Store, model: str, to: str, usage: Usage | None, said: str
) -> None:
    house = House(store, text("Hi", usage=usage), rules=[Rule(to=to)])
    turn = house.do(Say("Hello"), options=replace(OPTIONS, model=model))
    [note] = house.row(turn).notes
    assert note == f"Answered by {to} (rule 1: every message). {said}"


def test_the_limits_hold_for_the_model_that_is_asked(store: Store) -> None:
    house = House(store, text("Hi"))
    options = replace(OPTIONS, max_output=10)
    store.ledger.budgets.set("month", 5_000_000)
    assert isinstance(house.do(Say("Hello"), options=options).ending, Finished)
    assert isinstance(house.do(Say(LONG), options=options).ending, Failed)
    assert house.asked == ["cheap"]
    [call] = store.ledger.calls()
    assert call.held is not None
    assert call.held < 5_000_000
    for kept, counted in store.ledger.budgets.recounted():
        assert kept == counted


def test_what_stands_in_the_way_of_a_routed_reply_is_its_own_price(store: Store) -> None:
    house = House(store, text("Hi"))
    store.ledger.budgets.set("month", 100_000)
    turn = house.do(Say("Hello"), options=replace(OPTIONS, max_output=10))
    assert isinstance(turn.ending, Failed)
    row = house.row(turn)
    assert (row.state, row.notes) == ("blocked", (f"cheap answers instead of dear ({WHY}).",))
    options = store.conversations.get(turn.conversation).options
    most = house.engine.ahead.blocked(turn.conversation, turn.reply, options).most
    assert most is not None
    assert most < 5_000_000


def test_the_offline_connection_is_never_routed(store: Store) -> None:
    house = House(store, text("Hi"), rules=[Rule(to="cheap")])
    house.do(Say("Hello"), options=replace(OPTIONS, connection=EMBEDDED))
    assert house.asked == ["dear"]


@pytest.mark.parametrize("known", ["cheap", None], ids=["the connection's cheap one", "where it has none"])
def test_a_title_stands_in_for_the_chats_own_model_whoever_answered(store: Store, known: str | None) -> None:
    def answer(request: Request) -> Script:
        return text("Named")

    provider = Scripted(answer)
    outside = provider.outside(price=price, rules=lambda: (SHORT,), titles=lambda name: True, cheap=lambda name: known)
    engine = Engine(store, outside)
    turn = engine.start(None, Say("Hello"), options=OPTIONS)
    assert turn.wait(5)
    until = time.monotonic() + 5
    while engine.naming(turn.conversation) and time.monotonic() < until:
        time.sleep(0.01)
    assert [(call.purpose, call.model_asked, call.instead_of) for call in store.ledger.calls()] == [
        ("reply", "cheap", "dear"),
        ("title", "cheap", "dear"),
    ]
