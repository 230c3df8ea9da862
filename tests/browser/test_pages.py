"""Addresses, cold servers, and a reply that another process makes."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from tests.browser.app import PATIENCE, App, Chat
from tests.fake_openai import FakeOpenAI

pytestmark = pytest.mark.browser


def test_a_cold_server_opens_what_a_deep_link_names(own_app: App, context: BrowserContext) -> None:
    own_app.settle(model="echo")
    chat = Chat(context, own_app.start().url).open()
    chat.say("Find me again")
    chat.whole(1)
    query = chat.query
    own_app.kill()
    own_app.start()
    page = context.new_page()
    page.goto(f"{own_app.url}/settings")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible(timeout=PATIENCE)
    own_app.kill()
    own_app.start()
    page.goto(f"{own_app.url}/chat{query}")
    expect(page.get_by_test_id("stChatMessage").nth(1)).to_contain_text("Find me again", timeout=PATIENCE)


def test_settings_and_back_is_the_same_chat(tab: Callable[[str], Chat]) -> None:
    chat = tab("words:4000@40")
    chat.say("Stay with me")
    chat.told(1, "quick brown fox")
    query = chat.query
    chat.page.get_by_role("link", name="Settings").first.click()
    expect(chat.page.get_by_role("heading", name="Settings")).to_be_visible(timeout=PATIENCE)
    chat.page.get_by_role("link", name="Chat").first.click()
    chat.ready().told(1, "quick brown fox")
    assert chat.query == query
    chat.longer(1, 300)
    chat.press("Stop")
    chat.told(1, "You stopped this.")


def test_a_reply_of_another_process_is_followed_and_stopped(
    own_app: App, fake: FakeOpenAI, tmp_path: Path, context: BrowserContext
) -> None:
    own_app.settle(model="words:4000@40")
    first = Chat(context, own_app.start().url).open()
    first.say("Written over there")
    first.told(1, "quick brown fox")
    other = App(tmp_path, fake.base_url)
    try:
        second = Chat(context, other.start().url).open(first.query)
        second.told(1, "Being answered in another window.")
        second.longer(1, len(second.text(1)) + 100)
        second.press("Stop")
        second.told(1, "You stopped this.")
        first.told(1, "You stopped this.")
        second.page.wait_for_function(
            "([it, size]) => it.innerText.length == size", arg=[second.body(1).element_handle(), len(first.text(1))]
        )
        assert second.text(1) == first.text(1)
    finally:
        other.close()


@pytest.mark.parametrize("window", ["phone", "narrow"])
def test_where_the_sidebar_covers_the_page_it_gives_way(browser: Browser, app: App, window: str) -> None:
    app.settle(model="words:20@500")
    agent = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"
    if window == "phone":
        context = browser.new_context(
            viewport={"width": 390, "height": 844}, user_agent=agent, has_touch=True, is_mobile=True
        )
    else:
        context = browser.new_context(viewport={"width": 640, "height": 800})
    chat = Chat(context, app.url).open()
    chat.say("The first one")
    chat.whole(1)
    page, sidebar = chat.page, chat.page.get_by_test_id("stSidebar")
    places: tuple[tuple[Literal["button", "link"], str, str], ...] = (
        ("button", "New chat", "What is on your mind?"),
        ("button", "The first one", "The first one"),
        ("link", "History", "History"),
        ("link", "Settings", "Settings"),
        ("link", "Chat", "The first one"),
    )
    for role, name, heading in places if window == "phone" else places[:3]:
        page.get_by_test_id("stExpandSidebarButton").click()
        # Not the place itself, which may be scrolled away in it; a click finds it.
        expect(sidebar).to_be_in_viewport(timeout=PATIENCE)
        if window == "phone":  # which has no such keys
            expect(sidebar.get_by_text("Shift")).to_have_count(0)
        sidebar.get_by_role(role, name=name).first.click()
        expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible(timeout=PATIENCE)
        expect(sidebar).not_to_be_in_viewport(timeout=PATIENCE)
        page.get_by_test_id("stSidebarContent").evaluate("it => it.scrollTop = it.scrollHeight")
    context.close()
