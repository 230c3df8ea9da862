"""A person's own prices in a real browser: typed into the table, saved whole, and what a reply then costs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, TimeoutError, expect

from tests.browser.app import PATIENCE, App, Chat
from tests.fake_openai import FakeOpenAI

pytestmark = pytest.mark.browser
TWO = """\
# By hand.
[[price]]
url = "https://llm.example.com"
model = "our-*"
input = 0.2
output = 0.8

[[price]]
model = "old"
input = 1
output = 2
"""


@pytest.fixture
def priced_app(tmp_path: Path, fake: FakeOpenAI) -> Iterator[App]:
    """Talks to the fake server by an address that is not loopback, so that its replies have a price."""
    app = App(tmp_path, fake.base_url.replace("127.0.0.1", "0.0.0.0"))
    app.settle(model="words:40@0")
    yield app.start()
    app.close()


def prices(context: BrowserContext, app: App) -> Page:
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{app.url}/settings")
    page.get_by_role("tab", name="Prices").click()
    expect(page.get_by_role("heading", name="Your own prices")).to_be_visible(timeout=PATIENCE)
    return page


def selected(page: Page) -> tuple[int, int] | None:
    """Column and row of the cell that keys go to; the table tells it to screen readers."""
    cell = page.locator('[role="gridcell"][aria-selected="true"]')
    named = cell.first.get_attribute("data-testid") if cell.count() else None
    found = re.fullmatch(r"glide-cell-(\d+)-(\d+)", named or "")
    return (int(found[1]), int(found[2])) if found else None


def type_into(page: Page, row: int, column: str, text: str) -> None:
    """A cell of the table, by mouse and keyboard: it is drawn on a canvas, and takes both only once it is at rest."""
    columns = ("model", "url", "input", "output")
    canvas = page.get_by_test_id("stDataFrameResizable").locator("canvas").first
    editor = page.locator("#portal input, #portal textarea").first
    tab = page.get_by_role("tab", name="Prices")
    for attempt in range(5):
        if tab.get_attribute("aria-selected") != "true":
            tab.click()  # the page moved when the cell was clicked, and the arrows went to the tabs
        expect(canvas).to_be_visible(timeout=PATIENCE)
        page.wait_for_timeout(500 + 1000 * attempt)
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 60, box["y"] + 18 + 35)  # the first row's model
        page.wait_for_timeout(400)
        first = selected(page)
        for key in ["ArrowDown"] * (row - 1) + ["ArrowRight"] * columns.index(column):
            page.keyboard.press(key, delay=50)
        page.wait_for_timeout(400)
        if first is None or selected(page) != (first[0] + columns.index(column), first[1] + row - 1):
            continue  # a busy page lost a key
        page.keyboard.press("Enter", delay=50)
        try:
            editor.wait_for(state="visible", timeout=3_000)
        except TimeoutError:
            page.keyboard.press("Escape")
            continue
        page.keyboard.press("ControlOrMeta+a")
        page.keyboard.type(text, delay=30)
        page.keyboard.press("Enter")
        editor.wait_for(state="hidden")
        return
    raise AssertionError("no cell of the table can be edited")


def test_what_is_typed_into_the_table_is_saved_whole(context: BrowserContext, priced_app: App) -> None:
    file = priced_app.data / "prices.toml"
    file.write_text(TWO)
    page = prices(context, priced_app)
    type_into(page, 1, "input", "-3")
    page.get_by_role("button", name="Save prices").click()
    expect(page.get_by_text("Row 1: input is -3; it must be dollars per million tokens")).to_be_visible(
        timeout=PATIENCE
    )
    assert file.read_text() == TWO
    page.get_by_role("button", name="Add a price").click()
    page.get_by_label("Input", exact=True).fill("1")
    page.get_by_label("Output", exact=True).fill("2")
    page.get_by_role("button", name="Save price", exact=True).click()
    expect(page.get_by_text("The table above has changes that are not saved.")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Cancel", exact=True).click()
    assert file.read_text() == TWO
    type_into(page, 1, "input", "0.075")
    # Somebody else writes meanwhile.
    other = TWO.replace("output = 2\n", "output = 7\n")
    file.write_text(other)
    page.get_by_role("button", name="Save prices").click()
    expect(page.get_by_text("prices.toml has been changed elsewhere since").first).to_be_visible(timeout=PATIENCE)
    assert file.read_text() == other
    page.get_by_role("button", name="Discard changes").click()
    expect(page.get_by_role("button", name="Discard changes")).to_have_count(0, timeout=PATIENCE)
    type_into(page, 1, "input", "0.075")
    page.get_by_role("button", name="Save prices").click()
    expect(page.get_by_text("Your prices are saved.")).to_be_visible(timeout=PATIENCE)
    assert file.read_text() == other.replace("input = 0.2\n", "input = 0.075\n")


def test_a_reply_is_billed_by_ones_own_price(context: BrowserContext, priced_app: App) -> None:
    page = prices(context, priced_app)
    page.get_by_role("button", name="Add a price").click()
    page.get_by_label("Input", exact=True).fill("1000")
    page.get_by_label("Output", exact=True).fill("2000")
    page.get_by_role("button", name="Save price").click()
    expect(page.get_by_text("costs $1000 for a million tokens in")).to_be_visible(timeout=PATIENCE)
    chat = Chat(context, priced_app.url).open()
    chat.say("What do you cost?")
    chat.whole(1)
    chat.messages.nth(1).get_by_role("button", name="$").first.click()
    expect(chat.page.get_by_text("Worked out from your own prices.")).to_be_visible(timeout=PATIENCE)
    expect(chat.page.get_by_text("Prices: your prices.toml, line 1, for ")).to_be_visible(timeout=PATIENCE)
