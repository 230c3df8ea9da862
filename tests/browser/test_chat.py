"""The chat page in a real browser: what a person does, and what must not be lost while they do it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.app import PATIENCE, App, Chat
from tests.fake_openai import FakeOpenAI

pytestmark = pytest.mark.browser
Tab = Callable[[str], Chat]


def test_a_chat_remembers_what_was_said(tab: Tab, fake: FakeOpenAI) -> None:
    chat = tab("strict")
    chat.say("First, **plainly** <b>said</b>")
    chat.whole(1)
    expect(chat.body(1)).to_contain_text("First,")
    chat.say("Second")
    chat.whole(3)
    chat.told(0, "First, **plainly** <b>said</b>")
    sent = [message["content"] for message in fake.chats("strict")[-1].messages[1:]]
    assert sent == ["First, **plainly** <b>said</b>"] * 2 + ["Second"]


def test_stop_keeps_the_part_and_continue_goes_on(tab: Tab) -> None:
    chat = tab("words:2000@60")
    chat.say("Tell me a lot")
    chat.told(1, "quick brown fox")
    chat.input.press("Escape")
    chat.told(1, "You stopped this.")
    part = chat.text(1)
    chat.press("Continue")
    chat.longer(1, len(part) + 100)
    chat.press("Stop")
    chat.told(1, "You stopped this.")
    chat.count(2)
    assert chat.text(1).startswith(part.rstrip()[: len(part) - 40])


def test_regenerate_and_edit_make_branches_that_can_be_switched(tab: Tab) -> None:
    chat = tab("echo")
    chat.say("one")
    chat.whole(1)
    chat.choose(1, "Regenerate")
    chat.told(1, "2/2")
    arrow = chat.messages.nth(1).get_by_role("button", name="chevron_left").first
    box = arrow.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 32, "a thumb would miss it"
    arrow.click()
    chat.told(1, "1/2")
    chat.choose(0, "Edit")
    chat.page.get_by_label("Edit your message").fill("two")
    chat.press("Save and send")
    chat.told(0, "2/2")
    expect(chat.body(1)).to_have_text(re.compile("two"), timeout=PATIENCE)
    chat.messages.nth(0).get_by_role("button", name="chevron_left").first.click()
    chat.told(0, "1/2")
    expect(chat.body(1)).to_have_text(re.compile("one"), timeout=PATIENCE)
    chat.told(1, "2/2")


def test_two_quick_sends_are_both_kept_and_answered_in_turn(tab: Tab, fake: FakeOpenAI) -> None:
    chat = tab("words:80@40")
    fake.forget()
    chat.say("first")
    chat.say("second")
    chat.count(4)
    chat.told(2, "second")
    chat.whole(3)
    chat.whole(1)
    asked = [request.messages[-1]["content"] for request in fake.chats("words:80@40")]
    assert asked == ["first", "second"]
    assert len(fake.chats("words:80@40")[1].messages) == 4


def test_a_refresh_in_mid_reply_goes_on_live(tab: Tab) -> None:
    chat = tab("words:4000@40")
    chat.say("Refresh me")
    chat.told(1, "quick brown fox")
    assert "?c=" in chat.query
    chat.page.reload()
    chat.ready()
    chat.told(1, "quick brown fox")
    seen = len(chat.text(1))
    chat.longer(1, seen + 100)
    chat.press("Stop")
    chat.told(1, "You stopped this.")
    assert len(chat.text(1)) > seen


def test_a_second_tab_follows_the_same_reply_live(tab: Tab, context: BrowserContext, app: App) -> None:
    first = tab("words:4000@40")
    first.say("Watch me")
    first.told(1, "quick brown fox")
    second = Chat(context, app.url).open(first.query)
    second.told(1, "quick brown fox")
    second.longer(1, len(second.text(1)) + 100)
    second.press("Stop")
    first.told(1, "You stopped this.")
    second.told(1, "You stopped this.")


def test_a_draft_and_its_place_survive_the_end_of_a_reply(tab: Tab) -> None:
    chat = tab("words:200@40")
    chat.say("Go on")
    chat.told(1, "quick brown fox")
    chat.input.fill("half a thought")
    chat.whole(1)
    expect(chat.input).to_have_value("half a thought")
    expect(chat.input).to_be_focused()


def test_nothing_of_a_longer_chat_stays_below_a_reply_that_is_followed(tab: Tab) -> None:
    chat = tab("words:700")
    chat.say("A long one")
    chat.whole(1)
    chat.say("And more")
    chat.whole(3)
    long = chat.query
    slow = tab("words:4000@25")
    slow.say("A slow one")
    slow.told(1, "quick brown fox")
    slow.page.get_by_role("button", name="A long one").first.click()
    slow.count(4)
    assert slow.query == long
    slow.page.get_by_role("button", name="A slow one").first.click()
    slow.count(2)
    slow.longer(1, 50)
    left = slow.page.locator(".stMain [data-stale=true]").filter(has_text=re.compile(r"\w"), visible=True)
    expect(left).to_have_count(0)
    slow.press("Stop")
    slow.told(1, "You stopped this.")


def test_what_is_deleted_can_be_taken_back(tab: Tab) -> None:
    chat = tab("echo")
    chat.say("Keep me")
    chat.whole(1)
    chat.choose(1, "Delete")
    chat.count(1)
    chat.press("Undo")
    chat.count(2)
    chat.told(1, "Keep me")
    chat.choose_above("Delete")
    chat.count(0)
    chat.press("Undo")
    chat.count(2)


def test_a_chat_is_renamed_where_its_menu_was_used_and_a_refused_name_stays(tab: Tab) -> None:
    chat = tab("words:700")
    chat.say("Name me")
    chat.whole(1)
    beside = chat.page.get_by_test_id("stSidebar")
    beside.get_by_test_id("stMenuButton").click()
    chat.page.get_by_role("option", name="Rename").or_(chat.page.get_by_role("menuitem", name="Rename")).first.click()
    field = beside.get_by_label("Title")
    field.fill("x" * 201)
    field.press("Enter")
    expect(beside.get_by_text("The title has 201 characters; the most is 200.")).to_be_in_viewport(timeout=PATIENCE)
    expect(field).to_have_value("x" * 201)
    field.fill("Not this")
    chat.press("Cancel")
    expect(field).to_have_count(0, timeout=PATIENCE)
    expect(chat.page.get_by_role("heading", name="Name me")).to_be_attached()


def test_copy_gives_the_text_as_it_was_written(tab: Tab, context: BrowserContext, app: App) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app.url)
    chat = tab("echo")
    chat.say("**Größe** `x = 1` — 😀")
    chat.whole(1)
    chat.messages.nth(1).get_by_role("button", name="Copy").click()
    expect(chat.messages.nth(1).get_by_title("Copied")).to_be_visible(timeout=PATIENCE)
    assert chat.page.evaluate("navigator.clipboard.readText()") == "**Größe** `x = 1` — 😀"


def test_an_address_that_names_nothing_says_so(tab: Tab) -> None:
    chat = tab("echo")
    chat.open("?c=no-such-conversation")
    expect(chat.page.get_by_text("There is no conversation")).to_be_visible(timeout=PATIENCE)
    chat.say("A new one then")
    chat.whole(1)


def test_a_double_click_is_one_turn(tab: Tab, fake: FakeOpenAI) -> None:
    chat = tab("words:60@30")
    fake.forget()
    chat.page.get_by_role("button", name="Turn my notes").dblclick()
    chat.whole(1)
    chat.count(2)
    assert len(fake.chats("words:60@30")) == 1
    chat.choose(1, "Regenerate")
    chat.told(1, "2/2")
    assert len(fake.chats("words:60@30")) == 2


def test_fifty_reruns_of_a_silent_reply_leave_no_thread_behind(tab: Tab, app: App) -> None:
    chat = tab("silent")
    chat.say("Say nothing")
    chat.told(1, "Thinking…")
    toggle = chat.page.get_by_test_id("stSidebar").get_by_text("Set the temperature")
    slider = chat.page.get_by_test_id("stSidebar").get_by_test_id("stSlider")
    toggle.click()
    expect(slider).to_be_visible(timeout=PATIENCE)
    before = app.threads()
    for number in range(50):
        toggle.click()
        expect(slider).to_be_visible(visible=bool(number % 2), timeout=PATIENCE)
    chat.told(1, "Thinking…")
    # The script of the last rerun may still be on its way out.
    chat.page.wait_for_timeout(1_000)
    assert app.threads() <= before + 2
    chat.input.press("Escape")
    chat.told(1, "You stopped this.")


def test_who_had_scrolled_up_sees_what_was_just_said(tab: Callable[[str], Chat]) -> None:
    chat = tab("words:250@5000")
    for number in range(3):
        chat.say("Go on.")
        chat.whole(2 * number + 1)
    chat.messages.nth(1).hover()
    for _ in range(12):
        chat.page.mouse.wheel(0, -600)
    expect(chat.messages.first).to_be_in_viewport(timeout=PATIENCE)
    expect(chat.messages.last).not_to_be_in_viewport()
    chat.say("And now?")
    chat.count(8)
    chat.whole(7)
    expect(chat.messages.last.get_by_test_id("stMenuButton")).to_be_in_viewport(timeout=PATIENCE)
    # The same after an edit that makes the branch shorter.
    chat.messages.nth(2).hover()
    for _ in range(12):
        chat.page.mouse.wheel(0, -600)
    chat.choose(2, "Edit")
    chat.page.get_by_role("textbox", name="Edit your message").fill("Otherwise?")
    chat.press("Save and send")
    chat.count(4)
    chat.whole(3)
    expect(chat.messages.last.get_by_test_id("stMenuButton")).to_be_in_viewport(timeout=PATIENCE)
    chat.say("More.")
    chat.count(6)
    chat.whole(5)
    expect(chat.messages.last.get_by_test_id("stMenuButton")).to_be_in_viewport(timeout=PATIENCE)
