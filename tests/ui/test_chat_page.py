"""The chat page in process: its history, its actions, what a chat is held with. What only a browser shows is elsewhere."""

import io
import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatbot.core.settings import Options
from chatbot.engine.actions import Say
from chatbot.transfer.json_file import read_json
from chatbot.ui import downloads
from chatbot.ui.export_form import Form
from chatbot.ui.open_chat import Note
from tests.fake_openai import FakeOpenAI
from tests.store.scene import exchange
from tests.ui.chat_tab import Tab, tab, talking_to
from tests.ui.conftest import KEY, SETTINGS


def texts(page: Tab) -> list[str]:
    """What the messages say, in order, as the session holds them."""
    return [shown.text for shown in page.app.session_state["messages"]]


def pick(page: Tab, key: str, model: str) -> Tab:
    """Choose a model, once the server's list has come."""
    until = time.monotonic() + 20
    while model not in page.app.selectbox(key=key).options and time.monotonic() < until:
        page.run()
    page.app.selectbox(key=key).set_value(model)
    return page


def conversation(page: Tab) -> str:
    found: str = page.app.session_state["chat"].conversation
    assert page.app.query_params["c"] in (found, [found])
    return found


def test_a_new_chat_offers_ways_to_begin_and_takes_one(page: Tab) -> None:
    assert page.says("What is on your mind?")
    page.click("suggestion-2")
    assert texts(page) == ["Turn my notes into a clear email."] * 2
    assert not page.says("What is on your mind?")


def test_the_history_is_what_the_store_holds(page: Tab) -> None:
    page.say("One").say("Two")
    assert texts(page) == ["One", "One", "Two", "Two"]
    assert [row.text for row in page.kept()] == texts(page)
    assert page.app.query_params["c"]
    other = Tab(page.data.parent)
    other.app.query_params["c"] = conversation(page)
    other.open()
    assert texts(other) == texts(page)


def test_an_archived_chat_says_so_above_it(page: Tab) -> None:
    page.say("One")
    assert not page.says("Archived")
    page.choose("head-menu", "Archive")
    page.choose("head-menu", "Archive")  # and back to the list
    assert not page.says("Archived: it is not in the list.")
    page.choose("head-menu", "Archive")
    assert page.says("Archived: it is not in the list.")
    page.say("Two")
    assert not page.says("Archived: it is not in the list.")


def test_what_was_said_in_another_window_is_told(page: Tab) -> None:
    page.say("One")
    assert not page.says("went on in another window")
    other = page.engine.store
    exchange(other, text="Two, elsewhere", conversation=conversation(page), parent=page.app.session_state["chat"].head)
    page.say("Two, here")
    assert texts(page) == ["One", "One", "Two, here", "Two, here"]
    assert page.says("This chat went on in another window meanwhile.")
    assert page.says("2/2")
    page.say("Three")
    assert not page.says("went on in another window")


def test_an_empty_message_is_refused_and_nothing_is_stored(page: Tab) -> None:
    page.say("   ")
    assert page.says("The message is empty.")
    assert page.engine.store.conversations.latest() is None
    page.say("Now")
    assert not page.says("The message is empty.")


def test_regenerate_edit_and_switch_keep_every_version(page: Tab) -> None:
    page.say("One")
    user, reply = (row.id for row in page.kept())
    page.choose(f"menu-{reply}", "Regenerate")
    assert page.says("2/2")
    page.choose(f"menu-{user}", "Edit")
    page.app.text_area(key=f"edit-{user}").set_value("Uno")
    page.click(f"save-{user}")
    assert texts(page) == ["Uno", "Uno"]
    edited = page.kept()[-2].id
    page.click(f"back-{edited}")
    assert texts(page) == ["One", "One"]
    assert sorted(row.text for row in page.kept()) == ["One", "One", "One", "Uno", "Uno"]


def test_another_model_can_be_asked_for_the_same_reply(page: Tab, fake: FakeOpenAI) -> None:
    page.say("One")
    reply = page.kept()[-1].id
    page.choose(f"menu-{reply}", "Other model")
    pick(page, f"other-{reply}", "reasoning")
    page.click(f"regenerate-{reply}")
    assert page.kept()[-1].model_asked == "reasoning"
    page.say("Two")
    assert page.kept()[-1].model_asked == "echo", "the chat itself goes on with its own model"


