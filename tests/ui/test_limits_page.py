"""Limits on the pages: where they stand, what they refuse and how one goes on; and what the next message would cost."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.ui import session
from tests.fake_openai import FakeOpenAI
from tests.ui.chat_tab import Tab, tab, talking_to
from tests.ui.settings_page import Page, opened

SETTINGS = "[chat]\ntitles_by_model = false\n"
PRICES = """
[[price]]
url = "http://0.0.0.0:*"
model = "*"
input = 1000.0
output = 1000.0

[[price]]
url = "http://0.0.0.0:*"
model = "echo"
input = 1.0
output = 1.0
"""
DEAR = "words:5"


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    # Reached by an address that is not loopback's: what is there has a price.
    with FakeOpenAI(host="0.0.0.0") as server:
        yield server


@pytest.fixture
def page(server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tab]:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "prices.toml").write_text(PRICES)
    settings = f'{SETTINGS}[connections.openai]\nmodel = "echo"\n'
    talking = talking_to(server.base_url, DEAR, "sk-canary-0a1b2c3d4e5f")
    with tab(tmp_path, monkeypatch, settings, **talking) as opened:
        yield opened.open()


def label(page: Tab, prefix: str) -> str:
    [found] = [button.label for button in page.app.button if str(button.key).startswith(prefix)]
    return found.replace("\\", "")


def press(page: Tab, prefix: str) -> None:
    [found] = [button for button in page.app.button if str(button.key).startswith(prefix)]
    found.click()
    page.run()


def test_over_the_limit_the_words_go_back_and_a_cheaper_model_is_named(page: Tab, server: FakeOpenAI) -> None:
    page.engine.ledger.budgets.set("month", 10**9)
    page.say("Hello there.")
    assert server.chats() == []
    assert page.says("This would pass your limit of $1 for")
    assert page.app.chat_input[0].proto.value == "Hello there."
    assert label(page, "cheaper-").startswith("Use echo (at most $0.0041")
    assert label(page, "raise-budget-") == "Raise limit to $5"
    press(page, "cheaper-")
    assert [(row.role, row.state, row.text) for row in page.kept()[-1:]] == [("assistant", "complete", "Hello there.")]
    assert page.app.chat_input[0].proto.value == ""
    assert page.engine.store.conversations.latest().options.model == "echo"  # type: ignore[union-attr]
    assert [box.value for box in page.app.sidebar.selectbox if box.label == "Model"] == ["echo"]


def test_a_cheaper_model_that_the_server_does_not_have_is_not_named(
    server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    ghost = PRICES.split("[[price]]")[2].replace("echo", "ghost").replace("1.0", "0.5")
    (tmp_path / "data" / "prices.toml").write_text(f"{PRICES}[[price]]{ghost}")
    settings = f'{SETTINGS}[connections.openai]\nmodel = "echo"\ncheap_model = "ghost"\n'
    with tab(tmp_path, monkeypatch, settings, **talking_to(server.base_url, DEAR, "sk-canary-0a1b2c3d4e5f")) as page:
        page.open()
        page.engine.ledger.budgets.set("month", 10**9)
        page.say("Hello there.")
        assert label(page, "cheaper-").startswith("Use echo (at most $0.0041")


def test_raising_the_limit_is_one_click_and_a_line_in_the_log(page: Tab) -> None:
    budgets = page.engine.ledger.budgets
    budgets.set("day", 10**9)
    page.say("Hello there.")
    press(page, "raise-budget-")
    assert page.kept()[-1].state == "complete"
    assert [(one.before, one.after) for one in budgets.changes()] == [(10**9, 5 * 10**9), (None, 10**9)]


def test_what_was_put_back_is_said_once_when_it_is_sent_again(page: Tab, server: FakeOpenAI) -> None:
    page.engine.ledger.budgets.set("month", 10**9)
    page.say("Hello there.")
    page.engine.ledger.budgets.set("month", 10**12)
    page.say("Hello there, again.")
    [sent] = server.chats()
    assert [message["content"] for message in sent.messages if message["role"] == "user"] == ["Hello there, again."]
    rows = page.kept()
    assert [(row.parent, row.text) for row in rows if row.role == "user"] == [
        (None, "Hello there."),
        (None, "Hello there, again."),
    ]


def test_without_a_price_it_asks_first(page: Tab, tmp_path: Path, server: FakeOpenAI) -> None:
    (tmp_path / "data" / "prices.toml").write_text("")
    page.engine.ledger.budgets.set("month", 10**9)
    page.say("Hello there.")
    assert page.says(f"No price is known for {DEAR}, so it cannot be held to your limit of $1")
    press(page, "unpriced-")
    assert page.kept()[-1].state == "complete"
    page.say("And more.")
    assert len(server.chats()) == 2


def test_the_sidebar_shows_where_the_limits_stand_and_warns(page: Tab) -> None:
    page.engine.ledger.budgets.set("month", 10**10)
    page.say("Hello there.")
    bars = [bar.proto.text for bar in page.app.get("progress")]
    assert len(bars) == 1
    assert "of \\$10 this month" in bars[0]
    assert not page.app.toast
    spent = page.engine.ledger.total().nanodollars
    page.engine.ledger.budgets.set("month", spent * 100 // 81)
    page.say("Hello again.")
    [toast] = page.app.toast
    assert "is spent." in toast.value.replace("\\", "")


def test_the_next_message_has_a_price_before_it_is_sent(page: Tab) -> None:
    first = next(text for text in page.said() if "your words" in text)
    assert first.startswith("≈ ")
    assert "to at most $4." in first  # the longest reply that is set, 4,096 tokens
    for words in ("One.", "Two.", "Three."):
        page.say(words)
    after = next(text for text in page.said() if "your words" in text)
    row = page.kept()[-1]
    assert row.usage is not None
    used = row.usage.input_tokens or 0, row.usage.output_tokens or 0
    assert after.startswith(f"{sum(used) + 4:,} tokens + your words")
    assert "at most" not in after
    assert "per 1,000 characters more" in after


def test_a_model_on_this_machine_has_no_price_to_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        FakeOpenAI() as fake,
        tab(tmp_path, monkeypatch, SETTINGS, **talking_to(fake.base_url, "echo", "sk-x")) as page,
    ):
        page.open().say("Hello.")
        assert not any("your words" in text for text in page.said())


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    with opened(tmp_path, monkeypatch) as page:
        yield page


def test_limits_are_set_changed_and_removed_in_the_settings(settings: Page) -> None:
    page = settings.run()
    assert page.says("There is no limit yet.")
    page.app.text_input(key="limit-amount").set_value("ten")
    page.click("limit-set")
    assert page.says("The limit is 'ten'; it must be dollars")
    page.app.text_input(key="limit-amount").set_value("10")
    page.click("limit-set")
    assert page.says("Each month")
    kinds = page.app.selectbox(key="limit-kind-3")
    assert kinds.options == ["Each day", "Each conversation", "A model, each month"], "a month has its own box by now"
    kinds.set_value("model")
    page.run()
    page.app.text_input(key="limit-amount").set_value("2.50")
    page.click("limit-set")
    assert page.says("A limit for a model needs the model's name")
    page.app.text_input(key="limit-model").set_value("gpt-6-*")
    page.app.text_input(key="limit-amount").set_value("2.50")
    page.click("limit-set")
    budgets = session.engine().ledger.budgets
    month, model = budgets.all()
    assert [(one.kind, one.subject, one.limit) for one in (month, model)] == [
        ("month", "", 10**10),
        ("model", "gpt-6-*", 2_500_000_000),
    ]
    page.app.text_input(key="limit-model").set_value("GPT-6-*")
    page.app.text_input(key="limit-amount").set_value("9")
    page.click("limit-set")
    assert page.says("There is a limit for gpt-6-*, each month already, $2.50. Change it in its own box.")
    page.app.text_input(key=f"limit-amount-{month.id}-{month.limit}").set_value("-3")
    page.run()
    assert page.says("The limit is '-3'")
    assert page.app.text_input(key=f"limit-amount-{month.id}-{month.limit}").value == "10", "what holds is shown"
    assert budgets.all()[0].limit == 10**10
    page.app.text_input(key=f"limit-amount-{month.id}-{month.limit}").set_value("20")
    page.run()
    assert budgets.all()[0].limit == 2 * 10**10
    page.click(f"limit-remove-{model.id}")
    assert [one.kind for one in budgets.all()] == ["month"]
    assert page.says("each month: $10 → $20")
