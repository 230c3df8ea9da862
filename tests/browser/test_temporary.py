"""A temporary chat in a real browser: no address, in no list, on no disk, and gone with the page."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.app import App, Chat

pytestmark = pytest.mark.browser
WORDS = "wolframite-zqx"


def test_it_is_gone_with_the_page_and_was_on_no_disk(tab: Callable[[str], Chat], app: App) -> None:
    chat = tab("echo")
    page = chat.page
    page.get_by_text("Temporary chat", exact=True).click()
    expect(page.get_by_text("Temporary chat: nothing is stored.")).to_be_visible()
    chat.input.fill(WORDS)
    chat.input.press("Enter")
    expect(chat.messages).to_have_count(2)
    expect(chat.messages.last).to_contain_text(WORDS)
    assert "c=" not in page.url
    expect(page.get_by_test_id("stSidebar")).not_to_contain_text(WORDS)
    # Another page of the app and back is no leaving.
    page.get_by_role("link", name="Costs").click()
    expect(page.get_by_role("heading", name="Costs")).to_be_visible()
    page.get_by_role("link", name="Chat").click()
    expect(chat.messages.last).to_contain_text(WORDS)
    page.reload()
    chat.ready()
    expect(page.get_by_text("What is on your mind?")).to_be_visible()
    expect(page.get_by_text(WORDS)).to_have_count(0)
    for path in [*app.data.rglob("*"), app.log]:
        assert not path.is_file() or WORDS.encode() not in path.read_bytes(), path