def test_an_edit_that_cannot_be_sent_stays_open(page: Tab) -> None:
    page.say("One")
    user = page.kept()[0].id
    page.choose(f"menu-{user}", "Edit")
    page.app.text_area(key=f"edit-{user}").set_value("  ")
    page.click(f"save-{user}")
    assert page.says("The message is empty.")
    page.click(f"cancel-{user}")
    assert texts(page) == ["One", "One"]


def test_what_is_deleted_comes_back(page: Tab) -> None:
    page.say("One").say("Two")
    page.choose(f"menu-{page.kept()[2].id}", "Delete")
    assert texts(page) == ["One", "One"]
    page.click("undo")
    assert texts(page) == ["One", "One", "Two", "Two"]
    kept = conversation(page)
    page.choose("head-menu", "Delete")
    assert texts(page) == []
    assert page.engine.store.conversations.lines() == []
    page.click("undo")
    assert conversation(page) == kept
    assert texts(page) == ["One", "One", "Two", "Two"]


def test_a_deletion_can_be_taken_back_for_ten_seconds_in_which_that_is_seen(page: Tab) -> None:
    page.say("One")
    chat = page.app.session_state["chat"]
    slow = time.monotonic() + 0.01  # a page that came almost ten seconds after the click
    chat.note = Note(sentence="Deleted.", whole=True, conversation=conversation(page), until=slow)
    time.sleep(0.02)
    page.run()
    assert "Undo" in page.buttons()
    assert chat.note.until > time.monotonic() + 9
    chat.note = replace(chat.note, until=time.monotonic() - 1)
    page.run().run()
    assert "Undo" not in page.buttons()


def test_what_has_no_reply_any_more_is_answered(page: Tab, fake: FakeOpenAI) -> None:
    page.say("One").say("Two")
    user, reply = page.kept()[-2:]
    page.choose(f"menu-{reply.id}", "Delete")
    assert texts(page) == ["One", "One", "Two"]
    assert page.says("There is no reply to this.")
    page.choose(f"menu-{user.id}", "Answer")
    assert texts(page) == ["One", "One", "Two", "Two"]
    assert [m["content"] for m in fake.chats("echo")[-1].messages[1:]] == ["One", "One", "Two"]
    assert not page.says("There is no reply to this.")
    again = page.kept()[-1]
    assert again.parent == user.id
    page.choose(f"menu-{again.id}", "Delete")
    page.click(f"answer-{user.id}")
    assert texts(page) == ["One", "One", "Two", "Two"]


def test_a_chat_is_renamed_and_pinned_in_place(page: Tab) -> None:
    page.say("One")
    page.choose("head-menu", "Rename")
    page.app.text_input(key=f"title-head-{conversation(page)}").set_value("A *better* title")
    page.press("Save")
    page.choose("head-menu", "Pin")
    (line,) = page.engine.store.conversations.lines()
    assert (line.title, line.pinned) == ("A *better* title", True)
    assert page.says("A *better* title")
    assert page.says("Pinned")


def test_the_list_opens_what_is_clicked_and_marks_what_is_new(page: Tab) -> None:
    page.say("Here")
    mine = conversation(page)
    options = page.engine.store.conversations.get(mine).options
    turn = page.engine.start(None, Say("Elsewhere"), options=options)
    assert turn.wait(20)
    page.run()
    other = next(button for button in page.app.button if button.key == f"line-{turn.conversation}")
    assert "new answer" in other.label
    other.click()
    page.run()
    assert texts(page) == ["Elsewhere", "Elsewhere"]
    other = next(button for button in page.app.button if button.key == f"line-{mine}")
    assert "new answer" not in other.label
    page.click("new")
    assert texts(page) == []
    assert "c" not in page.app.query_params


def test_an_unknown_address_is_said_and_a_chat_can_begin(page: Tab) -> None:
    lost = Tab(page.data.parent)
    lost.app.query_params["c"] = "![x](http://127.0.0.1:9/p)"
    lost.open()
    assert lost.says("There is no conversation")
    assert "c" not in lost.app.query_params
    lost.say("Then so")
    assert texts(lost) == ["Then so", "Then so"]


