"""Who is asked first what a call cost: the provider, the person's own prices, this machine, the public prices."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatbot.core.money import Usage
from chatbot.core.pricing import Cost
from chatbot.engine.prices import Prices
from chatbot.home.home import Home

AT = datetime(2026, 11, 25, tzinfo=UTC)
OPENAI = "https://api.openai.com/v1"
USAGE = Usage(input_tokens=1_000, output_tokens=1_000)


@pytest.fixture
def priced(tmp_path: Path) -> Callable[..., Cost]:
    (tmp_path / "data").mkdir()
    home = Home.open({"BYTEBOT_DATA_DIR": str(tmp_path / "data")}, cwd=tmp_path)
    prices = Prices(home)

    def price(written: str, url: str = OPENAI, model: str = "gpt-6-luna", usage: Usage = USAGE) -> Cost:
        (tmp_path / "data" / "prices.toml").write_text(written)
        return prices(url, [model], usage, tier=None, at=AT)

    return price


def own(model: str = "*", url: str = "*", rate: str = "0.15") -> str:
    return f'[[price]]\nurl = "{url}"\nmodel = "{model}"\ninput = {rate}\noutput = {rate}\n'


def test_ones_own_price_beats_the_public_one(priced: Callable[..., Cost]) -> None:
    assert priced("").source == "computed"
    found = priced(own("gpt-6-*"))
    assert (found.source, found.nanodollars, found.origin) == ("override", 300_000, "your prices.toml, line 1")
    assert priced(own("other")).source == "computed"
    assert (priced(own(rate="0")).source, priced(own(rate="0")).nanodollars) == ("override", 0)


def test_what_the_provider_bills_beats_ones_own_price(priced: Callable[..., Cost]) -> None:
    usage = Usage(input_tokens=1_000, output_tokens=1_000, reported=7)
    found = priced(own(), "https://openrouter.ai/api/v1", usage=usage)
    assert (found.source, found.nanodollars) == ("reported", 7)
    assert priced(own(), "https://models.example.com/v1", usage=usage).source == "override"


def test_this_machine_is_local_unless_an_address_says_so(priced: Callable[..., Cost]) -> None:
    here = "http://localhost:11434/v1"
    assert priced(own(), here).source == "local"
    assert priced(own(url="http://localhost:*"), here).source == "override"
    assert priced(own(url="http://*"), "").source == "local"


def test_a_mistake_is_unknown_and_never_the_public_price(priced: Callable[..., Cost]) -> None:
    found = priced(own("gpt-6-*", rate="-1"))
    assert (found.source, found.nanodollars) == ("unknown", None)
    assert "prices.toml, line 4: input is -1" in found.why
    assert priced(own("gpt-6-*", rate="-1"), model="gpt-4o").source == "computed", "what it is not about has its price"
    broken = priced("[[price]\n")
    assert broken.source == "unknown"
    assert "prices.toml, line 1, is not TOML" in broken.why


def test_an_estimate_stays_one(priced: Callable[..., Cost]) -> None:
    found = priced(own(), usage=Usage(input_tokens=1_000, output_tokens=0, estimated=True))
    assert (found.source, found.nanodollars) == ("estimated", 150_000)
