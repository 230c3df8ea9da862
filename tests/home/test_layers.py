"""Environment beats .env beats settings.toml beats the default, for every setting and in every combination."""

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.errors import SettingsError
from chatbot.core.settings import DEFAULT_PERSONA
from chatbot.home.home import Home
from chatbot.home.setting import Setting
from chatbot.home.table import BY_NAME, SETTINGS

LAYERS = ["environment", "here", "data", "settings.toml"]
TEXTS = {
    "connection": "abcd",
    "model": "abcd",
    "system_prompt": "abcd",
    "temperature": "0123",
    "max_output": "1234",
    "most_sent": "3456",
    "url": "abcd",
}
IN_FILE = [setting for setting in SETTINGS if setting.file and setting.variable and setting.key != "database_url"]


def told(setting: Setting, layer: str) -> tuple[str, Any]:
    """What a layer says of a setting, as a variable's text and as a value; another in each layer."""
    letter = TEXTS[setting.key][LAYERS.index(layer)]
    if setting.key == "temperature":
        return f"{letter}.5" if letter < "2" else f"1.{letter}", float(f"{letter}.5" if letter < "2" else f"1.{letter}")
    if setting.key in ("max_output", "most_sent"):
        return letter * 3, int(letter * 3)
    if setting.key == "url":
        return f"https://{letter}", f"https://{letter}"
    return letter * 3, letter * 3


@given(st.data())
def test_the_highest_layer_that_says_something_wins(drawn: st.DataObject) -> None:
    speaking = {setting.key: drawn.draw(st.sets(st.sampled_from(LAYERS)), label=setting.key) for setting in IN_FILE}
    with tempfile.TemporaryDirectory() as folder:
        here, data = Path(folder, "here"), Path(folder, "data")
        here.mkdir()
        data.mkdir()
        environ = {"BYTEBOT_DATA_DIR": str(data)}
        lines: dict[str, list[str]] = {"here": [], "data": [], "settings.toml": []}
        for setting in IN_FILE:
            for layer in speaking[setting.key]:
                text, value = told(setting, layer)
                if layer == "environment":
                    environ[setting.variable or ""] = text
                elif layer == "settings.toml":
                    lines[layer].append(f"{setting.section}.{setting.key} = {value!r}")
                else:
                    lines[layer].append(f"{setting.variable}={text}")
        (here / ".env").write_text("\n".join(lines["here"]))
        (data / ".env").write_text("\n".join(lines["data"]))
        (data / "settings.toml").write_text("\n".join(lines["settings.toml"]))
        home = Home.open(environ, here)
        for setting in IN_FILE:
            found = home.value(setting.section, setting.key)
            highest = next((layer for layer in LAYERS if layer in speaking[setting.key]), None)
            if highest is None:
                assert (found.value, found.source, found.variable) == (setting.default, "default", None)
                assert not found.fixed
                continue
            assert found.value == told(setting, highest)[1]
            assert found.source == {"here": ".env", "data": ".env"}.get(highest, highest)
            assert found.variable == (None if highest == "settings.toml" else setting.variable)
            assert found.fixed == (highest != "settings.toml")


def test_nothing_said_gives_the_defaults(open_home: Callable[..., Home], data: Path, tmp_path: Path) -> None:
    home = open_home()
    options = home.default_options()
    assert (options.connection, options.model, options.system) == ("offline", "SmolLM2-135M", DEFAULT_PERSONA)
    assert (options.temperature, options.max_output) == (None, 4096)
    assert home.most_sent == 32_000
    assert home.titles_by_model is True
    assert home.problems() == ()
    assert not data.exists(), "looking makes no folder"
    assert home.database_url == f"sqlite:///{data}/bytebot.db"
    assert data.stat().st_mode & 0o777 == 0o700
    assert home.folders.cache == tmp_path / "cache"


def test_the_environment_is_read_and_not_changed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BYTEBOT_MODEL=from-env-file\nOPENAI_API_KEY=sk-env\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BYTEBOT_DATA_DIR", "relative")
    monkeypatch.setenv("BYTEBOT_TEMPERATURE", "0.5")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("BYTEBOT_MODEL", raising=False)
    before = dict(os.environ)
    home = Home.open()
    assert home.default_options().model == "from-env-file"
    assert home.default_options().temperature == 0.5
    assert home.key("openai") is not None
    assert home.folders.data == tmp_path / "relative"
    assert dict(os.environ) == before


