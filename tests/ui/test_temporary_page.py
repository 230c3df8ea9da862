"""A temporary chat in the page: talked in like any other, listed nowhere, on no disk, and gone when it is left."""

import gc
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.ui import downloads, temporary
from chatbot.ui.export_form import Form
from tests.fake_openai import FakeOpenAI
from tests.ui.chat_tab import Tab, tab, talking_to
from tests.ui.test_chat_page import texts

WORDS = "wolframite-zqx"
PRICES = '[[price]]\nurl = "http://127.0.0.1*"\nmodel = "*"\ninput = 1000\noutput = 1000\n'


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: FakeOpenAI) -> Iterator[Tab]:
    server.forget()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "prices.toml").write_text(PRICES)
    with tab(tmp_path, monkeypatch, **talking_to(server.base_url, "echo", "sk-test")) as page:
        yield page.open()


def toggle(page: Tab, on: bool = True) -> Tab:
    [found] = [one for one in page.app.toggle if one.label == "Temporary chat"]
    found.set_value(on)
    return page.run()


def written(page: Tab) -> bytes:
    return b"".join(path.read_bytes() for path in page.data.rglob("*") if path.is_file())


def test_nothing_said_is_stored_and_the_bill_is_anonymous(page: Tab, server: FakeOpenAI) -> None:
    toggle(page)
    assert page.says("Temporary chat: nothing is stored")
    page.say(WORDS).say(f"more {WORDS}")
    assert page.draws(f"more {WORDS}")
    assert page.says("Temporary chat: nothing is stored")
    assert len(server.chats()[-1].body["messages"]) == 4, "it remembers what was said before; no title was asked for"
    assert len(server.chats()) == 2
    engine = page.engine
    assert engine.store.conversations.latest() is None
    assert [(call.conversation, call.reply, call.purpose) for call in engine.ledger.calls()] == [
        (None, None, "reply")
    ] * 2
    assert WORDS.encode() not in written(page)
    assert "c" not in page.app.query_params
    costs = [button for button in page.app.button if (button.key or "").startswith("cost-")]
    assert [button.label for button in costs] == [":small[:gray[\\$0\\.0200]]", ":small[:gray[\\$0\\.0320]]"]
    assert page.says("This chat $0.0520")
    page.click(costs[0].key or "")
    assert page.says("Worked out from your own prices.")
    assert not any(button.label == "Delete" for button in page.app.button)
    # Still there after another page was looked at, gone after it was left.
    page.run()
    assert page.draws(f"more {WORDS}")
    page.choose("head-menu", "End")
    assert not any(WORDS in said for said in page.said())
    assert not page.says("Temporary chat: nothing")
    page.say("an ordinary one")
    assert engine.store.conversations.latest() is not None
    assert WORDS.encode() not in written(page)


def test_what_can_be_done_with_a_message_can_be_done_here(page: Tab) -> None:
    page.say("a stored one, whose replies have the same numbers").click("new")
    toggle(page)
    page.say("one").say("two")
    chat = page.app.session_state["chat"]
    talk, conversation = chat.temporary, chat.conversation
    assert texts(page) == ["one", "one", "two", "two"]
    [menu] = [one for one in page.app.get("menu_button") if one.key == "menu-4"]
    assert not any("Branch" in words for words in menu.proto.options), "its words go nowhere"
    page.choose("menu-4", "Regenerate")
    assert page.says("2/2")
    assert not page.says("This branch"), "the replies' numbers are those of others in the bill"
    page.click("back-5")
    assert chat.head == 4
    page.choose("menu-3", "Edit")
    page.app.text_area(key="edit-3").set_value("due")
    page.click("save-3")
    assert texts(page) == ["one", "one", "due", "due"]
    page.choose("menu-6", "Delete")
    assert texts(page) == ["one", "one", "two", "two"]
    page.click("undo")
    assert texts(page) == ["one", "one", "due", "due"]
    assert page.app.session_state["chat"].temporary is talk
    assert downloads.file(talk, conversation, chat.head, Form("md")).decode().count("due") == 2
    assert b'"two"' in downloads.file(talk, conversation, chat.head, Form("json"))
    assert len(page.engine.store.wholes.ids()) == 1


def test_off_again_before_the_first_word_it_is_kept(page: Tab) -> None:
    toggle(page)
    toggle(page, on=False)
    assert not page.says("Temporary chat: nothing")
    page.say("kept")
    assert page.kept()[0].text == "kept"


def test_a_limit_holds_here_too_and_the_words_come_back(page: Tab) -> None:
    page.engine.ledger.budgets.set("month", 1)
    toggle(page)
    page.say(WORDS)
    assert page.says("This would pass your limit")
    assert page.app.chat_input[0].value == WORDS
    assert page.engine.ledger.calls() == []
    assert WORDS.encode() not in written(page)


@pytest.mark.parametrize("how", ["left", "tab closed"])
def test_its_words_go_from_memory(page: Tab, how: str) -> None:
    toggle(page)
    page.say(WORDS)
    alive = temporary._alive()
    assert len(alive) == 1
    if how == "left":
        page.click("new")
        page.run()
    else:
        page.app = None  # type: ignore[assignment]
    until = time.monotonic() + 10
    while len(alive):
        gc.collect()
        assert time.monotonic() < until
        time.sleep(0.05)


def test_they_are_bounded(page: Tab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.ui.temporary.MOST", 0)
    toggle(page)
    assert page.says("0 temporary chats are open on this server")
    assert page.app.session_state["chat"].temporary is None
