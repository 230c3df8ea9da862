"""Refreshing the public prices: once, when asked, checked before they hold, and kept for the next start."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from chatbot.core.errors import ByteBotError
from chatbot.core.money import Usage
from chatbot.engine.prices import Prices
from chatbot.home.home import Home
from chatbot.providers.public_prices import fetch, installed
from tests.price_list import Publisher, published, publisher

OPENAI = "https://api.openai.com/v1"
USAGE = Usage(input_tokens=1_000_000, output_tokens=0)
DEARER = {"gpt-4o": {"input_mtok": 77.7, "output_mtok": 88.8}}


@pytest.fixture
def server() -> Iterator[Publisher]:
    with publisher() as playing:
        yield playing


@pytest.fixture
def prices(tmp_path: Path, server: Publisher) -> Prices:
    return opened(tmp_path, server.url)


def opened(folder: Path, url: str) -> Prices:
    environ = {"BYTEBOT_DATA_DIR": str(folder / "data"), "BYTEBOT_PRICES_URL": url}
    return Prices(Home.open(environ, cwd=folder))


def cost(prices: Prices, model: str = "gpt-4o") -> int | None:
    return prices(OPENAI, [model], USAGE, tier=None, at=datetime.now(UTC)).nanodollars


def test_the_day_of_the_installed_prices_is_known() -> None:
    """A new version of the package comes with its day: a line in the table."""
    dated = installed().dated
    assert dated is not None, f"when was genai-prices {version('genai-prices')} published?"
    assert date(2026, 11, 10) <= dated <= datetime.now(UTC).date()


def test_nothing_is_fetched_by_itself(prices: Prices, server: Publisher) -> None:
    server.publish(published(**DEARER))
    before = cost(prices)
    assert prices.rates(OPENAI, "gpt-4o") is not None
    assert server.asked == 0
    prices.refresh()
    assert server.asked == 1
    assert cost(prices) != before


def test_what_changed_is_said_and_holds_from_then_on(prices: Prices, server: Publisher, tmp_path: Path) -> None:
    change = {**DEARER, "gpt-99": {"input_mtok": 1, "output_mtok": 2}, "gpt-4": None}
    server.publish(published(**change))
    found = prices.refresh()
    assert found.changes is not None
    assert "1 new (openai gpt-99); 1 with another price (openai gpt-4o); 1 gone (openai gpt-4)" in found.sentence
    today = datetime.now(UTC).date()
    for later in (prices, opened(tmp_path, server.url)):
        priced = later(OPENAI, ["gpt-4o"], USAGE, tier=None, at=datetime.now(UTC))
        assert (priced.nanodollars, priced.dated) == (77_700_000_000, today)
        assert priced.origin == "genai-prices, refreshed"
        assert cost(later, "gpt-99") == 10**9
        assert cost(later, "gpt-4") is None
    again = prices.refresh()
    assert "None has changed." in again.sentence
    assert server.asked == 2


def bad(name: str) -> Any:
    few = [one for one in published() if one["id"] == "openai"]
    broken: dict[str, object] = {
        "html": b"<!doctype html><title>Sign in</title>",
        "nothing": b"",
        "cut": json.dumps(published()).encode()[:-100],
        "an object": {"error": "no"},
        "deep": b"[" * 100_000,
        "no text": b"\xff\xfe\x00",
        "few": few,
        "another form": [{"id": "openai", "prices": 3}],
        "negative": published(**{"gpt-4o": {"input_mtok": -1}}),
        "not a number": json.dumps(published(**{"gpt-4o": {"input_mtok": float("nan")}})).encode(),
        "impossible": published(**{"gpt-4o": {"input_mtok": 10**9}}),
        "bad pattern": [{**one, "api_pattern": "("} for one in published()],
    }
    return broken[name]


BAD = [
    ("html", "is no price list"),
    ("nothing", "is no price list"),
    ("cut", "is no price list"),
    ("an object", "is no price list"),
    ("deep", "is no price list"),
    ("no text", "is no price list"),
    ("few", "it is not whole"),
    ("another form", "cannot read"),
    ("negative", "an impossible price for openai 'gpt-4o'"),
    ("not a number", "price"),
    ("impossible", "an impossible price for openai 'gpt-4o'"),
    ("bad pattern", "cannot read"),
]


@pytest.mark.parametrize(("name", "said"), BAD, ids=[name for name, _ in BAD])
def test_what_is_no_price_list_changes_nothing(name: str, said: str, prices: Prices, server: Publisher) -> None:
    server.publish(published(**DEARER))
    prices.refresh()
    server.publish(bad(name))
    found = prices.refresh()
    assert found.changes is None
    assert said in found.sentence or "cannot read" in found.sentence
    assert found.sentence.endswith("The prices stay as they were.")
    assert cost(prices) == 77_700_000_000


def test_what_the_network_does_is_said(prices: Prices, server: Publisher) -> None:
    before = cost(prices)
    server.publish(published(**DEARER))
    server.status = 404
    assert "127.0.0.1 answered with status 404" in prices.refresh().sentence
    server.status, server.promised = 200, 10
    assert "broke off" in prices.refresh().sentence
    server.promised = 0
    with pytest.raises(ByteBotError, match="more than 100,000 bytes, which is no price list"):
        fetch(server.url, most=100_000)
    server.wait.clear()
    with pytest.raises(ByteBotError, match="did not send the prices in time"):
        fetch(server.url, patience=0.3)
    with pytest.raises(ByteBotError, match=r"Nothing answers at 127\.0\.0\.1"):
        fetch("http://127.0.0.1:9/data.json", patience=2)
    with pytest.raises(ByteBotError, match="is no address"):
        fetch("nowhere")
    assert cost(prices) == before


def test_a_kept_list_that_is_damaged_or_older_does_not_hold(prices: Prices, server: Publisher, tmp_path: Path) -> None:
    before = cost(prices)
    server.publish(published(**DEARER))
    prices.refresh()
    kept = tmp_path / "data" / "public_prices.json"
    whole = kept.read_text()
    kept.write_text(whole[:1000])
    assert cost(prices) == before
    assert "Refresh the prices to put it right." in prices.problem()
    kept.write_text(json.dumps({**json.loads(whole), "fetched": "2026-11-09"}))
    assert cost(prices) == before, "the package is newer"
    assert prices.problem() == ""
    kept.write_text(whole)
    assert cost(prices) == 77_700_000_000
