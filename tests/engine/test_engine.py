"""Turns over the real store: what is durable when, who may stop whom, what a crash leaves."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.core.errors import BadInput, Busy, NotFound, TurnFailed
from chatbot.core.events import Event, Failed, Finished, Started, TextDelta, check_grammar
from chatbot.core.settings import Options
from chatbot.engine.actions import Answer, Continue, Edit, Regenerate, Retry, Say
from chatbot.engine.engine import Engine
from chatbot.engine.live import LiveTurn
from chatbot.engine.view import way_to_version
from chatbot.providers.provider import End, ReasoningChunk, Request, TextChunk
from chatbot.store.store import Store
from tests.scripted import Gate, Script, Scripted, text
from tests.template import new_database

OPTIONS = Options(connection="c", model="m", system="Be kind.")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{new_database(tmp_path / 'words.db')}")
    yield store
    store.close()


def engine_on(store: Store, *scripts: Script, **more: object) -> tuple[Engine, Scripted]:
    provider = Scripted(*scripts)
    return Engine(store, provider.outside(**more)), provider


def events_of(turn: LiveTurn) -> list[Event]:
    events = [event for batch in turn.follow() for event in batch]
    check_grammar(events)
    return events


def start(engine: Engine, words: str = "Hello", **how: object) -> LiveTurn:
    return engine.start(None, Say(words), options=OPTIONS, **how)  # type: ignore[arg-type]


def test_a_reply_is_stored_as_it_was_seen(store: Store) -> None:
    engine, _ = engine_on(store, text("Hello", " you"))
    turn = start(engine)
    events = events_of(turn)
    seen = "".join(event.text for event in events if isinstance(event, TextDelta))
    row = store.conversations.messages([turn.reply])[turn.reply]
    assert (row.text, row.state, row.model_answered) == (seen, "complete", "m-1")
    assert row.usage is not None
    assert row.usage.input_tokens == 11
    (call,) = store.ledger.calls(reply=turn.reply)
    assert (call.outcome, call.purpose, call.cost.source) == ("answered", "reply", "unknown")


def test_the_words_are_durable_before_anything_is_sent(store: Store) -> None:
    seen: list[str] = []

    def look(request: Request) -> Script:
        (line,) = store.conversations.lines()
        tree = store.conversations.tree(line.id)
        rows = store.conversations.messages(tree.by_id)
        seen.extend(row.text for row in rows.values() if row.role == "user")
        seen.extend(str(call.outcome) for call in store.ledger.calls())
        return text("Hi")

    provider = Scripted(look)
    engine = Engine(store, provider.outside())
    events_of(start(engine, "Keep me"))
    assert seen == ["Keep me", "None"]


def test_memory_is_the_path(store: Store) -> None:
    engine, provider = engine_on(store, text("One"), text("Two"))
    first = start(engine, "a")
    first.wait(5)
    second = engine.start(first.conversation, Say("b", parent=first.reply))
    second.wait(5)
    assert [(m["role"], m["content"]) for m in provider.requests[1].messages] == [
        ("system", "Be kind."),
        ("user", "a"),
        ("assistant", "One"),
        ("user", "b"),
    ]


def test_a_second_send_waits_its_turn(store: Store) -> None:
    gate = Gate()
    engine, provider = engine_on(store, [TextChunk("On"), gate, TextChunk("e"), End(finish_reason="stop")], text("Two"))
    first = start(engine, "a")
    assert gate.reached.wait(5)
    second = engine.start(first.conversation, Say("b", parent=first.reply))
    assert store.conversations.messages([second.reply])[second.reply].state == "waiting"
    assert len(provider.requests) == 1
    gate.opened.set()
    assert second.wait(5)
    assert provider.requests[1].messages[2]["content"] == "One"
    assert engine.view(first.conversation).shown[-1].text == "Two"


def test_a_waiting_reply_can_be_stopped(store: Store) -> None:
    gate = Gate()
    engine, provider = engine_on(store, [gate, *text("One")], text("Two"))
    first = start(engine, "a")
    assert gate.reached.wait(5)
    second = engine.start(first.conversation, Say("b", parent=first.reply))
    engine.stop(second.reply)
    assert events_of(second)[-1] == Finished(state="stopped")
    gate.opened.set()
    assert first.wait(5)
    assert len(provider.requests) == 1


@pytest.mark.parametrize("stopped", ["before", "after"])
def test_below_a_reply_that_was_stopped_in_line_one_waits_for_those_above(store: Store, stopped: str) -> None:
    gate = Gate()
    engine, provider = engine_on(
        store, [TextChunk("On"), gate, TextChunk("e"), End(finish_reason="stop")], text("Three")
    )
    first = start(engine, "a")
    assert gate.reached.wait(5)
    second = engine.start(first.conversation, Say("b", parent=first.reply))
    if stopped == "before":
        engine.stop(second.reply)
        assert second.wait(5)
    third = engine.start(first.conversation, Say("c", parent=second.reply))
    if stopped == "after":
        engine.stop(second.reply)
        assert second.wait(5)
    assert not third.wait(0.3)
    assert len(provider.requests) == 1
    gate.opened.set()
    assert third.wait(5)
    assert [message["content"] for message in provider.requests[1].messages[1:]] == ["a", "One", "b\n\nc"]


def test_what_is_deleted_while_it_waits_is_not_sent(store: Store) -> None:
    gate = Gate()
    engine, provider = engine_on(store, [gate, *text("One")], text("Two"))
    first = start(engine, "a")
    assert gate.reached.wait(5)
    second = engine.start(first.conversation, Say("b", parent=first.reply))
    engine.delete_message(first.conversation, engine.view(first.conversation).shown[-2].id)
    gate.opened.set()
    assert second.wait(5)
    assert first.wait(5)
    check_grammar([event for batch in second.follow() for event in batch])
    assert len(provider.requests) == 1


@pytest.mark.parametrize(("tag", "unseen"), [("browser", True), ("terminal", False), ("script", False)])
def test_what_was_read_where_it_was_asked_is_no_news(store: Store, tag: str, unseen: bool) -> None:
    engine, _ = engine_on(store, text("Hi"))
    assert start(engine, tag=tag).wait(5)
    assert store.conversations.lines()[0].unseen is unseen


def test_a_double_click_is_one_bill(store: Store) -> None:
    engine, provider = engine_on(store, text("Hi"))
    first = start(engine, key="k")
    again = start(engine, key="k")
    assert again.reply == first.reply
    assert first.wait(5)
    assert events_of(again)[-1] == Finished(state="complete")
    assert len(provider.requests) == 1
    assert len(store.conversations.lines()) == 1


def test_siblings_stream_side_by_side(store: Store) -> None:
    gate = Gate()
    engine, _ = engine_on(store, text("One"), [gate, *text("Two")], text("Three"))
    first = start(engine)
    first.wait(5)
    slow = engine.start(first.conversation, Regenerate(first.reply))
    assert gate.reached.wait(5)
    fast = engine.start(first.conversation, Regenerate(first.reply, model="other"))
    assert fast.wait(5)
    gate.opened.set()
    assert slow.wait(5)
    shown = engine.view(first.conversation).shown[-1]
    assert shown.versions == (first.reply, slow.reply, fast.reply)
    assert store.conversations.messages([fast.reply])[fast.reply].model_asked == "other"


def test_edit_is_a_sibling_and_nothing_is_lost(store: Store) -> None:
    engine, _ = engine_on(store, text("One"), text("Two"))
    first = start(engine, "helo")
    first.wait(5)
    user = engine.view(first.conversation).shown[0]
    edited = engine.start(first.conversation, Edit(user.id, "hello"))
    edited.wait(5)
    now = engine.view(first.conversation)
    assert [shown.text for shown in now.shown] == ["hello", "Two"]
    assert len(now.shown[0].versions) == 2
    assert [shown.text for shown in engine.view(first.conversation, head=first.reply).shown] == ["helo", "One"]


def test_stop_keeps_the_part_and_continue_joins_it(store: Store) -> None:
    gate = Gate()
    engine, provider = engine_on(store, [TextChunk("The capital of France"), gate], text("of France", " is Paris."))
    turn = start(engine)
    assert gate.reached.wait(5)
    engine.stop(turn.reply)
    assert events_of(turn)[-1] == Finished(state="stopped")
    (call,) = store.ledger.calls(reply=turn.reply)
    assert call.outcome == "stopped"
    assert call.usage is not None
    assert call.usage.estimated
    more = engine.start(turn.conversation, Continue(turn.reply))
    events = events_of(more)
    assert [event.text for event in events if isinstance(event, TextDelta)] == [" is Paris."]
    (_, reply) = engine.view(turn.conversation).shown
    assert (reply.text, reply.state) == ("The capital of France is Paris.", "complete")
    assert reply.before == "The capital of France"
    assert [m["role"] for m in provider.requests[1].messages] == ["system", "user", "assistant", "user"]


def test_a_reply_with_something_below_it_goes_on_in_a_version_of_its_own(store: Store) -> None:
    gate = Gate()
    engine, provider = engine_on(
        store, [TextChunk("Half of"), gate], text("Never mind."), text(" it."), text("Another.")
    )
    turn = start(engine)
    assert gate.reached.wait(5)
    queued = engine.start(turn.conversation, Say("and this", parent=turn.reply))
    engine.stop(turn.reply)
    assert queued.wait(5)
    more = engine.start(turn.conversation, Continue(turn.reply))
    assert more.wait(5)
    assert "and this" not in str(provider.requests[-1].messages)
    now = engine.view(turn.conversation)
    assert [shown.text for shown in now.shown] == ["Hello", "Half of it."]
    assert now.shown[-1].versions == (turn.reply, more.reply)
    assert now.shown[-1].own == more.reply, "what Delete takes away here is the continuation alone"
    assert now.shown[-1].row.id == more.reply

    head = way_to_version(store, turn.conversation, turn.reply).head
    before = engine.view(turn.conversation, head)
    assert [shown.text for shown in before.shown] == ["Hello", "Half of", "and this", "Never mind."]
    assert before.shown[1].versions == (turn.reply, more.reply)

    again = engine.start(turn.conversation, Regenerate(turn.reply))
    assert again.wait(5)
    assert engine.view(turn.conversation).shown[-1].versions == (turn.reply, more.reply, again.reply)
    engine.delete_message(turn.conversation, more.reply)
    assert engine.view(turn.conversation, again.reply).shown[-1].versions == (turn.reply, again.reply)


def test_a_whole_reply_is_not_continued(store: Store) -> None:
    engine, _ = engine_on(store, text("Hi"))
    turn = start(engine)
    turn.wait(5)
    with pytest.raises(BadInput, match="nothing to continue"):
        engine.start(turn.conversation, Continue(turn.reply))


def test_retry_stands_beside_what_failed(store: Store) -> None:
    engine, _ = engine_on(store, [Busy("Busy.", retry_after=99.0)], text("Hi"))
    turn = start(engine)
    assert isinstance(events_of(turn)[-1], Failed)
    shown = engine.view(turn.conversation).shown[-1]
    assert (shown.state, shown.row.error) == ("failed", "Busy.")
    again = engine.start(turn.conversation, Retry(turn.reply))
    again.wait(5)
    assert engine.view(turn.conversation).shown[-1].versions == (again.reply,)


def test_going_on_in_two_windows_is_one_reply_and_one_bill(store: Store) -> None:
    gate = Gate()
    engine, provider = engine_on(store, [Busy("Busy.", retry_after=99.0)], [gate, *text("Hi")], text("Beside"))
    turn = start(engine)
    turn.wait(5)
    again = engine.start(turn.conversation, Retry(turn.reply))
    assert gate.reached.wait(5)
    other = engine.start(turn.conversation, Retry(turn.reply))
    assert (other.reply, len(provider.requests)) == (again.reply, 2)
    # Who names a model for it has chosen something else.
    chosen = engine.start(turn.conversation, Retry(turn.reply, model="m-2"))
    assert chosen.wait(5)
    assert chosen.reply != again.reply
    assert provider.requests[-1].model == "m-2"
    gate.opened.set()
    assert other.wait(5)
    assert len(provider.requests) == 3


def test_a_message_without_a_reply_is_answered_once_in_two_windows(store: Store) -> None:
    gate = Gate()
    engine, provider = engine_on(store, text("First"), [gate, *text("Second")])
    turn = start(engine, "Ask me")
    assert turn.wait(5)
    tree = store.conversations.tree(turn.conversation)
    said = tree.by_id[turn.reply].parent
    assert said is not None
    engine.delete_message(turn.conversation, turn.reply)
    again = engine.start(turn.conversation, Answer(said))
    assert gate.reached.wait(5)
    assert engine.start(turn.conversation, Answer(said)).reply == again.reply
    gate.opened.set()
    assert again.wait(5)
    assert (again.text, len(provider.requests)) == ("Second", 2)
    assert [message["content"] for message in provider.requests[-1].messages] == ["Be kind.", "Ask me"]
    with pytest.raises(NotFound):
        engine.start(turn.conversation, Answer(10**6))


def test_ask_raises_with_the_part(store: Store) -> None:
    engine, _ = engine_on(store, [TextChunk("Half"), Busy("It broke.")])
    with pytest.raises(TurnFailed) as caught:
        engine.ask(None, Say("Hello"), options=OPTIONS)
    assert caught.value.part == "Half"
    assert caught.value.sentence == "It broke."


def test_bad_input_stores_nothing(store: Store) -> None:
    engine, provider = engine_on(store, text("Hi"))
    with pytest.raises(BadInput):
        start(engine, "   ")
    with pytest.raises(NotFound):
        engine.start("nowhere", Say("Hello"), options=OPTIONS)
    assert not store.conversations.lines()
    assert not provider.requests


def test_a_watcher_may_come_late_and_leave_early(store: Store) -> None:
    gate = Gate()
    engine, _ = engine_on(store, [TextChunk("a"), TextChunk("b"), gate, TextChunk("c"), End(finish_reason="stop")])
    turn = start(engine)
    assert gate.reached.wait(5)
    early = turn.follow()
    next(early)
    early.close()
    late = turn.follow(beat=0.01)
    heard = list(next(late))
    assert next(late) == []  # a heartbeat: a page can leave here
    gate.opened.set()
    heard += [event for batch in late for event in batch]
    check_grammar(heard)
    assert "".join(event.text for event in heard if isinstance(event, TextDelta)) == "abc"


def test_fifty_watchers_of_a_silent_reply_leave_no_thread_behind(store: Store) -> None:
    gate = Gate()
    engine, _ = engine_on(store, [gate, *text("Hi")])
    turn = start(engine)
    assert gate.reached.wait(5)
    before = threading.active_count()
    for _ in range(50):
        watcher = turn.follow(beat=0.001)
        next(watcher)
        watcher.close()
    assert threading.active_count() == before
    gate.opened.set()
    assert turn.wait(5)


def test_drafts_are_stored_while_the_reply_is_silent(store: Store) -> None:
    gate = Gate()
    engine, _ = engine_on(store, [ReasoningChunk("Hm."), TextChunk("Half"), gate, *text("Hi")])
    turn = start(engine)
    assert gate.reached.wait(5)
    until = time.monotonic() + 3
    while store.turns.drafted(turn.reply) != ("Half", "Hm.") and time.monotonic() < until:
        time.sleep(0.02)
    assert store.turns.drafted(turn.reply) == ("Half", "Hm.")
    gate.opened.set()
    assert turn.wait(5)
    assert store.turns.drafted(turn.reply) == ("", "")


def test_another_engine_follows_through_the_store_and_can_stop(store: Store, tmp_path: Path) -> None:
    gate = Gate()
    engine, _ = engine_on(store, [TextChunk("Half"), gate])
    turn = start(engine)
    assert gate.reached.wait(5)
    other_store = Store.open(f"sqlite:///{tmp_path / 'words.db'}")
    other, _ = engine_on(other_store, text("never"))
    assert other.live(turn.reply) is None
    events: list[Event] = []
    for batch in other.follow(turn.reply):
        events += batch
        if any(isinstance(event, TextDelta) for event in batch):
            other.stop(turn.reply)
    check_grammar([event for event in events if isinstance(event, Started | Finished | Failed)])
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == "Half"
    assert events[-1] == Finished(state="stopped")
    other_store.close()


def test_closing_keeps_and_marks_live_replies(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'words.db'}")
    gate = Gate()
    engine, _ = engine_on(store, [TextChunk("Half"), gate])
    turn = start(engine)
    assert gate.reached.wait(5)
    began = time.monotonic()
    engine.close()
    assert time.monotonic() - began < 3.5
    again = Store.open(f"sqlite:///{tmp_path / 'words.db'}")
    row = again.conversations.messages([turn.reply])[turn.reply]
    assert (row.text, row.state, row.error_kind) == ("Half", "cut", "Closed")
    again.close()


def test_who_lost_the_lease_writes_nothing(store: Store, tmp_path: Path) -> None:
    gate = Gate()
    engine, _ = engine_on(store, [TextChunk("mine"), gate, TextChunk("late"), End(finish_reason="stop")])
    turn = start(engine)
    assert gate.reached.wait(5)
    # As another process does that found our lease run out.
    with contextlib.closing(sqlite3.connect(tmp_path / "words.db")) as stranger, stranger:
        stranger.execute("DELETE FROM leases")
        stranger.execute("UPDATE messages SET state = 'cut', text = 'theirs', empty = 0 WHERE state = 'running'")
    gate.opened.set()
    assert isinstance(events_of(turn)[-1], Failed)
    assert store.conversations.messages([turn.reply])[turn.reply].text == "theirs"


def test_a_temporary_chat_keeps_only_the_bill(store: Store) -> None:
    words = Store.temporary()
    provider = Scripted(text("Hi"))
    engine = Engine(words, provider.outside(), bills=store)
    turn = start(engine, "secret words")
    assert turn.wait(5)
    assert engine.view(turn.conversation).shown[-1].text == "Hi"
    assert not store.conversations.lines()
    (call,) = store.ledger.calls()
    assert (call.conversation, call.reply) == (None, None)
    words.close()


def test_a_conversation_is_named_by_a_call_of_its_own(store: Store) -> None:
    engine, provider = engine_on(store, text("Hi"), text('"Greetings"'), titles=lambda connection: True)
    turn = start(engine, "Hello there, who are you and what can you do for me today?")
    assert turn.wait(5)
    until = time.monotonic() + 5
    while store.conversations.get(turn.conversation).title_by == "words" and time.monotonic() < until:
        time.sleep(0.02)
    named = store.conversations.get(turn.conversation)
    assert (named.title, named.title_by) == ("Greetings", "model")
    assert [call.purpose for call in store.ledger.calls(conversation=turn.conversation)] == ["reply", "title"]
    assert len(provider.requests) == 2
