"""Six faults as a person meets them: the sentence, the kept words, the way out, and the same after a refresh."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.app import PATIENCE, App, Chat
from tests.fake_openai import FakeOpenAI
from tests.fake_words import WORDS

pytestmark = pytest.mark.browser
Tab = Callable[[str], Chat]

IMPATIENT = """
[connections.openai.timeouts]
connect = 2
first = 3
bytes = 1.5
deltas = 2
total = 60
"""
SAID = "Twelve words, please."
PART = " ".join(WORDS[:6])


@pytest.fixture
def tab(context: BrowserContext, app: App) -> Tab:
    """Opens a tab on the app, whose server is soon given up."""

    def opened(model: str) -> Chat:
        app.settle(model=model)
        with (app.data / "settings.toml").open("a") as settings:
            settings.write(IMPATIENT)
        return Chat(context, app.url).open()

    return opened


def kept(chat: Chat, *words: str) -> None:
    """What was said and what is told stand there, also after a refresh; nothing else went wrong on the page."""
    for refreshed in (False, True):
        if refreshed:
            chat.page.reload()
            chat.ready()
        chat.told(0, SAID)
        for each in words:
            chat.told(1, each)
        chat.count(2)
        expect(chat.page.get_by_test_id("stException")).to_have_count(0)
        expect(chat.page.get_by_role("button", name="Stop")).to_have_count(0)


def test_a_reset_in_the_middle_keeps_the_part_and_continue_goes_on(tab: Tab, fake: FakeOpenAI) -> None:
    chat = tab("torn")
    chat.say(SAID)
    kept(chat, PART, "The connection broke", "Continue", "Try again")
    chat.press("Continue")
    chat.whole(1)
    chat.told(1, " ".join(WORDS))
    chat.count(2)
    assert [message["content"] for message in fake.chats("torn")[-1].messages[1:3]] == [SAID, PART]


def test_a_reply_that_goes_silent_is_cut(tab: Tab) -> None:
    chat = tab("fault:stall:later")
    chat.say(SAID)
    chat.told(1, PART)
    expect(chat.page.get_by_role("button", name="Stop")).to_be_visible(timeout=PATIENCE)
    kept(chat, PART, "went silent for 1.5 s", "Continue", "Try again")


def test_a_busy_server_is_waited_for_with_a_countdown_that_stop_ends(tab: Tab, fake: FakeOpenAI) -> None:
    chat = tab("busy:19")
    chat.say(SAID)
    chat.told(1, "Trying again in 18 s (2 of 4).")
    chat.told(1, "Trying again in 16 s (2 of 4).")
    asked = time.monotonic()
    chat.press("Stop")
    chat.told(1, "You stopped this.")
    assert time.monotonic() - asked < 10, "Stop did not wait for the countdown"
    kept(chat, "You stopped this.", "Try again")
    assert len(fake.chats("busy:19")) == 1


def test_a_key_that_is_not_accepted_leads_to_the_settings(tab: Tab) -> None:
    chat = tab("fault:status-401")
    chat.say(SAID)
    kept(chat, "The key for 'openai' was not accepted. Your message is kept.", "Try again", "Open settings")
    assert "sk-canary" not in chat.page.content()
    chat.page.get_by_role("link", name="Open settings").click()
    expect(chat.page.get_by_role("heading", name="Settings")).to_be_visible(timeout=PATIENCE)


def test_an_empty_reply_is_called_one(tab: Tab, fake: FakeOpenAI) -> None:
    chat = tab("fault:empty-stop")
    chat.say(SAID)
    kept(chat, "The model sent an empty reply. Your message is kept.", "Try again")
    chat.press("Try again")
    until = time.monotonic() + 30
    while len(fake.chats("fault:empty-stop")) < 2 and time.monotonic() < until:
        chat.page.wait_for_timeout(50)
    kept(chat, "The model sent an empty reply. Your message is kept.", "Try again")
    assert len(fake.chats("fault:empty-stop")) == 2


def test_a_reply_without_end_is_ended(tab: Tab) -> None:
    chat = tab("fault:endless")
    chat.say(SAID)
    kept(chat, " ".join(WORDS), "The reply was stopped at 256 KiB", "Continue", "Try again")
    chat.page.get_by_role("button", name="New chat").click()
    chat.count(0)


def test_killed_with_a_message_in_line_the_reply_above_it_can_be_continued(
    own_app: App, context: BrowserContext
) -> None:
    own_app.settle(model="words:2000@60")
    own_app.start()
    chat = Chat(context, own_app.url).open()
    chat.say("Tell me a lot")
    chat.longer(1, 150)
    chat.say("And then?")
    chat.count(4)
    chat.page.wait_for_timeout(1_200)
    query = chat.query
    own_app.kill()
    own_app.start()
    chat.open(query)
    chat.told(1, "ByteBot was closed while this was written.")
    chat.told(2, "And then?")
    part = chat.text(1)
    assert len(part) >= 150
    chat.messages.nth(1).get_by_role("button", name="Continue").click()
    chat.longer(1, len(part) + 60)
    chat.press("Stop")
    chat.told(1, "You stopped this.")
    chat.told(1, "2/2")
    assert chat.text(1).startswith(part[: len(part) - 20])
    chat.count(2)
    chat.messages.nth(1).get_by_role("button", name="chevron_left").click()
    chat.told(1, "1/2")
    chat.told(2, "And then?")
    assert chat.text(1) == part
