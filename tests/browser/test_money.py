"""The story of a bill: exact, stopped, unknown, local; the sums, the arithmetic, a limit that refuses, what-if, the file.

pytest tests/browser/test_money.py --screenshots docs/images      also makes the pictures of docs/money.md
"""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from chatbot.store.store import Store
from tests.browser.app import PATIENCE, App, Chat
from tests.browser.test_show import PHONE, Shot
from tests.browser.test_show import shot as shot
from tests.fake_openai import FakeOpenAI

pytestmark = pytest.mark.browser
EXACT, STOPPED, UNKNOWN, DEAR = "words:120@400", "words:4000@60", "strict", "words:160@400"
PRICES = f"""
[[price]]
url = "http://0.0.0.0:*"
model = "words:*"
input = 2.0
cached = 0.2
output = 8.0

[[price]]
url = "http://0.0.0.0:*"
model = "{DEAR}"
input = 200.0
output = 800.0

[[price]]
url = "http://0.0.0.0:*"
model = "echo"
input = 0.1
output = 0.5
"""


@pytest.fixture
def priced_app(tmp_path: Path) -> Iterator[App]:
    """An app with a vendor that has prices, and with a server of this machine."""
    with FakeOpenAI(host="0.0.0.0") as vendor, FakeOpenAI() as local:
        made = App(tmp_path, vendor.base_url)
        (made.data / "prices.toml").write_text(PRICES)
        made.more = (
            f'[connections.openai]\nmodel = "echo"\n[connections.here]\nbase_url = "{local.base_url}"\nmodel = "echo"\n'
        )
        yield made
        made.close()


def under(chat: Chat, message: int) -> str:
    """The cost under a reply, as it is read."""
    tag = chat.messages.nth(message).locator("[class*='st-key-cost-']")
    return tag.inner_text(timeout=PATIENCE).strip()


def ask(chat: Chat, app: App, model: str, words: str, connection: str = "openai") -> None:
    """The next message of this chat, by another model than the last."""
    app.settle(model=model, connection=connection)
    with closing(Store.open(f"sqlite:///{app.data / 'bytebot.db'}")) as store:
        latest = store.conversations.latest()
        assert latest is not None
        store.conversations.set_options(latest.id, replace(latest.options, model=model, connection=connection))
    chat.page.reload()
    chat.say(words)


def test_the_story_of_a_bill(context: BrowserContext, priced_app: App, shot: Shot, tmp_path: Path) -> None:
    app = priced_app
    app.settle(model=EXACT)
    app.start()
    chat = Chat(context, app.url).open()
    page = chat.page
    expect(page.get_by_text("tokens + your words")).to_contain_text("to at most $0.03", timeout=PATIENCE)

    # Exact: the server says what was used, the prices are known.
    chat.say("What does a lighthouse keeper do all day?")
    chat.whole(1)
    assert under(chat, 1).startswith("$0.00")

    # Stopped: nobody said what was used, so it is estimated; while it was written its price moved.
    ask(chat, app, STOPPED, "Tell me everything about lamps.")
    expect(chat.messages.nth(3).get_by_text("≈ $0.00")).to_be_visible(timeout=PATIENCE)
    moving = page.get_by_test_id("stSidebar").get_by_text("This chat ≈ $0.00")
    expect(moving).to_be_visible(timeout=PATIENCE)
    shot(page, "money-moving-light-1280")
    chat.press("Stop")
    chat.told(3, "You stopped this.")
    assert under(chat, 3).startswith("≈ $0.00")

    # Unknown: never $0.00. Local: nobody bills it.
    ask(chat, app, UNKNOWN, "And what does nobody know the price of?")
    chat.whole(5)
    assert under(chat, 5) == "—"
    ask(chat, app, "echo", "What runs on this machine?", connection="here")
    chat.whole(7)
    assert under(chat, 7) == "local"
    sidebar = page.get_by_test_id("stSidebar")
    expect(sidebar.get_by_text("1 estimated, 1 unpriced").first).to_be_visible(timeout=PATIENCE)

    # The arithmetic, on a click: by key, since the page of a reply that has just ended may still move under a mouse.
    chat.messages.nth(1).locator("[class*='st-key-cost-'] button").first.press("Enter")
    arithmetic = chat.messages.nth(1)
    expect(arithmetic.get_by_text("your prices.toml, line 2")).to_be_visible(timeout=PATIENCE)
    expect(arithmetic.get_by_role("cell", name="Output")).to_be_visible()
    arithmetic.scroll_into_view_if_needed()
    shot(page, "money-arithmetic-light-1280")
    chat.press("Close")

    # A limit that refuses before anything is sent, the words put back, the cheaper model.
    with closing(Store.open(f"sqlite:///{app.data / 'bytebot.db'}")) as store:
        store.ledger.budgets.set("month", 10**9, zone="Europe/Berlin")
    ask(chat, app, DEAR, "Now something dear, please.")
    chat.told(9, "This would pass your limit of $1 for")
    expect(chat.input).to_have_value("Now something dear, please.", timeout=PATIENCE)
    expect(page.get_by_role("button", name="Raise limit to")).to_be_visible()
    page.get_by_role("button", name="Raise limit to").scroll_into_view_if_needed()
    shot(page, "money-limit-light-1280")
    page.get_by_role("button", name="Use echo").click()
    chat.whole(9)
    expect(chat.input).to_have_value("", timeout=PATIENCE)
    # How much depends on where the long reply was stopped.
    assert re.fullmatch(r"(< )?\$0\.000\d", under(chat, 9))

    costs = page.context.new_page()
    _costs(costs, app, shot, tmp_path)
    costs.emulate_media(color_scheme="dark")
    costs.set_viewport_size(PHONE)
    costs.reload()
    expect(costs.get_by_text("By model")).to_be_visible(timeout=PATIENCE)
    shot(costs, "money-costs-dark-390")


def _costs(page: Page, app: App, shot: Shot, folder: Path) -> None:
    """The page of it all: sums that say what they are made of, what-if, the file."""
    page.goto(f"{app.url}/costs")
    expect(page.get_by_role("heading", name="Costs")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("1 estimated, 1 unpriced").first).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_text("By model")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_test_id("stVegaLiteChart").locator("canvas, svg").first).to_be_visible(timeout=PATIENCE)
    wide = _width(page)
    shot(page, "money-costs-light-1280")
    elsewhere = page.get_by_text("What would it have cost elsewhere?")
    elsewhere.scroll_into_view_if_needed()
    box = page.locator("[class*='st-key-costs-what-if'] input").first
    box.click()
    box.fill("echo")
    page.get_by_role("option", name="echo · openai").click()
    expect(page.get_by_text("These calls on echo")).to_be_visible(timeout=PATIENCE)
    assert _width(page) == wide  # a choice does not make the page narrow
    elsewhere.scroll_into_view_if_needed()
    shot(page, "money-what-if-light-1280")
    with page.expect_download(timeout=PATIENCE) as waiting:
        page.get_by_role("button", name="Download CSV").click()
    waiting.value.save_as(folder / "costs.csv")
    rows = list(csv.DictReader(io.StringIO((folder / "costs.csv").read_text("utf-8-sig"))))
    assert sorted(row["source"] for row in rows) == ["estimated", "local", "override", "override", "unknown"]


def _width(page: Page) -> float:
    box = page.get_by_test_id("stMainBlockContainer").bounding_box()
    assert box is not None
    return box["width"]
