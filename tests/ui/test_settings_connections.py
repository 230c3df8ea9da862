"""The settings' connections: added, tested, keyed, made the default, removed, over the real home and a real server."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatbot.core.labels import label
from tests.fake_openai import FakeOpenAI
from tests.ui.settings_page import Page, opened, plain

KEY = "sk-a-key-to-keep-0123456789"


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as running:
        yield running


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    with opened(tmp_path, monkeypatch) as page:
        yield page.run()


def add(page: Page, name: str, url: str, key: str = "", headers: str = "") -> Page:
    page.click("add_connection")
    page.field("form_name").set_value(name)
    page.field("form_base_url").set_value(url)
    page.field("form_key").set_value(key)
    page.field("form_headers").set_value(headers)
    return page.press("Save and test").settled()


def model_of(page: Page, name: str) -> Any:
    """The list of a connection's models; where it began anew, its key has a number."""
    [found] = [one for one in page.app.selectbox if (one.key or "").split("~")[0] == f"model_of:{name}"]
    return found


def test_a_connection_is_added_tested_and_given_a_model(page: Page, server: FakeOpenAI) -> None:
    add(page, "mine", server.base_url, KEY)
    assert page.says("lists 6 models")
    assert page.says("A key is set (in a file for you alone).")
    assert model_of(page.run(), "mine").options[0] == "echo"
    saved = page.home.connection("mine")
    assert (saved.base_url, saved.model) == (server.base_url, "echo")
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert page.home.default_connection() == "mine"
    model_of(page, "mine").select("reasoning")
    assert page.run().says("'mine' uses 'reasoning' in new chats.")
    assert page.home.default_options().model == "reasoning"


def test_what_is_copied_from_a_label_brings_no_unseen_letter_along(page: Page, server: FakeOpenAI) -> None:
    shown = label(server.base_url).replace("\\", "")  # as a browser shows it
    assert shown != server.base_url
    add(page, "mi\u2060ne", shown, KEY)
    assert page.says("lists 6 models")
    assert page.home.connection("mine").base_url == server.base_url
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_what_is_wrong_is_one_sentence_and_nothing_is_saved(page: Page, server: FakeOpenAI) -> None:
    for name, url, key, headers, sentence in [
        ("not a name", server.base_url, "", "", "'not a name' cannot name a connection"),
        ("mine", "ftp://example", "", "", "'ftp://example'; it must begin with http://"),
        ("mine", server.base_url, "a key with spaces", "", "The key has white space"),
        ("mine", server.base_url, "", "no colon here", "Line 1 of the extra headers has no name and colon"),
        ("mine", server.base_url, "", "Bad Name: x", "'Bad Name' cannot name a header"),
        ("offline", server.base_url, "", "", "'offline'"),
    ]:
        add(page, name, url, key, headers)
        assert len(page.app.error) == 1
        assert page.says(sentence), page.said()
        assert page.field("form_name").value == name, "what was typed is gone"
        assert page.field("form_key").value == "", "a refused key stays on the page"
        assert "mine" not in page.home.connections()
        page.press("Cancel")
    assert not page.app.error


def test_a_refused_form_says_that_the_key_is_to_be_entered_again(page: Page, server: FakeOpenAI) -> None:
    add(page, "not a name", "ftp://example", KEY)
    refused = page.app.error[0].value
    assert page.says("Enter the key again as well.")
    assert page.says("'not a name' cannot name a connection"), refused
    assert page.says("'ftp://example'; it must begin with http://"), refused
    page.field("form_name").set_value("mine")
    page.field("form_base_url").set_value(server.base_url)
    page.field("form_key").set_value(KEY)
    page.press("Save and test").settled()
    assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    assert not page.says("Enter the key again")
    add(page, "not a name", server.base_url)
    assert not page.says("Enter the key again"), "nothing was typed that could be lost"


def test_a_name_that_is_taken_is_not_written_over(page: Page, server: FakeOpenAI) -> None:
    add(page, "mine", server.base_url)
    add(page, "mine", "http://127.0.0.1:9/v1")
    assert page.says("There is a connection 'mine' already.")
    assert page.home.connection("mine").base_url == server.base_url


@pytest.mark.parametrize(
    ("variant", "kind", "sentence"),
    [
        ("no-key", "error", "The key for 'mine' was not accepted."),
        ("no-models", "info", "answers, but lists no models: type the id of one."),
        ("html-models", "error", "mine"),
        ("refused", "error", "Nothing answers at http://127.0.0.1:"),
    ],
)
def test_a_test_says_in_one_sentence_how_it_went(
    page: Page, server: FakeOpenAI, variant: str, kind: str, sentence: str
) -> None:
    add(page, "mine", server.url(variant), KEY)
    alerts = [alert.value for alert in page.app.get(kind) if "There is no limit yet" not in alert.value]
    assert len(alerts) == 1
    assert page.says(sentence), page.said()
    assert page.home.connection("mine").model is None


