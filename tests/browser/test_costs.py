"""The costs page in a browser: links, the file, and figures that move while a reply is made elsewhere."""

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.app import PATIENCE, App, Chat, choose_from, menu_of_chat

pytestmark = pytest.mark.browser


def costs(chat: Chat, app: App) -> Page:
    """Another tab of the same browser, on the costs page."""
    page = chat.page.context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{app.url}/costs")
    expect(page.get_by_role("heading", name="Costs")).to_be_visible(timeout=PATIENCE)
    return page


def test_figures_follow_a_reply_that_is_made_in_another_tab(tab: Callable[[str], Chat], app: App) -> None:
    chat = tab("words:4000@40")
    chat.say("Take your time")
    chat.told(1, "quick brown fox")
    page = costs(chat, app)
    expect(page.get_by_text("1 being answered now")).to_be_visible(timeout=PATIENCE)
    before = (
        int(page.get_by_test_id("stMetricValue").last.inner_text()) if page.get_by_test_id("stMetric").count() else 0
    )
    chat.page.bring_to_front()
    chat.press("Stop")
    chat.told(1, "You stopped this.")
    page.bring_to_front()
    expect(page.get_by_test_id("stMetricValue").last).to_have_text(f"{before + 1}", timeout=PATIENCE)
    expect(page.get_by_text("being answered now")).to_have_count(0, timeout=PATIENCE)


def test_a_conversation_is_one_click_away_and_back_to_its_costs(tab: Callable[[str], Chat], app: App) -> None:
    chat = tab("echo")
    chat.say("Find me by my price")
    chat.whole(1)
    page = costs(chat, app)
    page.get_by_role("link", name="Find me by my price").first.click()
    expect(page).to_have_url(f"{app.url}/{chat.query}", timeout=PATIENCE)
    expect(page.get_by_test_id("stChatMessage").nth(1)).to_contain_text("Find me", timeout=PATIENCE)
    choose_from(menu_of_chat(page), "Costs of this chat")
    expect(page.get_by_text("Only Find me by my price")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_test_id("stMetricValue").last).to_have_text("1", timeout=PATIENCE)
    page.get_by_role("button", name="Show all chats").click()
    expect(page.get_by_text("Only Find me by my price")).to_have_count(0, timeout=PATIENCE)


def test_the_file_has_a_row_for_each_call(tab: Callable[[str], Chat], app: App, tmp_path: Path) -> None:
    chat = tab("echo")
    chat.say("=Keep me in a file")
    chat.whole(1)
    page = costs(chat, app)
    with page.expect_download(timeout=PATIENCE) as waiting:
        page.get_by_role("button", name="Download CSV").click()
    waiting.value.save_as(tmp_path / "costs.csv")
    data = (tmp_path / "costs.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[-1]["conversation"] == "'=Keep me in a file"
    assert (rows[-1]["source"], rows[-1]["zone"][:4]) == ("local", "UTC+")


def test_the_page_stays_wide_when_it_is_drawn_again(tab: Callable[[str], Chat], app: App) -> None:
    chat = tab("echo")
    chat.say("Wide")
    chat.whole(1)
    page = costs(chat, app)
    assert page.title() == "ByteBot"
    for days in ("All", "Today", "All", "Today"):
        page.get_by_role("combobox", name="Days").first.click()
        page.get_by_role("option", name=days, exact=True).click()
        expect(page.get_by_test_id("stMetricLabel").first).to_have_text(days, timeout=PATIENCE)
        page.wait_for_timeout(1000)  # the narrow layout came with the end of the run
        box = page.get_by_test_id("stMainBlockContainer").bounding_box()
        assert box is not None
        assert box["width"] > 800


def test_nothing_is_wider_than_a_phone(tab: Callable[[str], Chat], app: App) -> None:
    chat = tab("echo")
    chat.say("A question with_a_very_long_word_" + "x" * 60)
    chat.whole(1)
    page = costs(chat, app)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_text("What would it have cost elsewhere?")).to_be_visible(timeout=PATIENCE)
    wider = (
        "[...document.querySelectorAll('[data-testid=stMain] *')].filter(it => it.getBoundingClientRect().right > 391)"
    )
    outside = page.evaluate(f"{wider}.map(it => it.dataset.testid || it.className).filter(name => name).slice(0, 9)")
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= 390, outside
