"""Routing on the pages: rules are added, changed, moved, removed and tried in the settings; a routed reply says so."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.core.routing import Rule
from chatbot.core.settings import Connection
from tests.fake_openai import FakeOpenAI
from tests.ui.chat_tab import Tab, tab, talking_to
from tests.ui.settings_page import Page, opened

EXAMPLE = Rule(name="short questions", to="small", model="big", at_most=200, without_code=True)


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    with opened(tmp_path, monkeypatch) as page:
        page.home.save_connection(
            Connection(name="work", base_url="http://127.0.0.1:9/v1", model="big", cheap_model="small")
        )
        yield page.run()


def test_an_example_is_one_click_away(page: Page) -> None:
    assert page.says("No rules: every message goes to its chat's own model.")
    assert page.says("in chats with big, messages of at most 200 characters and without code go to small.")
    page.click("route-example")
    assert page.says("Short questions go to small.")
    assert page.home.routes.rules == (EXAMPLE,)
    page.app.text_area(key="route-try").set_value("What is a decorator?")
    assert page.run().says("small answers instead of big (rule “short questions”: at most 200 characters, no code).")
    page.app.text_area(key="route-try").set_value("Why does print(x) fail?")
    assert page.run().says("No rule sends it elsewhere: big answers.")
    page.click("route-remove-0")
    assert page.home.routes.rules == ()
    assert page.says("No rules: every message goes to its chat's own model.")


def test_where_no_cheap_model_is_known_the_example_asks_for_one(page: Page) -> None:
    page.home.save_connection(Connection(name="work", base_url="http://127.0.0.1:9/v1", model="big"))
    page.run().click("route-example")
    page.press("Save rule")
    assert page.says("Rule 1 goes nowhere yet: choose a model for “Goes to”, or type its id.")
    page.field("route_to").set_value("big")
    page.press("Save rule")
    assert page.home.routes.rules == (Rule(name="short questions", to="big", at_most=200, without_code=True),)


def test_rules_are_written_changed_and_put_in_order(page: Page) -> None:
    page.settings_file.write_text(page.settings_file.read_text() + "\n# mine\n")
    page.click("route-add")
    page.field("route_to").set_value("small")
    page.field("route_words").set_value(" translate,sum up ,")
    page.field("route_connection").set_value("w*")
    page.press("Save rule")
    words = Rule(to="small", words=("translate", "sum up"), connection="w*")
    assert page.home.routes.rules == (words,)
    page.click("route-add")
    page.field("route_name").set_value("short")
    page.field("route_to").set_value("big")
    page.field("route_at_most").set_value(50)
    page.press("Save rule")
    page.click("route-up-1")
    short = Rule(name="short", to="big", at_most=50)
    assert page.home.routes.rules == (short, words)
    page.click("route-edit-1")
    assert page.field("route_words").value == "translate, sum up"
    page.field("route_words").set_value("")
    page.field("route_without_code").set_value(True)
    page.press("Save rule")
    assert page.home.routes.rules == (short, Rule(to="small", without_code=True, connection="w*"))
    assert "# mine" in page.settings_file.read_text()


def test_what_is_wrong_is_said_and_nothing_is_saved(page: Page) -> None:
    page.click("route-example").click("route-add")
    page.field("route_to").set_value("small")
    page.field("route_model").set_value("x" * 201)
    page.field("route_name").set_value("mine")
    page.press("Save rule")
    assert page.says(
        "Rule 2: model is 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…; it must be text of at most 200"
    )
    assert page.home.routes.rules == (EXAMPLE,)
    assert page.field("route_name").value == "mine", "what was typed is gone"
    page.press("Cancel")
    assert not page.says("Rule 2:")


def test_a_rule_changed_elsewhere_is_not_written_over(page: Page) -> None:
    page.click("route-example").click("route-edit-0")
    page.settings_file.write_text(page.settings_file.read_text().replace("200", "300"))
    page.field("route_name").set_value("mine")
    page.press("Save rule")
    assert page.says("have been changed elsewhere since this was drawn")
    assert page.home.routes.rules[0].at_most == 300


def test_a_rule_with_a_mistake_is_shown_with_it_and_can_be_put_right(page: Page) -> None:
    page.settings_file.write_text(page.settings_file.read_text() + "\n[[route]]\nto = 'small'\nat_most = 'few'\n")
    page.run()
    assert page.says(", line 8: at_most is 'few'; it must be a whole number")
    assert page.says("The rule routes nothing until that is mended.")
    page.click("route-edit-0")
    page.press("Save rule")
    assert page.home.problems() == ()
    assert page.home.routes.rules == (Rule(to="small"),)


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    # Reached by an address that is not loopback's: what is there has a price.
    with FakeOpenAI(host="0.0.0.0") as server:
        yield server


@pytest.fixture
def chat(server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tab]:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "prices.toml").write_text(
        '[[price]]\nurl = "http://0.0.0.0:*"\nmodel = "*"\ninput = 2000.0\noutput = 8000.0\n'
        '[[price]]\nurl = "http://0.0.0.0:*"\nmodel = "echo"\ninput = 100.0\noutput = 400.0\n'
    )
    settings = "[chat]\ntitles_by_model = false\n[[route]]\nname = 'short'\nto = 'echo'\nat_most = 20\n"
    with tab(tmp_path, monkeypatch, settings, **talking_to(server.base_url, "words:5", "sk-canary-0a1b")) as opened:
        yield opened.open()


def test_a_routed_reply_says_why_and_what_the_other_would_have_cost(chat: Tab, server: FakeOpenAI) -> None:
    chat.say("Hello there.")
    assert [request.body["model"] for request in server.chats()] == ["echo"]
    row = chat.kept()[-1]
    [call] = chat.engine.ledger.calls()
    cost = call.cost.nanodollars
    assert cost is not None
    assert chat.says(
        f"Answered by echo (rule “short”: at most 20 characters). words:5 would have cost ${20 * cost / 1e9:,.4f} "
        f"(this: ${cost / 1e9:,.4f})."
    )
    assert (row.model_asked, call.instead_of) == ("echo", "words:5")
    chat.say("A message of more than twenty characters.")
    assert [request.body["model"] for request in server.chats()] == ["echo", "words:5"]


def test_the_model_that_fits_the_limit_is_asked_whatever_a_rule_says(
    server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "prices.toml").write_text(
        '[[price]]\nurl = "http://0.0.0.0:*"\nmodel = "*"\ninput = 1000.0\noutput = 1000.0\n'
        '[[price]]\nurl = "http://0.0.0.0:*"\nmodel = "echo"\ninput = 1.0\noutput = 1.0\n'
    )
    settings = "[chat]\ntitles_by_model = false\n[connections.openai]\nmodel = 'echo'\n[[route]]\nto = 'words:5'\n"
    with tab(tmp_path, monkeypatch, settings, **talking_to(server.base_url, "echo", "sk-canary-0a1b")) as chat:
        chat.open()
        chat.engine.ledger.budgets.set("month", 10**9)
        chat.say("Hello there.")
        assert chat.says("This would pass your limit of $1 for")
        assert chat.says("words:5 answers instead of echo (rule 1: every message).")
        [button] = [button for button in chat.app.button if str(button.key).startswith("cheaper-")]
        button.click()
        chat.run()
        assert [request.model for request in server.chats()] == ["echo"]
        assert chat.kept()[-1].state == "complete"