def test_a_model_that_is_not_listed_is_warned_about(page: Page, server: FakeOpenAI) -> None:
    add(page, "mine", server.base_url, KEY)
    page.home.save_connection(replace(page.home.connection("mine"), model="gone"))
    page.run().press("Test").settled()
    assert ["'gone' is not among them" in plain(alert.value) for alert in page.app.warning] == [True]
    assert not page.app.success
    page.home.save_connection(replace(page.home.connection("mine"), model="echo"))
    page.run().press("Test").settled()
    assert not page.app.warning
    assert len(page.app.success) == 1


def test_a_slow_server_holds_nothing_up(page: Page, server: FakeOpenAI) -> None:
    page.click("add_connection")
    page.field("form_name").set_value("slow")
    page.field("form_base_url").set_value(server.url("slow-models"))
    page.press("Save and test")
    assert page.says("'slow' is saved.")
    assert page.says("Testing…")
    page.click("add_connection")  # the page goes on meanwhile
    assert page.field("form_name").value == ""


def test_a_key_is_replaced_and_forgotten(page: Page, server: FakeOpenAI) -> None:
    add(page, "mine", server.base_url)
    assert page.says("No key.")
    page.click("ask_key:mine")
    page.field("key_of:mine").set_value(KEY)
    page.press("Save and test").settled()
    assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
    page.click("ask_key:mine")
    page.field("key_of:mine").set_value("")
    page.press("Save and test")
    assert page.says("The key is empty.")
    page.press("Cancel")
    page.click("forget:mine:").click("really_forget:mine:")
    assert page.says("The key of 'mine' is forgotten.")
    assert page.home.key("mine") is None
    assert page.says("No key.")


def test_a_secret_header_is_kept_with_the_keys(page: Page, server: FakeOpenAI) -> None:
    add(page, "mine", server.base_url, headers="X-Title: Tests\napi-key: hush-hush-1234")
    assert server.requests[-1].headers["api-key"] == "hush-hush-1234"
    assert server.requests[-1].headers["x-title"] == "Tests"
    assert "hush-hush" not in page.settings_file.read_text()
    page.click("edit:mine")
    assert page.field("form_headers").value == "X-Title: Tests"
    assert page.says("Kept with the keys and not shown: api-key.")
    page.press("Save and test").settled()
    assert server.requests[-1].headers["api-key"] == "hush-hush-1234", "saving the form took the secret away"
    page.click("forget:mine:api-key").click("really_forget:mine:api-key").press("Test").settled()
    assert "api-key" not in server.requests[-1].headers


def test_timeouts_and_context_are_saved(page: Page, server: FakeOpenAI) -> None:
    add(page, "mine", server.base_url)
    model_of(page, "mine").select("reasoning")
    page.run().click("edit:mine")
    page.field("form_context").set_value(8192)
    page.field("form_cheap_model").set_value(" small ")
    page.field("form_first").set_value(30.0)
    page.press("Save and test").settled()
    saved = page.home.connection("mine")
    assert (saved.context, saved.timeouts.first, saved.timeouts.total) == (8192, 30.0, 1800.0)
    assert saved.model == "reasoning", "the form took the model away"
    assert saved.cheap_model == "small"


def test_a_model_is_called_required_only_while_there_is_none(page: Page, server: FakeOpenAI) -> None:
    add(page, "mine", server.url("no-models"))
    field = model_of(page, "mine")
    assert (field.value, field.proto.required) == (None, True)
    page.home.save_connection(replace(page.home.connection("mine"), model="reasoning"))
    field = model_of(page.run(), "mine")
    assert (field.value, field.proto.required) == ("reasoning", False)
    assert field.proto.HasField("default"), "Esc would empty it"


def test_new_chats_go_where_they_are_sent(page: Page, server: FakeOpenAI) -> None:
    add(page, "one", server.base_url)
    add(page, "two", server.base_url)
    assert page.home.default_connection() == "one"
    assert not page.app.button(key="remove:two").disabled
    page.click("use:two")
    assert page.home.default_connection() == "two"
    assert page.says("New chats use 'two'.")
    page.click("remove:two").click("keep:two")
    assert "two" in page.home.connections()
    page.click("remove:two").click("really:two")
    assert "two" not in page.home.connections()
    assert page.home.default_connection() == "one"


