"""A reply whose end cannot be written, as on a full disk: its words are written as soon as that is possible."""

import contextlib
import sqlite3
import time
from pathlib import Path

from chatbot.core.events import Failed
from chatbot.core.settings import Options
from chatbot.engine.actions import Say
from chatbot.engine.engine import Engine
from chatbot.engine.live import LiveTurn
from chatbot.providers.provider import TextChunk
from chatbot.store.store import Store
from chatbot.store.values import StoredMessage
from tests.scripted import Gate, Script, Scripted, text
from tests.store.scene import full_disk

OPTIONS = Options(connection="c", model="m")


def begun(store: Store, rest: Script) -> tuple[Engine, Gate, LiveTurn]:
    """A reply of which half has been said."""
    gate = Gate()
    engine = Engine(store, Scripted([TextChunk("Half"), gate, *rest]).outside())
    turn = engine.start(None, Say("Hello"), options=OPTIONS)
    assert gate.reached.wait(5)
    return engine, gate, turn


def row_of(store: Store, turn: LiveTurn) -> StoredMessage:
    return store.conversations.messages([turn.reply])[turn.reply]


def settled(store: Store, turn: LiveTurn) -> StoredMessage:
    """Its row once it is no longer being written, as far as the store knows."""
    until = time.monotonic() + 10
    while (row := row_of(store, turn)).state == "running" and time.monotonic() < until:
        time.sleep(0.05)
    return row


def test_a_whole_reply_is_stored_whole_once_there_is_room(on_disk: Store) -> None:
    _, gate, turn = begun(on_disk, text(" and half"))
    with full_disk():
        gate.opened.set()
        assert turn.wait(10)
        assert isinstance(turn.ending, Failed)
        assert turn.ending.kind == "StoreFull", "who looks on is told"
        assert "The end of this reply is not stored yet" in turn.ending.sentence
        assert row_of(on_disk, turn).state == "running"
    row = settled(on_disk, turn)
    assert (row.text, row.state, row.error) == ("Half and half", "complete", None)
    (call,) = on_disk.ledger.calls(reply=turn.reply)
    assert call.outcome == "answered"
    assert call.usage is not None
    assert call.usage.input_tokens == 11


def test_what_broke_off_meanwhile_says_so(on_disk: Store) -> None:
    engine, gate, turn = begun(on_disk, [TextChunk(" and more")])
    with full_disk():
        turn.stop()
        gate.opened.set()
        assert turn.wait(10)
    row = settled(on_disk, turn)
    assert (row.text, row.state) == ("Half", "stopped")
    assert engine.live(turn.reply) is not None


def test_a_program_that_ends_tries_once_more(on_disk: Store, tmp_path: Path) -> None:
    engine, gate, turn = begun(on_disk, text(" and half"))
    with full_disk():
        gate.opened.set()
        assert turn.wait(10)
        engine._keeper._closing.set()  # no beat between the freed disk and the end
    engine.close()
    again = Store.open(f"sqlite:///{tmp_path / 'data' / 'store.db'}")
    assert row_of(again, turn).text == "Half and half"
    again.close()


def test_what_somebody_else_has_ended_meanwhile_stays_as_it_is(on_disk: Store, tmp_path: Path) -> None:
    engine, gate, turn = begun(on_disk, text(" and half"))
    with full_disk():
        gate.opened.set()
        assert turn.wait(10)
        engine._keeper._closing.set()
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "store.db")) as stranger, stranger:
        stranger.execute("DELETE FROM leases")
        stranger.execute("UPDATE messages SET state = 'cut', text = 'theirs', empty = 0 WHERE state = 'running'")
    engine.close()
    again = Store.open(f"sqlite:///{tmp_path / 'data' / 'store.db'}")
    assert (row_of(again, turn).text, row_of(again, turn).state) == ("theirs", "cut")
    again.close()