def test_empty_variables_count_as_not_set(open_home: Callable[..., Home]) -> None:
    home = open_home(BYTEBOT_MODEL="", OPENAI_API_KEY="  ", OPENAI_BASE_URL="", BYTEBOT_MAX_OUTPUT=" ")
    assert home.default_connection() == "offline"
    assert home.value("chat", "max_output").source == "default"
    assert home.problems() == ()


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("BYTEBOT_MAX_OUTPUT", "many"),
        ("BYTEBOT_MAX_OUTPUT", "0"),
        ("BYTEBOT_MAX_OUTPUT", "1.5"),
        ("BYTEBOT_MAX_OUTPUT", "4,096"),
        ("BYTEBOT_MOST_SENT", "-1"),
        ("BYTEBOT_MOST_SENT", "none"),
        ("BYTEBOT_TEMPERATURE", "nan"),
        ("BYTEBOT_TEMPERATURE", "2.1"),
        ("BYTEBOT_TEMPERATURE", "1e400"),
        ("BYTEBOT_MODEL", "two words"),
        ("BYTEBOT_MODEL", "x" * 201),
    ],
)
def test_a_value_that_is_not_allowed_is_named_and_left_out(
    open_home: Callable[..., Home], write: Callable[[str], None], variable: str, text: str
) -> None:
    setting = next(setting for setting in SETTINGS if setting.variable == variable)
    _, below = told(setting, "data")
    write(f"[chat]\n{setting.key} = {below!r}\n")
    home = open_home(**{variable: text})
    assert home.value("chat", setting.key).value == below
    (problem,) = home.problems()
    assert str(problem).startswith(f"{variable} in the environment is {text[:50]!r}"[:60])
    assert setting.kind.allowed in str(problem)


def test_none_unsets_what_is_set_below(open_home: Callable[..., Home], write: Callable[[str], None]) -> None:
    write("[chat]\ntemperature = 0.7\nmax_output = 'none'\n")
    options = open_home(BYTEBOT_TEMPERATURE="none").default_options()
    assert (options.temperature, options.max_output) == (None, None)


def test_an_env_file_of_any_editor_is_read(open_home: Callable[..., Home], tmp_path: Path) -> None:
    home = open_home()
    path = tmp_path / "here" / ".env"
    lines = "BYTEBOT_TEMPERATURE=1\r\n# a comment\r\nexport BYTEBOT_MODEL='m 1'\r\nBYTEBOT_MODEL=\"m-2\" # last one wins\r\n"
    for raw in (lines.encode("utf-8-sig"), lines.encode("utf-16"), lines.encode()):
        path.write_bytes(raw)
        assert home.value("chat", "model").value == "m-2", raw[:4]
        assert home.value("chat", "temperature").value == 1, raw[:4]
        path.unlink()
        assert home.value("chat", "model").value is None


def test_an_env_file_fills_in_variables(open_home: Callable[..., Home], tmp_path: Path) -> None:
    home = open_home(HOST="example.com")
    (tmp_path / "here" / ".env").write_text(
        "PORT=8080\nOPENAI_BASE_URL=https://${HOST}:${PORT}/${PATH_:-v1}${NOTHING}\nOPENAI_API_KEY=sk-$HOST\n"
    )
    assert home.connection("openai").base_url == "https://example.com:8080/v1"
    key = home.key("openai")
    assert key is not None
    assert key.reveal() == "sk-$HOST", "only ${…} is a reference"


