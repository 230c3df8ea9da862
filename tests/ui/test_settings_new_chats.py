"""What new chats begin with: each setting holds from the moment it is changed, unless something above fixes it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.core.settings import Connection
from tests.ui.settings_page import Page, opened, plain


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    with opened(tmp_path, monkeypatch) as page:
        page.home.save_connection(Connection(name="one", base_url="http://127.0.0.1:9/v1", model="m-1"))
        page.home.save_connection(Connection(name="two", base_url="http://127.0.0.1:9/v1", model="m-2"))
        yield page.run()


def box(page: Page, kind: str, key: str) -> Any:
    """The widget of a setting; where it began anew, its key has a number."""
    named = re.compile(rf"new_chats:{key}(~\d+)?")
    [found] = [one for one in getattr(page.app, kind) if named.fullmatch(one.key or "")]
    return found


def change(page: Page, kind: str, key: str, value: Any) -> Page:
    box(page, kind, key).set_value(value)
    return page.run()


def test_each_setting_holds_at_once_and_says_so(page: Page) -> None:
    change(page, "text_area", "system_prompt", "Be brief.")
    assert page.says("New chats begin with the new system prompt.")
    assert page.home.default_options().system == "Be brief."
    change(page, "number_input", "max_output", 512)
    assert page.says("New chats stop a reply at 512 tokens.")
    assert page.home.default_options().max_output == 512
    change(page, "toggle", "max_output_on", False)
    assert page.says("New chats leave the length of replies to the server.")
    assert page.home.default_options().max_output is None
    change(page, "number_input", "most_sent", 16_000)
    assert page.home.most_sent == 16_000
    change(page, "toggle", "titles_by_model", False)
    assert page.home.titles_by_model is False


@pytest.mark.parametrize(
    ("key", "typed", "least"), [("most_sent", -5, 256), ("most_sent", 10_000_001, 256), ("max_output", 0, 1)]
)
def test_a_number_that_cannot_be_is_said_and_the_old_one_stays(page: Page, key: str, typed: int, least: int) -> None:
    number = box(page, "number_input", key)
    assert number.proto.has_min is number.proto.has_max is False, "Streamlit would only turn it red"
    before = number.value
    change(page, "number_input", key, typed)
    said = f"cannot be {typed:,}; it must be a whole number from {least} to 10,000,000."
    assert [said in plain(error.value) for error in page.app.error] == [True]
    assert box(page, "number_input", key).value == before
    assert page.home.value("chat", key).value == before
    change(page, "toggle", "titles_by_model", False)
    assert not page.app.error


def test_a_temperature_may_be_unset(page: Page) -> None:
    assert page.home.default_options().temperature is None
    change(page, "toggle", "temperature_on", True)
    assert page.home.default_options().temperature == 0.7
    change(page, "slider", "temperature", 1.3)
    assert page.says("New chats use temperature 1.3.")
    assert page.home.default_options().temperature == 1.3
    change(page, "toggle", "temperature_on", False)
    assert page.home.default_options().temperature is None
    assert "temperature" not in page.settings_file.read_text()


def test_another_connection_brings_its_own_model(page: Page) -> None:
    change(page, "selectbox", "model", "m-1")
    page.home.save("chat", "model", "chosen-for-one")
    page.run()
    assert box(page, "selectbox", "model").value == "chosen-for-one"
    change(page, "selectbox", "connection", "two")
    options = page.home.default_options()
    assert (options.connection, options.model) == ("two", "m-2")
    change(page, "selectbox", "connection", "")
    assert page.home.default_options().connection == "one"
    assert page.says("New chats use one now.")


def test_looking_changes_nothing(page: Page) -> None:
    before = page.settings_file.read_text()
    for _ in range(3):
        page.run()
    assert page.settings_file.read_text() == before


def test_what_is_changed_in_the_file_is_what_the_page_shows(page: Page) -> None:
    page.settings_file.write_text('[chat]\nsystem_prompt = "From an editor."\nmax_output = 99\n')
    page.run()
    assert box(page, "text_area", "system_prompt").value == "From an editor."
    assert box(page, "number_input", "max_output").value == 99


def test_what_a_variable_fixes_is_greyed_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path, monkeypatch, BYTEBOT_TEMPERATURE="0.3", BYTEBOT_SYSTEM_PROMPT="From outside.") as page:
        (tmp_path / "here" / ".env").write_text("BYTEBOT_MAX_OUTPUT=77\n")
        page.settings_file.write_text('[chat]\nsystem_prompt = "From the file."\nmost_sent = 5000\n')
        page.run()
        prompt = box(page, "text_area", "system_prompt")
        assert (prompt.value, prompt.disabled) == ("From outside.", True)
        assert box(page, "toggle", "temperature_on").disabled
        assert box(page, "slider", "temperature").value == 0.3
        longest = box(page, "number_input", "max_output")
        assert (longest.value, longest.disabled) == (77, True)
        most = box(page, "number_input", "most_sent")
        assert (most.value, most.disabled) == (5000, False)
        assert page.says("Set by BYTEBOT_SYSTEM_PROMPT (environment), so it cannot be changed here.")
        assert page.says("Set by BYTEBOT_MAX_OUTPUT (.env), so it cannot be changed here.")


def test_what_is_wrong_in_the_file_stands_on_top_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path, monkeypatch) as page:
        page.settings_file.write_text('[chat]\nmax_output = "many"\ntemprature = 1\n')
        page.run()
        warnings = [sentence for sentence in page.said() if "settings.toml" in sentence]
        assert any("line 2" in sentence and "max_output" in sentence and "'many'" in sentence for sentence in warnings)
        assert any("line 3" in sentence and "did you mean 'temperature'?" in sentence for sentence in warnings)


def test_a_file_that_cannot_be_written_is_said_and_nothing_is_lost(page: Page) -> None:
    page.settings_file.write_text("this is not TOML")
    page.run()
    change(page, "text_area", "system_prompt", "Kept in the field.")
    assert page.says("is not TOML")
    assert box(page, "text_area", "system_prompt").value == "Kept in the field."
    assert page.settings_file.read_text() == "this is not TOML"


def test_no_widget_depends_on_a_message_that_may_be_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit drops what a run sends when the next one begins at once: then a value that was set in the session is never
    seen by the browser, which sends back the widget's default, as if somebody had chosen it.
    """
    with opened(tmp_path, monkeypatch) as page:
        page.home.save_connection(Connection(name="one", base_url="http://127.0.0.1:9/v1", model="m-1"))
        page.settings_file.write_text(
            page.settings_file.read_text()
            + '[chat]\nconnection = "one"\nmodel = "m-2"\nsystem_prompt = "Be brief."\ntemperature = 0.3\nmax_output = 99\n'
        )
        page.run()
        assert len(fields(page)) >= 8
        assert [one.key for one in fields(page) if one.proto.set_value] == []
        assert box(page, "text_area", "system_prompt").proto.default == "Be brief."
        assert box(page, "number_input", "max_output").proto.default == 99
        model = box(page, "selectbox", "model")
        assert model.options[model.proto.default] == "m-2"


def test_no_field_of_a_form_depends_on_such_a_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path, monkeypatch) as page:
        kept = Connection(name="one", base_url="http://127.0.0.1:9/v1", context=9000, headers={"X-Title": "Mine"})
        page.home.save_connection(kept)
        page.run().click("route-example").click("edit:one")
        assert [one.key for one in fields(page) if one.proto.set_value] == []
        assert page.field("form_base_url").proto.default == kept.base_url
        assert page.field("form_headers").proto.default == "X-Title: Mine"
        assert page.field("form_context").proto.default == 9000
        assert page.field("route_at_most").proto.default


def fields(page: Page) -> list[Any]:
    app = page.app
    return [*app.selectbox, *app.text_area, *app.text_input, *app.toggle, *app.checkbox, *app.slider, *app.number_input]
