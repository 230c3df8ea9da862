"""Connections: which there are, which is chosen, and that words and keys meant for one server never go to another."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.errors import BadInput, SettingsError
from chatbot.core.settings import Connection, Timeouts
from chatbot.home.addresses import is_loopback, read_base_url, warning
from chatbot.home.home import Home

WORK = "[connections.work]\nbase_url = 'https://work.example.com/v1'\n"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com/v1"),
        ("  http://localhost:11434/v1/  ", "http://localhost:11434/v1"),
        ("https://h/v1/chat/completions", "https://h/v1"),
        ("https://h/v1/chat/completions//", "https://h/v1"),
        ("https://h", "https://h"),
        ("https://h/", "https://h"),
        ("http://[::1]:8080/v1", "http://[::1]:8080/v1"),
        ("https://bücher.example/v1", "https://bücher.example/v1"),
        ("http:\u2060//localhost:11434/v1\ufeff", "http://localhost:11434/v1"),
        ("\u200b https://www\u2060.h.example/v1 ", "https://www.h.example/v1"),
        ("HTTPS://H.example/V1", "https://H.example/V1"),
    ],
)
def test_a_base_url_is_tidied(text: str, url: str) -> None:
    assert read_base_url(text) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        None,
        5,
        "localhost:11434/v1",
        "api.openai.com",
        "ftp://h/v1",
        "http://",
        "http:///v1",
        "https://h:port/v1",
        "https://h:99999/v1",
        "https://h/v1 x",
        "https://h/v1\nx",
        "https://h/\x00",
        "https://user:sk-canary@h/v1",
        "https://sk-canary@h/v1",
        "https://h/v1?api-key=sk-canary",
        "https://h/v1#sk-canary",
        "https://h/v1?",
        "https://h/sk-canary/v1",
        "https://[::1/v1",
        "https://" + "h" * 3000,
    ],
)
def test_what_is_no_base_url_is_refused_and_a_key_in_it_not_repeated(text: object) -> None:
    with pytest.raises(BadInput) as refused:
        read_base_url(text)
    assert "canary" not in str(refused.value)


@given(st.text(max_size=60))
def test_any_text_is_a_base_url_or_refused(text: str) -> None:
    try:
        url = read_base_url(text)
    except BadInput:
        return
    assert read_base_url(url) == url
    assert url.startswith(("http://", "https://"))


@pytest.mark.parametrize(
    ("url", "stays"),
    [
        ("http://localhost/v1", True),
        ("http://ollama.localhost/v1", True),
        ("http://127.0.0.1:1/v1", True),
        ("http://127.9.9.9/v1", True),
        ("http://[::1]/v1", True),
        ("http://192.168.0.2/v1", False),
        ("http://localhost.example.com/v1", False),
        ("http://0.0.0.0/v1", False),
        ("https://api.openai.com/v1", False),
    ],
)
def test_loopback_is_told_and_open_lines_are_warned_of(url: str, stays: bool) -> None:
    assert is_loopback(url) is stays
    assert (warning(url) is None) is (stays or url.startswith("https://"))


def test_openai_is_there_with_a_key(open_home: Callable[..., Home]) -> None:
    assert list(open_home().connections()) == ["offline"]
    home = open_home(OPENAI_API_KEY="sk-1")
    assert list(home.connections()) == ["openai", "offline"]
    openai = home.connection("openai")
    assert (openai.base_url, openai.model) == ("https://api.openai.com/v1", "gpt-6-luna")
    assert home.base_url("openai").source == "default"
    options = home.default_options()
    assert (options.connection, options.model) == ("openai", "gpt-6-luna")
    stored = open_home()
    stored.set_key("openai", "sk-2")
    assert stored.default_connection() == "openai"
    stored.forget_key("openai")
    assert stored.default_connection() == "offline"
    with pytest.raises(
        SettingsError, match=r"'openai' has no key\. Add one on the settings page or set OPENAI_API_KEY"
    ):
        stored.connection("openai")


def test_openai_is_there_with_an_address_of_its_own(
    open_home: Callable[..., Home], write: Callable[[str], None]
) -> None:
    home = open_home(OPENAI_BASE_URL="http://localhost:11434/v1/")
    assert home.default_connection() == "openai"
    assert home.base_url("openai").value == "http://localhost:11434/v1"
    assert home.base_url("openai").fixed
    assert home.connection("openai").model is None, "only that server can say what it has"
    assert open_home(OPENAI_BASE_URL="https://eu.api.openai.com/v1").default_options().model == "gpt-6-luna"
    assert home.key("openai") is None
    write("[connections.openai]\nbase_url = 'http://localhost:1/v1'\nmodel = 'mine'\n")
    assert home.connection("openai").base_url == "http://localhost:11434/v1"
    assert home.connection("openai").model == "mine"
    assert open_home().base_url("openai").source == "settings.toml"
    write("[connections.openai]\nmodel = 'mine'\n")
    assert list(open_home().connections()) == ["offline"]


def test_the_default_connection(open_home: Callable[..., Home], write: Callable[[str], None]) -> None:
    write(WORK + "[connections.lab]\nbase_url = 'https://lab.example.com'\nmodel = 'l'\n")
    assert list(open_home(OPENAI_API_KEY="sk").connections()) == ["openai", "work", "lab", "offline"]
    assert open_home(OPENAI_API_KEY="sk").default_connection() == "openai"
    assert open_home().default_connection() == "work"
    open_home().save_connection(replace(open_home().connection("work"), automatic=False))
    assert open_home().default_connection() == "lab"
    open_home().save_connection(replace(open_home().connection("work"), automatic=True))
    assert open_home().default_connection() == "work"
    assert open_home(BYTEBOT_CONNECTION="lab").default_options().model == "l"
    home = open_home(OPENAI_API_KEY="sk")
    home.save("chat", "connection", "lab")
    assert home.default_connection() == "lab"
    assert open_home(BYTEBOT_CONNECTION="offline").default_connection() == "offline"
    home.save("chat", "model", "other")
    assert home.default_options().model == "other"
    assert open_home(BYTEBOT_CONNECTION="offline").default_options().model == "SmolLM2-135M"


@pytest.mark.parametrize("name", ["wrk", "not a name", "openai"])
def test_a_choice_that_is_not_there_never_falls_to_another_server(
    open_home: Callable[..., Home], write: Callable[[str], None], name: str
) -> None:
    write(WORK)
    home = open_home(BYTEBOT_CONNECTION=name)
    assert home.default_connection() == name
    assert home.default_options().connection == name
    with pytest.raises(SettingsError):
        home.connection(name)
    (problem,) = map(str, home.problems())
    assert problem.startswith(f"New chats are to use {name!r} (BYTEBOT_CONNECTION). ")


def test_an_unknown_connection_is_answered_with_the_known(
    open_home: Callable[..., Home], write: Callable[[str], None]
) -> None:
    write(WORK)
    with pytest.raises(SettingsError, match=r"There is no connection 'x'\. There are: work, offline\."):
        open_home().connection("x")


def test_a_wrong_address_breaks_its_connection_and_no_other(
    open_home: Callable[..., Home], write: Callable[[str], None], data: Path
) -> None:
    write("[connections.bad]\nbase_url = 'nonsense'\n[connections.empty]\nmodel = 'x'\n" + WORK)
    home = open_home(OPENAI_API_KEY="sk", OPENAI_BASE_URL="nonsense://")
    assert list(home.connections()) == ["work", "offline"]
    with pytest.raises(SettingsError, match=r"OPENAI_BASE_URL in the environment: The base URL is 'nonsense://'; it"):
        home.connection("openai")
    assert home.default_connection() == "openai", "words for OpenAI's server go nowhere else"
    with pytest.raises(SettingsError, match=r"settings.toml, line 2: connections.bad: The base URL is 'nonsense'; it"):
        home.connection("bad")
    with pytest.raises(SettingsError, match=r"line 3: connections.empty: A connection needs a base URL"):
        home.connection("empty")
    assert len(home.problems()) == 3


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        ("context = 5", "connections.work.context is 5; it must be a whole number from 256"),
        ("model = 'a b'", "connections.work.model is 'a b'; it must be a model's id"),
        ("modle = 'a'", "connections.work.modle is no setting; did you mean 'model'?"),
        ("timeouts = 5", "connections.work.timeouts is 5; it must be a table of seconds: connect, first"),
        ("timeouts = {first = 0}", "timeouts.first is 0; it must be a number from 0.1"),
        ("timeouts = {frist = 9}", "timeouts.frist is no setting; did you mean 'first'?"),
        ("headers = 5", "connections.work.headers is not that; it must be a table"),
        ("headers = {X-A = 5}", "The text of the header 'X-A' must stand in quotes."),
        ("headers = {X-A = 'a\\u0000'}".replace("'a\\u0000'", '"a\\u0000"'), "The text of the header 'X-A' has a char"),
        ("headers = {'X A' = 'a'}", "'X A' cannot name a header"),
        ("headers = {x-api-key = 'sk-canary'}", "the header 'x-api-key' is a secret and is not used from this file"),
        ("api_key = 'sk-canary'", "Enter it on the settings page or set BYTEBOT_KEY_WORK, and delete the line."),
    ],
)
def test_a_wrong_field_is_named_and_the_connection_holds(
    open_home: Callable[..., Home], write: Callable[[str], None], entry: str, sentence: str
) -> None:
    write(f"{WORK}{entry}\n")
    home = open_home()
    (problem,) = map(str, home.problems())
    assert "settings.toml, line 3: " in problem
    assert sentence in problem
    assert "canary" not in problem
    assert home.connection("work") == Connection(name="work", base_url="https://work.example.com/v1")


def test_names_that_would_share_a_key_are_refused(open_home: Callable[..., Home], write: Callable[[str], None]) -> None:
    write(WORK + WORK.replace("work]", "WORK]") + WORK.replace("work]", "OpenAI]") + WORK.replace("work]", "offline]"))
    home = open_home()
    assert list(home.connections()) == ["work", "offline"]
    assert home.connection("offline").embedded
    texts = " ".join(map(str, home.problems()))
    assert "the name 'WORK' is too like 'work'" in texts
    assert "the name 'OpenAI' is too like 'openai'" in texts
    assert "'offline' is the model that comes with ByteBot" in texts
    for name in ("Work", "w o", "", "x" * 41, "offline", "naïve", "a.b", "OPENAI"):
        with pytest.raises(BadInput):
            home.save_connection(Connection(name=name, base_url="http://localhost/v1"))


def test_a_saved_connection_comes_back(open_home: Callable[..., Home]) -> None:
    home = open_home()
    saved = Connection(
        name="my_box-2",
        base_url="http://192.168.0.2:8000/v1",
        model="org/model:7b",
        headers={"X-Title": "ByteBot"},
        timeouts=Timeouts(connect=3.5, first=30),
        cheap_model="small",
        context=16_384,
    )
    said = home.save_connection(saved)
    assert said is not None
    assert "http://192.168.0.2:8000 is not encrypted" in said
    assert open_home().connections()["my_box-2"] == saved
    assert home.default_connection() == "my_box-2"
    home.save("chat", "connection", "my_box-2")
    home.set_key("my_box-2", "sk-1")
    home.remove_connection("my_box-2")
    assert list(home.connections()) == ["offline"]
    assert home.default_connection() == "offline"
    home.save_connection(saved)
    assert home.key("my_box-2") is None, "its key went with it"


@pytest.mark.parametrize(
    "connection",
    [
        Connection(name="x", base_url="nonsense"),
        Connection(name="x", base_url="http://h", model="a b"),
        Connection(name="x", base_url="http://h", model=""),
        Connection(name="x", base_url="http://h", context=1),
        Connection(name="x", base_url="http://h", cheap_model="two words"),
        Connection(name="x", base_url="http://h", timeouts=Timeouts(total=0)),
        Connection(name="x", base_url="http://h", headers={"a b": "c"}),
        Connection(name="x", base_url="http://h", headers={"X-Key": "sk-canary\n"}),
        Connection(name="x", base_url="http://h", headers={"X-Key": "sk-cänary"}),
    ],
)
def test_a_connection_that_cannot_be_is_not_saved(
    open_home: Callable[..., Home], data: Path, connection: Connection
) -> None:
    with pytest.raises(BadInput) as refused:
        open_home().save_connection(connection)
    assert "nary" not in str(refused.value)
    assert not data.exists()


def test_openai_is_saved_as_what_differs(open_home: Callable[..., Home], data: Path) -> None:
    home = open_home(OPENAI_API_KEY="sk", OPENAI_BASE_URL="http://localhost:9/v1")
    home.save_connection(home.connection("openai"))
    assert "localhost" not in (data / "settings.toml").read_text(), "the variable says it, not the file"
    (data / "settings.toml").write_text("[connections.openai]\nbase_url = 'https://proxy.example/v1'\n")
    home.save_connection(Connection(name="openai", base_url="http://localhost:9/v1", model="m"))
    plain = open_home(OPENAI_API_KEY="sk")
    assert plain.connection("openai") == Connection(name="openai", base_url="https://proxy.example/v1", model="m")
    plain.save_connection(Connection(name="openai", base_url="https://api.openai.com/v1", model="gpt-6-luna"))
    assert plain.base_url("openai").source == "default"


def test_what_cannot_be_removed_says_why(open_home: Callable[..., Home], write: Callable[[str], None]) -> None:
    home = open_home(OPENAI_API_KEY="sk", BYTEBOT_KEY_WORK="w")
    for name, sentence in [
        ("offline", "comes with ByteBot"),
        ("openai", "OPENAI_API_KEY is set"),
        ("nothing", "There is no connection 'nothing'"),
    ]:
        with pytest.raises(SettingsError, match=sentence):
            home.remove_connection(name)
    write("[connections.work]\nbase_url = 'nonsense'\n")
    home.remove_connection("work")
    assert home.problems() == ()


def test_a_stored_key_does_not_follow_the_env_file_of_a_folder(
    open_home: Callable[..., Home], data: Path, tmp_path: Path
) -> None:
    home = open_home()
    home.set_key("openai", "sk-mine")
    here = tmp_path / "here" / ".env"
    here.write_text("OPENAI_BASE_URL=https://elsewhere.example/v1\n")
    with pytest.raises(SettingsError, match="where your stored key is not sent"):
        home.key("openai")
    assert "stored key is not sent" in str(home.problems()[0])
    here.write_text("OPENAI_BASE_URL=http://localhost:1/v1\n")
    assert home.key("openai") is not None, "this machine is no stranger"
    here.write_text("OPENAI_BASE_URL=https://elsewhere.example/v1\nOPENAI_API_KEY=sk-theirs\n")
    key = home.key("openai")
    assert key is not None
    assert key.reveal() == "sk-theirs"
    here.unlink()
    (data / ".env").write_text("OPENAI_BASE_URL=https://elsewhere.example/v1\n")
    assert home.key("openai") is not None, "the data folder is the person's own"


def test_a_key_of_the_environment_does_not_follow_it_either(
    open_home: Callable[..., Home], data: Path, tmp_path: Path
) -> None:
    home = open_home(OPENAI_API_KEY="sk-mine")
    here = tmp_path / "here" / ".env"
    here.write_text("OPENAI_BASE_URL=https://elsewhere.example/v1\nOPENAI_API_KEY=sk-theirs\n")
    with pytest.raises(SettingsError, match="OPENAI_API_KEY of the environment is not sent") as caught:
        home.key("openai")
    assert str(home.problems()[0]) == str(caught.value)
    assert "sk-" not in str(caught.value)
    for usual in ("https://api.openai.com/v1", "http://127.0.0.1:1/v1"):
        here.write_text(f"OPENAI_BASE_URL={usual}\n")
        assert home.key("openai") is not None
    here.write_text("OPENAI_BASE_URL=https://elsewhere.example/v1\n")
    data.mkdir(exist_ok=True)
    (data / ".env").write_text("OPENAI_API_KEY=sk-of-the-data-folder\n")
    with pytest.raises(SettingsError, match=r"OPENAI_API_KEY of .*\.env is not sent"):
        open_home().key("openai")
    both = open_home(OPENAI_API_KEY="sk-mine", OPENAI_BASE_URL="https://mine.example/v1")
    assert both.key("openai") is not None, "the environment points where it is sent"


def test_nor_does_a_secret_header(open_home: Callable[..., Home], tmp_path: Path) -> None:
    home = open_home()
    home.save_connection(Connection(name="openai", base_url="https://mine.example/v1", headers={"Api-Key": "mine"}))
    assert home.unlocked("openai").headers == {"api-key": "mine"}
    (tmp_path / "here" / ".env").write_text("OPENAI_BASE_URL=https://elsewhere.example/v1\nOPENAI_API_KEY=sk-theirs\n")
    for ask in (home.unlocked, home.key):
        with pytest.raises(SettingsError, match="your stored api-key is not sent"):
            ask("openai")