def test_a_bad_line_of_an_env_file_is_named_by_its_number(
    open_home: Callable[..., Home], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home = open_home()
    (tmp_path / "here" / ".env").write_text("A=1\nOPENAI_API_KEY sk-secret\nOPENAI_API_KEY\nBYTEBOT_MODEL=m\n")
    assert home.value("chat", "model").value == "m"
    first, second = map(str, home.problems())
    assert first == f"{tmp_path}/here/.env, line 2, is left out: a line must be NAME=value."
    assert "line 3" in second
    assert "sk-secret" not in first + second + caplog.text


def test_an_env_file_that_is_no_text_is_named(open_home: Callable[..., Home], tmp_path: Path) -> None:
    home = open_home()
    (tmp_path / "here" / ".env").write_bytes(b"A=1\nB=\xff\n")
    assert [str(one) for one in home.problems()] == [
        f"{tmp_path}/here/.env, line 2, is not UTF-8 text. Save the file as UTF-8."
    ]
    (tmp_path / "here" / ".env").unlink()
    (tmp_path / "here" / ".env").mkdir()
    assert "cannot be read" in str(home.problems()[0])


def test_edits_by_hand_are_noticed(
    open_home: Callable[..., Home], write: Callable[[str], None], data: Path, tmp_path: Path
) -> None:
    home = open_home()
    assert home.default_connection() == "offline"
    write("[connections.one]\nbase_url = 'http://localhost:1/v1'\n")
    assert home.default_connection() == "one"
    write("[connections.two]\nbase_url = 'http://localhost:1/v1'\n")  # as long as before
    os.utime(data / "settings.toml", ns=(time.time_ns(), time.time_ns() + 1_000_000))
    assert home.default_connection() == "two"
    (data / ".env").write_text("OPENAI_API_KEY=sk-1\n")
    assert home.default_connection() == "openai"
    (data / "settings.toml").unlink()
    (data / ".env").unlink()
    assert home.default_connection() == "offline"


def test_where_the_folders_come_from(tmp_path: Path) -> None:
    here, data = tmp_path / "here", tmp_path / "data"
    here.mkdir()
    data.mkdir()
    (here / ".env").write_text("BYTEBOT_DATA_DIR=../data\n")
    (data / ".env").write_text(f"BYTEBOT_CACHE_DIR={tmp_path}/cache\nBYTEBOT_DATA_DIR=/elsewhere\n")
    home = Home.open({}, here)
    assert home.folders.data.resolve() == data
    assert home.folders.cache == tmp_path / "cache"
    assert home.value("storage", "data_dir").value == str(home.folders.data)
    assert home.value("storage", "data_dir").variable == "BYTEBOT_DATA_DIR"
    (problem,) = home.problems()
    assert "found in the data folder" in str(problem)
    assert Home.open({"BYTEBOT_DATA_DIR": "/from/environment"}, here).folders.data == Path("/from/environment")


def test_without_variables_the_folders_are_the_platforms(tmp_path: Path) -> None:
    import platformdirs

    folders = Home.open({}, tmp_path).folders
    assert folders.data == platformdirs.user_data_path("bytebot", appauthor=False)
    assert folders.cache == platformdirs.user_cache_path("bytebot", appauthor=False)


@pytest.mark.parametrize("text", ["a?b", "nul\0", "~nobody-of-that-name/x"])
def test_a_folder_that_cannot_be_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="BYTEBOT_DATA_DIR is"):
        Home.open({"BYTEBOT_DATA_DIR": text}, tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    home = Home.open({"BYTEBOT_DATA_DIR": str(tmp_path / "file")}, tmp_path)
    with pytest.raises(SettingsError, match=r"it is no folder\. Name another one in BYTEBOT_DATA_DIR"):
        _ = home.database_url
    with pytest.raises(SettingsError, match="cannot be made"):
        home.save("chat", "temperature", 1.0)


def test_a_wrong_database_never_becomes_another(open_home: Callable[..., Home], write: Callable[[str], None]) -> None:
    write("[storage]\ndatabase_url = 5\n")
    assert open_home(BYTEBOT_DATABASE_URL="postgressql://u:pw@h/d").database_url == "postgressql://u:pw@h/d"
    home = open_home()
    assert home.database_url == "5", "the store says that it knows no such thing"
    assert "pw" not in repr(open_home(BYTEBOT_DATABASE_URL="postgresql://u:pw@h/d").value("storage", "database_url"))


def test_every_row_of_the_table_can_be_asked_for(open_home: Callable[..., Home]) -> None:
    home = open_home()
    assert {(section, key) for section, key in BY_NAME if home.value(section, key) is not None} == set(BY_NAME)
    with pytest.raises(KeyError):
        home.value("chat", "nothing")