def test_what_a_chat_is_held_with_is_kept_with_it(page: Tab, fake: FakeOpenAI) -> None:
    slot = page.app.session_state["chat"].slot
    page.app.text_area(key=f"system-{slot}").set_value("Be a pirate.")
    page.run()
    page.app.toggle(key=f"temperature-set-{slot}").set_value(True)
    page.run()
    page.app.slider(key=f"temperature-{slot}").set_value(1.2)
    page.app.number_input(key=f"max-output-{slot}").set_value(77)
    page.run()
    page.say("Ahoy")
    sent = fake.chats("echo")[-1].body or {}
    assert sent["messages"][0] == {"role": "system", "content": "Be a pirate."}
    assert (sent["temperature"], sent.get("max_completion_tokens") or sent.get("max_tokens")) == (1.2, 77)
    page.app.toggle(key=f"temperature-set-{slot}").set_value(False)
    page.run()
    page.say("Again")
    assert "temperature" not in (fake.chats("echo")[-1].body or {})
    stored = page.engine.store.conversations.get(conversation(page)).options
    assert (stored.system, stored.temperature, stored.max_output) == ("Be a pirate.", None, 77)
    page.click("new")
    assert page.app.session_state["chat"].options.system != "Be a pirate."


def test_a_model_holds_from_the_next_message(page: Tab) -> None:
    page.say("One")
    slot = page.app.session_state["chat"].slot
    pick(page, f"model-{slot}-openai", "reasoning").run()
    page.say("Two")
    assert [row.model_asked for row in page.kept() if row.role == "assistant"] == ["echo", "reasoning"]


def test_the_newest_are_drawn_and_the_earlier_on_demand(page: Tab) -> None:
    options = Options(connection="openai", model="echo")
    turn = page.engine.start(None, Say("0"), options=options)
    for number in range(1, 20):
        assert turn.wait(20)
        turn = page.engine.start(turn.conversation, Say(str(number), parent=turn.reply), options=options)
    assert turn.wait(20)
    page.app.query_params["c"] = turn.conversation
    page.run()
    assert len(texts(page)) == 24
    assert texts(page)[-1] == "19"
    assert "Earlier messages (16)" in page.buttons()
    page.click("earlier-button")
    assert len(texts(page)) == 40
    assert not any("Earlier" in button for button in page.buttons())


def test_a_download_is_the_branch_that_is_shown_and_json_is_all_of_them(page: Tab) -> None:
    page.say("One")
    page.choose(f"menu-{page.kept()[0].id}", "Edit")
    page.app.text_area(key=f"edit-{page.kept()[0].id}").set_value("Uno")
    page.click(f"save-{page.kept()[0].id}")
    head = page.app.session_state["chat"].head
    markdown = downloads.file(page.engine, conversation(page), head, Form("md")).decode()
    assert "\nUno\n" in markdown
    assert "\nOne\n" not in markdown
    table = downloads.file(page.engine, conversation(page), head, Form("csv")).decode("utf-8-sig")
    (copied,) = read_json(io.BytesIO(downloads.file(page.engine, conversation(page), head, Form("json"))), "chat.json")
    assert copied.intact
    assert [one.text for one in copied.whole.messages if one.role == "user"] == ["One", "Uno"]
    assert len(table.split("\r\n")) == 4
    assert KEY not in markdown + table


