"""The cost under a reply, its arithmetic on a click, and the sums in the sidebar."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chatbot.core.events import CallFinished
from chatbot.core.money import Usage
from chatbot.core.pricing import Cost
from chatbot.providers.rates import price
from tests.fake_openai import FakeOpenAI
from tests.store.scene import call
from tests.ui.chat_tab import Tab, tab, talking_to
from tests.ui.settings_page import plain

SETTINGS = "[chat]\ntitles_by_model = false\n"
USAGE = Usage(input_tokens=12_340, cached_tokens=10_240, cache_write_tokens=1_000, output_tokens=412)


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tab]:
    with (
        FakeOpenAI() as fake,
        tab(tmp_path, monkeypatch, SETTINGS, **talking_to(fake.base_url, "echo", "sk-canary-0a1b2c3d4e5f")) as opened,
    ):
        yield opened.open()


def luna(usage: Usage, model: str = "gpt-5.6-luna") -> Cost:
    return price("https://api.openai.com/v1", [model], usage, tier=None, at=datetime(2026, 11, 25, tzinfo=UTC))


def billed(page: Tab, cost: Cost, usage: Usage = USAGE) -> None:
    """One more call of the newest reply, as a vendor would have billed it."""
    row = page.kept()[-1]
    store = page.engine.store
    conversation = store.conversations.latest()
    assert conversation is not None
    number = call(store, conversation=conversation.id, reply=row.id)
    store.ledger.settle(number, CallFinished(outcome="answered", usage=usage, cost=cost))


def tags(page: Tab) -> list[str]:
    return [
        plain(button.label).removeprefix(":small[:gray[").removesuffix("]]")
        for button in page.app.button
        if str(button.key).startswith("cost-")
    ]


def test_a_model_on_this_machine_is_local(page: Tab) -> None:
    page.say("Hello.")
    assert tags(page) == ["local"]
    assert page.app.button(key=f"cost-{page.kept()[-1].id}").help.startswith("It cost nothing: ")
    assert page.says("This chat: local")
    page.app.button(key=f"cost-{page.kept()[-1].id}").click()
    page.run()
    assert page.says("This model runs on this machine: nobody bills it.")


def test_a_figure_opens_its_arithmetic(page: Tab) -> None:
    page.say("Hello.")
    billed(page, luna(USAGE))
    page.run()
    assert tags(page) == ["$0.0012"]
    assert page.says("Today $0.0012")
    assert page.says("This month $0.0012")
    tag = page.app.button(key=f"cost-{page.kept()[-1].id}")
    tag.click()
    page.run()
    assert page.says("| Cached | 10,240 | 0.02 | 0.0002048 |")
    assert page.says("0.0011692")
    assert page.says("Prices: genai-prices")
    assert page.says("Prices: genai-prices 0.2.3, of 2026-11-10, ")
    assert page.says(" old, for gpt-5.6-luna, tier standard, as they were on 20")
    page.app.button(key=f"cost-{page.kept()[-1].id}").click()
    page.run()
    assert not page.says("Prices: genai-prices")


def test_what_is_not_known_is_said_and_never_nothing(page: Tab) -> None:
    page.say("Hello.")
    billed(page, luna(USAGE, model="no-such-model"))
    page.run()
    assert tags(page) == ["—"]
    billed(page, luna(Usage(input_tokens=1_000_000, output_tokens=0, estimated=True)))
    page.run()
    assert tags(page) == ["> $0.4000"]
    assert page.says("(1 estimated, 1 unpriced)")


def test_a_deleted_conversation_leaves_its_bill(page: Tab) -> None:
    page.say("Hello.")
    billed(page, luna(USAGE))
    conversation = page.engine.store.conversations.latest()
    assert conversation is not None
    page.engine.store.conversations.delete(conversation.id)
    page.app.query_params.clear()
    page.click("new")
    assert page.says("This month $0.0012")
    assert not page.says("This chat $")
