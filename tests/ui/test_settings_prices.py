"""The settings' tab about prices: the person's own, one added by a form, the public ones refreshed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chatbot.home.prices import read_prices
from chatbot.ui.price_actions import read_row
from tests.price_list import Publisher, published, publisher
from tests.ui.settings_page import Page, opened


@pytest.fixture
def server() -> Iterator[Publisher]:
    with publisher() as playing:
        yield playing


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: Publisher) -> Iterator[Page]:
    variables = {
        "OPENAI_API_KEY": "sk-canary-5b2e",
        "OPENAI_BASE_URL": "http://0.0.0.0:9/v1",
        "BYTEBOT_MODEL": "gpt-6-luna",
        "BYTEBOT_PRICES_URL": server.url,
    }
    with opened(tmp_path, monkeypatch, **variables) as page:
        yield page


def fill(page: Page, **fields: Any) -> None:
    for name, value in fields.items():
        page.field(f"price_{name}").set_value(value)


def test_an_empty_page_explains_itself(page: Page) -> None:
    page.run()
    assert page.says("None yet. You need one where a contract, a proxy or your own server")
    assert page.says("No price is known for gpt-6-luna at 0.0.0.0.")
    assert page.says("Prices of 2026-11-10, ")
    assert not page.app.get("data_editor")


def test_a_price_is_added_for_the_model_in_use(page: Page) -> None:
    page.run().click("add_price")
    assert page.field("price_model").value == "gpt-6-luna"
    assert page.field("price_url").value == "http://0.0.0.0:9/v1"
    fill(page, input=-1.0, output=0.6)
    page.press("Save price")
    assert page.says("The new price: input is -1; it must be dollars per million tokens, from 0 to 1,000,000.")
    assert not (page.data / "prices.toml").exists()
    fill(page, input=0.15, cached=0.0125)
    page.press("Save price")
    (kept,) = read_prices(page.data / "prices.toml").tables
    assert kept == {
        "url": "http://0.0.0.0:9/v1",
        "model": "gpt-6-luna",
        "input": Decimal("0.15"),
        "output": Decimal("0.6"),
        "cached": Decimal("0.0125"),
    }
    assert page.says("gpt-6-luna at 0.0.0.0 costs $0.15 for a million tokens in, $0.6 out (your prices.toml, line 1).")
    page.click("add_price")
    page.press("Save price")
    assert page.says("The new price: this price and that of row 1 can hold for the same call")


def test_a_mistake_is_told_on_top_and_the_table_is_not_offered_for_what_is_no_list(page: Page) -> None:
    (page.data / "prices.toml").write_text("[[price]\n")
    page.run()
    assert page.says("prices.toml, line 1, is not TOML")
    assert page.says("prices.toml must be mended by hand first")
    (page.data / "prices.toml").write_text('[[price]]\nmodel = "m"\ninput = "x"\noutput = 1\nfrom = 7\n')
    page.run()
    assert page.says("prices.toml, line 3: input is 'x'; it must be dollars per million tokens")
    (page.data / "prices.toml").write_text('[[price]]\nmodel = "gpt-6*"\ninput = -1\noutput = 1\n')
    page.run()
    assert page.says("What gpt-6-luna costs at 0.0.0.0 is open until the mistake in prices.toml is mended.")


def test_prices_are_refreshed_by_a_button_alone(page: Page, server: Publisher) -> None:
    server.publish(b"<html>")
    page.run().run()
    assert server.asked == 0
    page.click("refresh_prices")
    settled(page)
    assert page.says("What arrived is no price list. The prices stay as they were.")
    server.publish(published(**{"gpt-4o": {"input_mtok": 77}}))
    page.click("refresh_prices")
    settled(page)
    assert page.says("1 with another price (openai gpt-4o).")
    assert page.says(f"Prices of {datetime.now(UTC).date()}, less than a day old (genai-prices, refreshed).")
    assert server.asked == 2


def settled(page: Page) -> None:
    for _ in range(60):
        if not page.says("Fetching…"):
            return
        page.run()
    raise AssertionError("the refresh does not end")


def test_what_a_table_says_is_exact() -> None:
    row = {"model": " m ", "url": "", "input": 0.1, "output": 3, "from": "2026-11-01", "until": None, "zzz": 1}
    assert read_row(row) == {
        "model": "m",
        "url": None,
        "input": Decimal("0.1"),
        "output": 3,
        "from": date(2026, 11, 1),
        "until": None,
    }
    assert read_row({"from": "someday"}) == {"from": "someday"}


def test_a_row_has_no_letter_that_nobody_can_see() -> None:
    row = read_row({"url": "http:\u2060//h/v1", "model": "\ufeffgpt-*", "tier": "\u200b", "note": "a\u200bb"})
    assert row == {"url": "http://h/v1", "model": "gpt-*", "tier": None, "note": "a\u200bb"}