def test_a_name_that_the_model_gives_is_written_in_place(
    tmp_path: Path, fake: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tab(tmp_path, monkeypatch, **talking_to(fake.base_url, "reasoning", KEY)) as page:
        page.open().say("What is the answer to everything, and is there a question that goes with it?")
        named = page.engine.store.conversations.get(conversation(page))
        assert (named.title_by, named.title) == ("model", "The answer is forty-two.")
        assert [head.value for head in page.app.subheader] == ["The answer is forty\\-two\\."]
        assert page.says("The answer is forty-two.")


def test_a_page_switch_keeps_the_open_chat(page: Tab) -> None:
    page.say("One")
    here = conversation(page)
    page.app.switch_page("pages/settings.py").run()
    page.app.switch_page("pages/chat.py").run()
    assert conversation(page) == here
    assert texts(page) == ["One", "One"]


def drawn(node: Any) -> Any:
    """A part of the page as a nested tuple: what stands where, and what it says."""
    children = getattr(node, "children", None)
    if children is None:
        return node.type, getattr(node, "label", None) or getattr(node, "value", None)
    return node.type, tuple((place, drawn(child)) for place, child in children.items())


@pytest.mark.parametrize(
    "model",
    # Slow ones, which are drawn while they come, before the quick ones.
    ["words:150@100", "slow-first:1", "length:40@40", "fault:stall:later", "reasoning", "refusal", "no-such-model"],
)
def test_a_reply_is_drawn_the_same_while_it_comes_and_when_it_is_stored(
    tmp_path: Path, fake: FakeOpenAI, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    impatient = f"{SETTINGS}[connections.openai.timeouts]\nbytes = 1.0\n"
    with tab(tmp_path, monkeypatch, impatient, **talking_to(fake.base_url, model, KEY)) as page:
        page.open().say("One")
        live = drawn(page.app.main)
        assert len(page.app.chat_message) == 2
        page.run()
        assert drawn(page.app.main) == live


def test_a_very_long_message_is_drawn_in_part_and_sent_whole(page: Tab, fake: FakeOpenAI) -> None:
    long = "word " * 6_000 + "end"
    page.say(long)
    assert fake.chats("echo")[-1].messages[-1]["content"] == long
    assert texts(page) == [long, long]
    assert page.says("The first 20,000 of 30,003 characters. All of them are kept, and copied.")
    assert max(len(text.value) for text in page.app.text) == 20_001


def test_the_menu_of_a_chat_opens_its_file_its_markdown_and_its_tags(page: Tab) -> None:
    page.say("One")
    page.choose("head-menu", "Download")
    assert downloads_of(page) == ["Download as Markdown"]
    assert [box.label for box in page.app.checkbox] == ["All branches"]
    page.choose("head-menu", "Copy")
    assert downloads_of(page) == [], "one is open at a time"
    assert "One" in page.app.code[-1].value
    page.choose("head-menu", "Tags")
    [field] = page.app.multiselect
    field.set_value(["Thesis"])  # a new one, as it can be typed
    page.run()
    assert [tag.name for tag in page.engine.store.tags.all()] == ["Thesis"]


def test_what_is_copied_as_markdown_is_shown_as_what_it_is(page: Tab) -> None:
    page.say("user\u202egnp.exe if \u2067} (x)")
    page.choose("head-menu", "Copy")
    assert not page.app.code
    shown = page.app.text[-1].value
    assert "user‹RLO›gnp.exe if ‹RLI›} (x)" in shown
    [copied] = [
        json.loads(button.proto.json)["text"]
        for button in page.app.get("bidi_component")
        if button.proto.json and "title:" in button.proto.json
    ]
    assert "user\u202egnp.exe if \u2067} (x)" in copied, "what is copied is exact"


def downloads_of(page: Tab) -> list[str]:
    return [button.proto.label for button in page.app.get("download_button")]


def test_a_reply_begins_a_chat_of_its_own(page: Tab) -> None:
    page.say("One").say("Two")
    before = conversation(page)
    page.choose(f"menu-{page.kept()[1].id}", "Branch")
    assert texts(page) == ["One", "One"]
    assert page.says("This is a chat of its own")
    assert conversation(page) != before
    page.say("Three")
    assert texts(page) == ["One", "One", "Three", "Three"]
    assert [line.title for line in page.engine.store.conversations.lines()] == ["One (branch)", "One"]


@pytest.mark.parametrize(
    ("model", "word"), [("no-such-model", "failed"), ("fault:reset:later", "unfinished"), ("length:4@4", "unfinished")]
)
def test_the_list_says_what_became_of_a_reply_that_is_not_whole(page: Tab, model: str, word: str) -> None:
    page.say("Here")
    options = page.engine.store.conversations.get(conversation(page)).options
    turn = page.engine.start(None, Say("Elsewhere"), options=replace(options, model=model))
    assert turn.wait(20)
    page.run()
    other = next(button for button in page.app.button if button.key == f"line-{turn.conversation}")
    assert other.label.endswith(f":gray[{word}]]")


def test_a_history_that_takes_nothing_any_more_does_not_break_the_page(page: Tab) -> None:
    """Its file goes away while a reply is written: what was read stays on the page, with what is wrong."""
    chat = page.app.session_state["chat"]
    chat.options = replace(chat.options, model="words:60@40")
    file = page.data / "bytebot.db"
    timer = threading.Timer(0.7, lambda: file.rename(file.with_name("elsewhere.db")))
    timer.start()
    page.say("Go on.")  # fails where the page ends in an error
    timer.join()
    assert not file.exists()
    [_, reply] = page.app.session_state["messages"]
    assert reply.state in ("cut", "failed")
    assert "fox" in "".join(page.said())
