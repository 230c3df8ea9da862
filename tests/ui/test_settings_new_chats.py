"""What new chats begin with: each setting holds from the moment it is changed, unless something above fixes it."""

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


def change(page: Page, kind: str, key: str, value: Any) -> Page:
    getattr(page.app, kind)(key=f"new_chats:{key}").set_value(value)
    return page.run()


def test_each_setting_holds_at_once_and_says_so(page: Page) -> None:
    change(page, "text_area", "system_prompt", "Be brief.")
    assert page.says("New chats begin with the new system prompt.")
    assert page.home.default_options().system == "Be brief."
    change(page, "number_input", "max_output", 512)
    assert page.says("New chats stop a reply at 512 tokens.")
    assert page.home.default_options().max_output == 512
    change(page, "number_input", "max_output", None)
    assert page.home.default_options().max_output is None
    change(page, "number_input", "most_sent", 16_000)
    assert page.home.most_sent == 16_000
    change(page, "toggle", "titles_by_model", False)
    assert page.home.titles_by_model is False


@pytest.mark.parametrize(
    ("key", "typed", "least"), [("most_sent", -5, 256), ("most_sent", 10_000_001, 256), ("max_output", 0, 1)]
)
def test_a_number_that_cannot_be_is_said_and_the_old_one_stays(page: Page, key: str, typed: int, least: int) -> None:
    box = page.app.number_input(key=f"new_chats:{key}")
    assert box.proto.has_min is box.proto.has_max is False, "Streamlit would only turn it red"
    before = box.value
    change(page, "number_input", key, typed)
    said = f"cannot be {typed:,}; it must be a whole number from {least} to 10,000,000."
    assert [said in plain(error.value) for error in page.app.error] == [True]
    assert page.app.number_input(key=f"new_chats:{key}").value == before
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
    assert page.app.selectbox(key="new_chats:model").value == "chosen-for-one"
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
    assert page.app.text_area(key="new_chats:system_prompt").value == "From an editor."
    assert page.app.number_input(key="new_chats:max_output").value == 99


def test_what_a_variable_fixes_is_greyed_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path, monkeypatch, BYTEBOT_TEMPERATURE="0.3", BYTEBOT_SYSTEM_PROMPT="From outside.") as page:
        (tmp_path / "here" / ".env").write_text("BYTEBOT_MAX_OUTPUT=77\n")
        page.settings_file.write_text('[chat]\nsystem_prompt = "From the file."\nmost_sent = 5000\n')
        page.run()
        prompt = page.app.text_area(key="new_chats:system_prompt")
        assert (prompt.value, prompt.disabled) == ("From outside.", True)
        assert page.app.toggle(key="new_chats:temperature_on").disabled
        assert page.app.slider(key="new_chats:temperature").value == 0.3
        longest = page.app.number_input(key="new_chats:max_output")
        assert (longest.value, longest.disabled) == (77, True)
        most = page.app.number_input(key="new_chats:most_sent")
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
    assert page.app.text_area(key="new_chats:system_prompt").value == "Kept in the field."
    assert page.settings_file.read_text() == "this is not TOML"
