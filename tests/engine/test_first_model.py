"""A chat that begins without a model: its server is asked for one inside the turn, when the words are kept already."""

import threading
from dataclasses import replace

from chatbot.core.settings import Options
from chatbot.engine.actions import Say
from chatbot.engine.engine import Engine
from chatbot.providers.provider import Cancel, Stopped
from chatbot.store.store import Store
from tests.scripted import Gate, Scripted, text

NAMELESS = Options(connection="c", model="", system="Be kind.")


def test_the_words_are_stored_before_a_server_is_asked_for_its_models_and_stop_ends_the_asking(store: Store) -> None:
    asked, left = threading.Event(), threading.Event()

    def first_model(connection: str, cancel: Cancel) -> str:
        asked.set()
        if cancel.wait(10):
            left.set()
            raise Stopped
        return "late"

    provider = Scripted(text("Hi"))
    engine = Engine(store, provider.outside(first_model=first_model))
    turn = engine.start(None, Say("Keep this."), options=NAMELESS)
    assert asked.wait(5)
    assert store.conversations.messages([turn.reply - 1])[turn.reply - 1].text == "Keep this."
    engine.stop(turn.reply)
    assert turn.wait(5)
    assert left.is_set()
    assert store.conversations.messages([turn.reply])[turn.reply].state == "stopped"
    assert not provider.requests


def test_the_model_that_a_server_has_is_the_chats_from_then_on_unless_another_was_chosen(store: Store) -> None:
    names = iter(["first", "second"])
    gate = Gate()
    provider = Scripted(text("Hi"))

    def first_model(connection: str, cancel: Cancel) -> str:
        gate.reached.set()
        assert gate.opened.wait(5)
        return next(names)

    engine = Engine(store, provider.outside(first_model=first_model))
    turn = engine.start(None, Say("a"), options=NAMELESS)
    assert gate.reached.wait(5)
    store.conversations.set_options(turn.conversation, replace(NAMELESS, temperature=0.3))
    gate.opened.set()
    assert turn.wait(5)
    held = store.conversations.get(turn.conversation).options
    assert (held.model, held.temperature) == ("first", 0.3)
    row = store.conversations.messages([turn.reply])[turn.reply]
    assert (row.model_asked, [call.model_asked for call in store.ledger.calls()]) == ("first", ["first"])
    assert engine.start(turn.conversation, Say("b", turn.reply), options=NAMELESS).wait(5)
    assert [request.model for request in provider.requests] == ["first", "first"]
    store.conversations.set_options(turn.conversation, replace(held, model="mine"))
    assert engine.start(turn.conversation, Say("c", turn.reply), options=NAMELESS).wait(5)
    assert provider.requests[-1].model == "mine"
