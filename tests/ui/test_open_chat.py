"""Beginning in an open chat, from two callbacks at once."""

import threading
from pathlib import Path

from chatbot.core.settings import Options
from chatbot.engine.actions import Say
from chatbot.engine.engine import Engine
from chatbot.store.store import Store
from chatbot.ui.open_chat import OpenChat, begin
from tests.engine.test_engine import engine_on
from tests.scripted import text


def test_two_quick_sends_begin_one_conversation_and_the_second_waits_its_turn(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path / 'words.db'}")
    engine, _ = engine_on(store, text("Hello"), text("Again"))
    chat = OpenChat(options=Options(connection="fake", model="m-1"))
    locked = threading.Thread(target=_hold, args=(store,))
    locked.start()
    threads = [threading.Thread(target=_send, args=(chat, engine, f"message {number}")) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in [*threads, locked]:
        thread.join(20)
    assert len(store.conversations.lines()) == 1
    assert chat.conversation is not None
    path = store.conversations.tree(chat.conversation).path(chat.head)
    assert [place.role for place in path] == ["user", "assistant"] * 2
    engine.close()


def _hold(store: Store) -> None:
    """Keep the store busy, so that both callbacks are in the middle of beginning."""
    with store._database.write():
        threading.Event().wait(0.5)


def _send(chat: OpenChat, engine: Engine, words: str) -> None:
    begin(chat, engine, lambda open: Say(words, parent=open.head), key=words)