def test_new_chats_go_to_a_new_connection_once_its_test_has_passed(page: Page, server: FakeOpenAI) -> None:
    add(page, "mine", server.url("no-key"), KEY)
    assert page.home.connection("mine").base_url == server.url("no-key"), "what was typed is lost"
    assert page.home.default_connection() == "offline"
    assert page.says("No test has passed yet. New chats still use 'offline'.")
    page.click("edit:mine")
    page.field("form_base_url").set_value(server.url("refused"))
    page.press("Save and test").settled()
    assert page.home.default_connection() == "offline"
    page.click("edit:mine")
    page.field("form_base_url").set_value(server.base_url)
    page.press("Save and test").settled()
    assert page.home.default_connection() == "mine"
    assert not page.says("New chats still use")
    page.click("edit:mine")
    page.field("form_base_url").set_value(server.url("refused"))
    page.press("Save and test").settled()
    assert page.home.default_connection() == "mine", "what was in use stays in use"


def test_a_connection_whose_test_failed_is_used_where_it_is_wanted(page: Page, server: FakeOpenAI) -> None:
    add(page, "mine", server.url("refused"))
    assert page.app.button(key="use:mine").label == "Use it anyway"
    page.click("use:mine")
    assert page.home.default_connection() == "mine"
    assert not page.says("New chats still use")


def test_a_preset_only_fills_in_the_form(page: Page) -> None:
    page.click("add_connection")
    page.field("form_preset").set_value("Azure")
    page.run()
    assert page.field("form_name").value == "azure"
    assert "YOUR-RESOURCE" in page.field("form_base_url").value
    assert not page.settings_file.exists()


def test_a_key_and_an_address_of_the_environment_are_greyed_with_their_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: FakeOpenAI
) -> None:
    variables = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.base_url, "BYTEBOT_CONNECTION": "openai"}
    with opened(tmp_path, monkeypatch, **variables) as page:
        page.run()
        assert page.says("A key is set (environment OPENAI_API_KEY).")
        assert page.app.button(key="ask_key:openai").disabled
        assert page.app.button(key="forget:openai:").disabled
        assert page.app.button(key="use:offline").disabled
        page.click("edit:openai")
        field = page.field("form_base_url")
        assert (field.value, field.disabled) == (server.base_url, True)
        assert page.says("Set by OPENAI_BASE_URL (environment), so it cannot be changed here.")
        page.press("Save and test").settled()
        assert page.says("lists 6 models")
        remove = page.app.button(key="remove:openai")
        assert remove.disabled
        assert "because OPENAI_API_KEY and OPENAI_BASE_URL are set" in plain(remove.help)


def test_an_unencrypted_address_is_warned_about(page: Page) -> None:
    page.home.save_connection(page.home.connection("offline").__class__(name="far", base_url="http://192.0.2.1/v1"))
    assert page.run().says("http://192.0.2.1 is not encrypted")


def test_a_neighbour_is_offered_and_not_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        neighbour = FakeOpenAI(port=1234)
    except OSError:
        pytest.skip("port 1234 is taken on this machine")
    with neighbour, opened(tmp_path, monkeypatch) as page:
        page.run()
        assert page.says("LM Studio is running on this machine.")
        assert page.home.default_connection() == "offline"
        assert not page.settings_file.exists()
        page.click("add:lm-studio").settled()
        assert page.home.connection("lm-studio").base_url == "http://127.0.0.1:1234/v1"
        assert not page.says("LM Studio is running on this machine.")
        assert page.says("lists 6 models")


def test_a_number_that_a_connection_cannot_have_is_said(page: Page, server: FakeOpenAI) -> None:
    page.click("add_connection")
    page.field("form_name").set_value("mine")
    page.field("form_base_url").set_value(server.base_url)
    for key, typed, sentence in [
        ("form_context", 5, "“Context size” cannot be 5; it must be a whole number from 256 to 100,000,000."),
        ("form_first", -1.0, "“For the first words” cannot be -1; it must be a number from 0.1 to 86,400."),
    ]:
        box = page.field(key)
        assert box.proto.has_min is box.proto.has_max is False, "Streamlit would only turn it red"
        before = box.value
        box.set_value(typed)
        page.press("Save and test")
        assert [sentence in plain(error.value) for error in page.app.error] == [True]
        page.field(key).set_value(before)
    assert "mine" not in page.home.connections()


def test_a_model_that_is_used_in_place_of_the_connections_own_is_named(
    server: FakeOpenAI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.base_url}
    with opened(tmp_path, monkeypatch, **variables, BYTEBOT_MODEL="echo") as page:
        page.run()
        assert page.says("New chats use 'echo' instead, set by BYTEBOT_MODEL (environment).")
        page.click("test:openai").settled()
        model_of(page, "openai").select("reasoning")
        assert page.run().says("The model of 'openai' is 'reasoning' now.")
        model_of(page, "openai").select("echo")
        page.run()
        assert not page.says("instead")
    with opened(tmp_path, monkeypatch, **variables) as page:
        assert not page.run().says("instead")
        page.home.save("chat", "model", "reasoning")
        assert page.run().says("New chats use 'reasoning' instead, chosen on the tab New chats.")
