"""What stands beside the chat, in process: the conversations by name, and what this one is held with."""

import math

from tests.store.scene import begin, finish
from tests.ui.chat_tab import Tab
from tests.ui.settings_page import plain


def test_a_chat_is_renamed_in_the_list_where_its_menu_was_used(page: Tab) -> None:
    page.say("One")
    menu = next(button for button in page.app.get("menu_button") if button.key == "line-menu")
    menu.set_value("Rename")
    page.run()
    assert [field.label for field in page.app.sidebar.text_input] == ["Search everything said", "Title"]
    assert not page.app.main.text_input
    page.app.sidebar.text_input[1].set_value("Never mind")
    page.press("Cancel")
    assert page.engine.store.conversations.lines()[0].title == "One"
    assert len(page.app.text_input) == 1


def test_a_name_that_is_too_long_is_said_and_stays_to_be_shortened(page: Tab) -> None:
    page.say("One")
    page.choose("head-menu", "Rename")
    for typed, reason in (("x" * 201, "The title has 201 characters; the most is 200."), ("  ", "The title is empty.")):
        page.app.main.text_input[0].set_value(typed)
        page.press("Save")
        assert page.says(reason)
        assert page.engine.store.conversations.lines()[0].title == "One"
    page.app.main.text_input[0].set_value("x" * 200)
    page.press("Save")
    assert len(page.app.text_input) == 1
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


def test_two_of_the_same_name_are_told_apart(page: Tab) -> None:
    for _ in range(2):
        page.click("new").say("The very same question, word for word")
    first, second = page.engine.store.conversations.lines()[::-1]
    page.click("new")
    rows = {button.key: button for button in page.app.sidebar.button}
    for line in (first, second):
        row = rows[f"line-{line.id}"]
        assert row.label.startswith("The very same question")
        assert plain(row.help) == f"{line.title}\n\nLast used {line.updated:%Y-%m-%d %H:%M}"


def test_the_list_ends_with_a_whole_row(page: Tab) -> None:
    for number in range(9):
        page.engine.store.conversations.create(
            tag="browser", options=page.app.session_state["chat"].options, title=f"Number {number}"
        )
    heading, row, gap = 22.4, 40, 4
    page.run()
    assert height_of_the_list(page) == math.ceil(heading + gap + 5 * (row + gap))
    assert page.says("Scroll for all 9 conversations"), "a phone shows no scroll bar"
    pinned = page.engine.store.conversations.lines()[0]
    page.engine.store.conversations.pin(pinned.id, True)
    page.run()
    assert height_of_the_list(page) == math.ceil(2 * (heading + gap) + 4 * (row + gap))


def test_the_form_of_a_name_in_the_list_is_seen_whole(page: Tab) -> None:
    for number in range(9):
        page.engine.store.conversations.create(
            tag="browser", options=page.app.session_state["chat"].options, title=f"Number {number}"
        )
    page.say("One")
    assert height_of_the_list(page) > 0
    page.choose("line-menu", "Rename")
    assert height_of_the_list(page) == 0
    page.press("Cancel")
    assert height_of_the_list(page) > 0


def height_of_the_list(page: Tab) -> int:
    """In pixels; 0 where it is as tall as what is in it."""
    found: int = next(
        block.proto.height_config.pixel_height
        for block in page.app.sidebar
        if "conversations" in getattr(block.proto, "id", "")
    )
    return found


def test_what_is_answered_in_another_chat_is_stopped_beside_this_one(page: Tab) -> None:
    store = page.engine.store
    other = begin(store, "a long question")
    page.run()
    assert "Stop what is being written there" in [button.help for button in page.app.button]
    page.click(f"stop-{other.conversation}")
    assert store.turns.stops([other.reply]) == {other.reply}
    assert page.app.session_state["chat"].conversation is None, "it was not opened"
    finish(store, other.reply, "A part", state="stopped")
    page.run()
    assert f"stop-{other.conversation}" not in [button.key for button in page.app.button]
