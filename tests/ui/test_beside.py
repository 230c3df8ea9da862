"""What stands beside the chat, in process: the conversations by name, and what this one is held with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_openai import FakeOpenAI
from tests.ui.chat_tab import Tab, tab, talking_to

KEY = "sk-canary-2c3d4e5f6a7b8c9d0e1f"
SETTINGS = "[chat]\ntitles_by_model = false\n"


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def page(tmp_path: Path, fake: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tab]:
    with tab(tmp_path, monkeypatch, SETTINGS, **talking_to(fake.base_url, "echo", KEY)) as opened:
        yield opened.open()


def test_a_chat_is_renamed_in_the_list_where_its_menu_was_used(page: Tab) -> None:
    page.say("One")
    menu = next(button for button in page.app.get("menu_button") if button.key == "line-menu")
    menu.set_value("Rename")
    page.run()
    assert [field.label for field in page.app.sidebar.text_input] == ["Title"]
    assert not page.app.main.text_input
    page.app.sidebar.text_input[0].set_value("Never mind")
    page.press("Cancel")
    assert page.engine.store.conversations.lines()[0].title == "One"
    assert not page.app.text_input


def test_a_name_that_is_too_long_is_said_and_stays_to_be_shortened(page: Tab) -> None:
    page.say("One")
    page.click("chat-rename")
    for typed, reason in (("x" * 201, "The name has 201 characters; the most is 200."), ("  ", "The title is empty.")):
        page.app.text_input[0].set_value(typed)
        page.press("Save")
        assert page.says(reason)
        assert page.engine.store.conversations.lines()[0].title == "One"
    page.app.text_input[0].set_value("x" * 200)
    page.press("Save")
    assert not page.app.text_input
    assert page.engine.store.conversations.lines()[0].title == "x" * 200


def test_a_length_that_cannot_be_is_said_and_the_old_one_holds(page: Tab) -> None:
    box = f"max-output-{page.app.session_state['chat'].slot}"
    assert page.app.number_input(key=box).proto.has_min is False, "Streamlit would only turn it red"
    page.app.number_input(key=box).set_value(-5)
    page.run()
    assert page.says("cannot be -5; it must be a whole number from 1 to 10,000,000.")
    assert page.app.number_input(key=box).value == page.app.session_state["chat"].options.max_output == 4096
    page.app.number_input(key=box).set_value(5)
    page.run()
    assert not page.says("cannot be")
    assert page.app.session_state["chat"].options.max_output == 5
