"""The history page in process: its shelves, what is chosen and done to many, tags, stars, the trash."""

import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from chatbot.__main__ import main
from chatbot.store.store import Store
from chatbot.store.values import Wanted
from chatbot.ui import keeping_work, session
from chatbot.ui.cost_range import Range, days_of
from chatbot.ui.history_patterns import slots_of
from tests.store.scene import exchange
from tests.ui.chat_tab import Tab, tab
from tests.ui.settings_page import plain


class History(Tab):
    """One tab of a browser on the history page."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.app.switch_page("pages/history.py")

    def look(self) -> "History":
        self.run()
        return self

    @property
    def store(self) -> Store:
        return self.engine.store

    def titles(self) -> list[str]:
        return [plain(button.label) for button in self.app.button if (button.key or "").startswith("open-")]

    def pick(self, *ids: str) -> "History":
        for id in ids:
            [box] = [box for box in self.app.checkbox if (box.key or "").startswith(f"pick-{id}-")]
            box.set_value(not box.value)
        return self.look()

    def do(self, name: str) -> "History":
        self.click(f"many-{name}")
        return self

    def shelf(self, name: str) -> "History":
        self.app.get("button_group")[0].set_value(name)
        return self.look()


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[History]:
    # In process every run is the first of a server, and the guard's way there and back would forget what was chosen.
    monkeypatch.setattr(session, "guard", lambda page: None)
    with tab(tmp_path, monkeypatch):
        yield History(tmp_path)


def test_an_empty_history_says_what_will_be_here(page: History) -> None:
    assert page.look().says("Conversations appear here with their first message.")
    for shelf, words in (
        ("Archive", "Nothing is archived."),
        ("Trash", "The trash is empty."),
        ("Starred", "No message has a star."),
    ):
        assert page.shelf(shelf).says(words)


def test_many_are_archived_and_taken_back(page: History) -> None:
    one, two, three = (exchange(page.store, text=name).conversation for name in ("one", "two", "three"))
    assert page.look().titles() == ["three", "two", "one"]
    page.pick(one, two)
    assert page.says("2 chosen")
    page.do("archive")
    assert page.titles() == ["three"]
    assert page.says("2 conversations archived.")
    page.click("history-undo")
    assert page.look().titles() == ["three", "two", "one"]
    page.pick(three).do("archive")
    page.shelf("Archive")
    assert page.titles() == ["three"]
    page.pick(three).do("unarchive")
    assert page.titles() == []
    assert page.says("1 conversation back in the list.")


def test_an_emptied_list_says_where_its_conversations_are(page: History) -> None:
    one, two = (exchange(page.store, text=name).conversation for name in ("one", "two"))
    page.look().pick(one, two).do("archive")
    assert page.titles() == []
    assert page.says("Nothing is in the list. 2 conversations are in the archive: choose *Archive* above.")
    page.shelf("Archive").pick(two).do("delete")
    page.pick(one).do("delete")
    assert page.says("Nothing is archived.")
    assert page.shelf("Conversations").says("2 conversations are in the trash: choose *Trash* above.")


def test_pins_and_tags_are_taken_back_as_they_were(page: History) -> None:
    one, two = (exchange(page.store, text=name).conversation for name in ("one", "two"))
    page.store.conversations.pin(one, True)
    page.store.tags.give([two], "work")
    page.look().pick(one, two).do("pin")
    assert page.says("2 conversations pinned.")
    page.click("history-undo")
    assert page.store.history.pinned([one, two]) == {one}
    page.look().pick(one, two)
    page.app.text_input(key="tag-new").set_value("work")
    page.look()
    assert page.says("Tagged 'work': 1 conversation.")
    page.click("history-undo")
    assert list(page.store.tags.of([one, two])) == [two]


def test_what_is_deleted_lies_in_the_trash_and_comes_back(page: History) -> None:
    one = exchange(page.store, text="one")
    more = exchange(page.store, one, text="a part of it")
    other = exchange(page.store, text="other")
    page.store.conversations.delete_message(one.conversation, more.user or 0)
    page.look().pick(other.conversation).do("delete")
    assert page.titles() == ["one"]
    page.shelf("Trash")
    assert page.says("gone for good in 30 days")
    assert page.says("a part of it")
    page.pick(other.conversation).do("back")
    token = page.store.history.deleted_branches()[0].token
    page.click(f"branch-{token}")
    assert page.shelf("Conversations").titles() == ["other", "one"]
    assert page.store.history.deleted_branches() == []


def test_pages_of_a_long_history_and_all_of_them_chosen(page: History) -> None:
    made = [exchange(page.store, text=f"chat {number}").conversation for number in range(30)]
    assert page.look().titles()[0] == "chat 29"
    assert len(page.titles()) == 20
    [box] = [box for box in page.app.checkbox if (box.key or "").startswith("pick-page-")]
    box.set_value(True)
    page.look()
    assert page.says("20 chosen")
    page.do("everything")
    assert page.says("30 chosen")
    page.do("pin")
    assert {line.id for line in page.store.history.lines(limit=99) if line.pinned} == set(made)
    page.app.session_state["history-page"] = 2
    assert len(page.look().titles()) == 10


def test_a_chosen_one_gets_a_name_and_a_tag(page: History) -> None:
    one = exchange(page.store, text="one").conversation
    page.look().pick(one)
    page.app.text_input(key="history-title").set_value("A *new* name")
    page.look()
    assert page.titles() == ["A *new* name"]
    page.pick(one)
    page.app.text_input(key="tag-new").set_value("Work")
    page.look()
    [tag] = page.store.tags.of([one])[one]
    assert page.says(f":{tag.colour}-badge[Work]")
    [box] = [box for box in page.app.checkbox if (box.key or "").startswith(f"tag-{tag.id}-")]
    box.set_value(False)
    page.look()
    assert page.store.tags.of([one]) == {}


def test_filters_and_what_was_found(page: History) -> None:
    one, two = exchange(page.store, text="a zebra", tag="terminal"), exchange(page.store, text="two")
    page.store.stars.star(one.conversation, one.reply)
    page.look()
    page.app.checkbox(key="history-starred").set_value(True)
    assert page.look().titles() == ["a zebra"]
    page.app.selectbox(key="history-begun").set_value("browser")
    assert page.look().titles() == []
    assert page.says("Change the filter.")
    page.click("history-clear")
    assert page.titles() == ["two", "a zebra"]
    page.app.text_input(key="history-search").set_value("zeb")
    page.look()
    hits = [button for button in page.app.button if (button.key or "").startswith("go-")]
    assert [plain(hit.label).partition(" :small")[0] for hit in hits] == ["a :primary[zeb]ra", "a :primary[zeb]ra"]
    page.app.text_input(key="history-search").set_value("")
    page.look().shelf("Starred")
    [star] = [button for button in page.app.button if (button.key or "").startswith("star-")]
    assert star.label == "Hi\\."
    assert {one.conversation, two.conversation} == set(page.store.history.ids(Wanted()))


def test_patterns_are_those_of_the_terminal(page: History, capsys: pytest.CaptureFixture[str]) -> None:
    page.look()
    page.app.session_state["history-tabs"] = "Patterns"
    assert page.look().says("Nothing was said in these days.")
    for text in ("short", "long " * 100):
        exchange(page.store, text=text)
    page.look()
    figures = {metric.label: metric.value for metric in page.app.metric}
    capsys.readouterr()
    assert main(["stats", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert figures["Conversations"] == str(told["conversations"]) == "2"
    assert figures["Messages"] == str(told["messages"]) == "4"
    assert figures["Whole replies"] == "100%"
    assert page.says("| m\\-1 | 2 |".replace("\\", ""))
    assert told["models"][0]["model"] == "m-1"
    assert told["lengths"]["under 2,000"] == {"you": 1, "bytebot": 0}
    assert main(["stats"]) == 0
    assert "2 conversations, 4 messages" in capsys.readouterr().out


def test_the_days_of_a_pattern_are_those_of_the_range() -> None:
    said = {date(2026, 11, 27): (2, 2), date(2026, 11, 28): (1, 1)}

    def shown(name: Range, today: date) -> tuple[str, str, int]:
        slots, _ = slots_of(said, days_of(name, today))
        assert sum(map(sum, slots.values())) == 6
        return next(iter(slots)), list(slots)[-1], len(slots)

    last = date(2026, 11, 28)
    assert shown("Last 30 days", last) == ("30 Oct", "28 Nov", 30)
    assert shown("Last 7 days", last) == ("22 Nov", "28 Nov", 7)
    assert shown("This month", last) == ("1 Nov", "28 Nov", 28)
    assert shown("Last month", date(2026, 12, 2)) == ("1 Nov", "30 Nov", 30)
    assert shown("All", last) == ("22 Nov", "28 Nov", 7)
    slots, monthly = slots_of({date(2026, 11, 1): (1, 0)}, days_of("This month", date(2026, 11, 1)))
    assert (next(iter(slots)), list(slots)[-1], monthly) == ("1 Nov", "7 Nov", False)
    assert slots_of({date(2025, 11, 1): (1, 0), last: (1, 0)}, (None, None))[1]


def test_a_tag_gets_another_name_and_colour_and_goes(page: History) -> None:
    one = exchange(page.store, text="one").conversation
    assert "tag-save" not in [button.key for button in page.look().app.button]
    tag = page.store.tags.give([one], "Work")
    page.look()
    page.app.text_input(key=f"tag-name-{tag.id}").set_value("Play")
    page.app.selectbox(key=f"tag-colour-{tag.id}").set_value("violet")
    page.look().click("tag-save")
    [changed] = page.store.tags.of([one])[one]
    assert (changed.name, changed.colour) == ("Play", "violet")
    assert page.says("The tag is called 'Play' now.")
    page.click("tag-delete")
    assert page.store.tags.all() == []
    assert page.titles() == ["one"]


def test_a_tag_is_not_left_without_a_name(page: History) -> None:
    tag = page.store.tags.give([exchange(page.store, text="one").conversation], "Work")
    page.look()
    for name in ("", "   "):  # typed, and Save clicked at once
        page.app.text_input(key=f"tag-name-{tag.id}").set_value(name)
        page.click("tag-save")
        assert page.says("The tag has no name. Type one first.")
    page.app.text_input(key=f"tag-name-{tag.id}").set_value("Play")
    page.click("tag-save")
    assert page.says("The tag is called 'Play' now.")


def test_the_trash_is_emptied_for_good(page: History) -> None:
    gone = exchange(page.store, text="quokka").conversation
    page.store.conversations.delete(gone)
    page.look().shelf("Trash")
    assert page.says("What it cost stays in the bills.")
    assert not page.says("still hold the words")
    keeping_work.backups().make()
    page.look()
    assert page.says("1 backup may still hold the words; the settings list them under *Data*.")
    page.click("empty-trash")
    said(page, "Removed for good: 1 conversation, 2 messages in all.")
    assert page.store.search.find("quokka") == []
    assert page.store.history.lines(Wanted(shelf="trash")) == []


def test_one_conversation_and_one_message_leave_the_trash_for_good(page: History) -> None:
    kept, gone = exchange(page.store, text="numbat"), exchange(page.store, text="quokka")
    more = exchange(page.store, kept, text="bilby")
    page.store.conversations.delete_message(kept.conversation, more.user or 0)
    other = exchange(page.store, text="potoroo")
    for deleted in (gone, other):
        page.store.conversations.delete(deleted.conversation)
    page.look().shelf("Trash").pick(gone.conversation)
    page.click("remove-chosen")
    said(page, "Removed for good: 1 conversation, 2 messages in all.")
    assert (page.says("quokka"), page.says("potoroo"), page.says("bilby")) == (False, True, True)
    [branch] = page.store.history.deleted_branches()
    page.click(f"remove-{branch.token}")
    said(page, "Removed for good: 1 deleted message, 2 messages in all.")
    assert (page.says("potoroo"), page.says("bilby")) == (True, False)


def test_the_file_is_made_as_the_form_says_and_the_form_stays(page: History) -> None:
    made = [exchange(page.store, text=f"chat {number}").conversation for number in range(300)]
    page.look()
    page.app.session_state["history-tabs"] = "Import and export"
    page.look()
    page.app.selectbox(key="export-format").set_value("csv")
    page.look()
    for box in ("export-branches", "export-raw"):
        page.app.checkbox(key=box).set_value(True)
    page.click("export-begin")
    said(page, ".csv · 300 conversations, 600 messages")
    assert page.app.selectbox(key="export-format").value == "csv"
    assert [page.app.checkbox(key=f"export-{box}").value for box in ("branches", "raw")] == [True, True]
    assert "export-download" in [button.key for button in page.app.get("download_button")]

    # A click that comes with the choice, before the page was drawn with it.
    page.app.selectbox(key="export-format").set_value("html")
    page.click("export-begin")
    said(page, ".html · 300 conversations, 600 messages")
    assert page.app.selectbox(key="export-format").value == "html"

    # Whoever goes away while it is made finds it, and of the conversations that are chosen.
    page.app.session_state["history-tabs"] = "Conversations"
    page.look().pick(made[-1]).do("export")
    page.app.selectbox(key="export-format").set_value("md")
    page.click("export-begin")
    page.app.session_state["history-tabs"] = "Conversations"
    page.look()
    page.app.session_state["history-tabs"] = "Import and export"
    said(page, ".md · 1 conversation, 2 messages")
    assert page.app.selectbox(key="export-format").value == "md"


def said(page: History, words: str) -> None:
    """Wait until the page says it."""
    for _ in range(100):
        if page.says(words):
            return
        time.sleep(0.1)
        page.look()
    raise AssertionError((words, page.said()))
