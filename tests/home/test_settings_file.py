"""settings.toml: wrong files are told and never overwritten; saving touches only its own lines and loses nobody's."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.core.errors import BadInput, SettingsError
from chatbot.core.settings import Connection, Timeouts
from chatbot.core.text import repair
from chatbot.home.files import locked, read_text
from chatbot.home.home import Home

COMMENTED = """\
# My settings.

[chat]
# the cheap one
model = "m-1"   # my usual one
temperature = 0.70

[connections.work]   # the office
base_url = 'https://work.example.com/v1'

[mine]
kept = 1979-05-27
"""


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[chat]\nmodel = \n", "line 2, is not TOML; nothing in the file is used"),
        ("[chat\n", "line 1, is not TOML"),
        ("[chat]\nmodel = 'a'\nmodel = 'b'\n", "line 3, is not TOML"),
        ("[chat]\n\nmax_output = 'lots'\n", "line 3: chat.max_output is 'lots'; it must be a whole number from 1"),
        ("chat = {max_output = -1}\n", "line 1: chat.max_output is -1"),
        ("chat.max_output = true\n", "line 1: chat.max_output is True"),
        ("[chat]\nmost_sent = 1e5\n", "line 2: chat.most_sent is 100000.0; it must be a whole number"),
        ("[chat]\nsystem_prompt = 5\n", "line 2: chat.system_prompt is 5; it must be text"),
        ("[chat]\ntitles_by_model = 'yes'\n", "line 2: chat.titles_by_model is 'yes'; it must be true or false"),
        ("[chat]\ntemprature = 1\n", "line 2: chat.temprature is no setting; did you mean 'temperature'?"),
        ("[chat]\nzzz = 1\n", "known are connection, model"),
        ("[chats]\nmodel = 'x'\n", "line 1: chats is no setting; did you mean 'chat'?"),
        ("chat = 5\n", "line 1: chat must be a table, [chat]."),
        ("[storage]\ndata_dir = '/x'\n", "line 2: data_dir is not read from here; set BYTEBOT_DATA_DIR."),
        ("connections = 5\n", "line 1: connections must be a table"),
        (f"[chat]\nmodel = '{'x' * 500}'\n", "is 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…;"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    open_home: Callable[..., Home], write: Callable[[str], None], data: Path, text: str, sentence: str
) -> None:
    write(text)
    home = open_home()
    (problem,) = map(str, home.problems())
    assert problem.startswith(f"{data}/settings.toml, line ")
    assert sentence in problem
    assert home.default_connection() == "offline", "the rest still works"


def test_several_problems_are_all_told_and_the_rest_holds(
    open_home: Callable[..., Home], write: Callable[[str], None]
) -> None:
    write("[chat]\nmodel = 'good'\nmax_output = 'bad'\nfoo = 1\n[bar]\n[connections.x]\n")
    home = open_home()
    assert len(home.problems()) == 4
    assert home.value("chat", "model").value == "good"


def test_a_file_of_any_editor_is_read(open_home: Callable[..., Home], data: Path) -> None:
    home = open_home()
    data.mkdir()
    text = "[chat]\r\nsystem_prompt = 'Grüße'\r\n"
    for raw in (text.encode("utf-8-sig"), text.encode("utf-16"), text.encode()):
        (data / "settings.toml").write_bytes(raw)
        assert home.default_options().system == "Grüße"
        assert home.problems() == ()
        (data / "settings.toml").unlink()
        home.problems()
    (data / "settings.toml").write_bytes(b"[chat]\nmodel = '\xe9'\n")
    assert "line 2, is not UTF-8 text" in str(home.problems()[0])
    (data / "settings.toml").unlink()
    (data / "settings.toml").mkdir()
    assert "cannot be read" in str(home.problems()[0])


def test_saving_keeps_comments_order_and_spelling(
    open_home: Callable[..., Home], write: Callable[[str], None], data: Path
) -> None:
    write(COMMENTED)
    home = open_home()
    home.save("chat", "model", "m-2")
    home.save_connection(Connection(name="work", base_url="https://work.example.com/v1", context=8000))
    assert (data / "settings.toml").read_text() == COMMENTED.replace('"m-1"', '"m-2"').replace(
        "example.com/v1'\n", "example.com/v1'\ncontext = 8000\n"
    )
    home.save_connection(Connection(name="work", base_url="https://work.example.com/v1"))
    home.save("chat", "model", "m-1")
    assert (data / "settings.toml").read_text() == COMMENTED


def test_saving_takes_nothing_away_that_it_does_not_know(
    open_home: Callable[..., Home], write: Callable[[str], None], data: Path
) -> None:
    text = (
        "[connections.work]\nbase_url = 'http://localhost/v1'\nmodle = 'x'\n"
        "headers = {X-Title = 't', api-key = 'k'}\ntimeouts = {frist = 1, first = 5}\n"
    )
    write(text)
    home = open_home()
    home.save_connection(home.connection("work"))
    assert (data / "settings.toml").read_text() == text
    home.save_connection(Connection(name="work", base_url="http://localhost/v1"))
    entry = tomllib.loads((data / "settings.toml").read_text())["connections"]["work"]
    assert entry == {
        "base_url": "http://localhost/v1",
        "modle": "x",
        "headers": {"api-key": "k"},
        "timeouts": {"frist": 1},
    }


def test_saving_keeps_the_line_ends_of_windows(open_home: Callable[..., Home], data: Path) -> None:
    data.mkdir()
    (data / "settings.toml").write_bytes(b"# one\r\n[chat]\r\nmodel = 'x'\r\n")
    open_home().save("chat", "model", "y")
    assert (data / "settings.toml").read_bytes() == b'# one\r\n[chat]\r\nmodel = "y"\r\n'


def test_saved_values_hold_at_once_and_none_means_the_default_or_nothing(
    open_home: Callable[..., Home], data: Path
) -> None:
    home = open_home()
    home.save("chat", "temperature", 1)
    home.save("chat", "max_output", None)
    home.save("chat", "titles_by_model", False)
    options = home.default_options()
    assert (options.temperature, options.max_output, home.titles_by_model) == (1.0, None, False)
    assert home.value("chat", "temperature").source == "settings.toml"
    home.save("chat", "temperature", None)
    home.save("chat", "max_output", 100)
    assert home.value("chat", "temperature").source == "default"
    assert tomllib.loads((data / "settings.toml").read_text()) == {
        "chat": {"max_output": 100, "titles_by_model": False}
    }


@given(text=st.text(min_size=0, max_size=200))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_system_prompt_comes_back_as_it_was(open_home: Callable[..., Home], text: str) -> None:
    home = open_home()
    home.save("chat", "system_prompt", text)
    assert home.default_options().system == repair(text)
    assert home.problems() == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [("max_output", 0), ("max_output", "5"), ("temperature", 3), ("model", "a b"), ("most_sent", None), ("model", "")],
)
def test_what_is_not_allowed_is_not_saved(open_home: Callable[..., Home], data: Path, key: str, value: object) -> None:
    with pytest.raises(BadInput, match=f"{key} is .*; it must be"):
        open_home().save("chat", key, value)
    assert not (data / "settings.toml").exists()


def test_what_is_no_setting_is_not_saved(open_home: Callable[..., Home]) -> None:
    for section, key in [("chat", "nothing"), ("storage", "data_dir")]:
        with pytest.raises(SettingsError, match=f"{section}.{key} cannot be written"):
            open_home().save(section, key, "x")


@pytest.mark.parametrize("text", ["[chat]\nmodel = \n", "chat = 5\n"])
def test_a_file_that_cannot_be_changed_stays_as_it_was(
    open_home: Callable[..., Home], write: Callable[[str], None], data: Path, text: str
) -> None:
    write(text)
    with pytest.raises(SettingsError, match=r"settings\.toml"):
        open_home().save("chat", "temperature", 1.0)
    assert (data / "settings.toml").read_text() == text
    assert set(os.listdir(data)) == {".lock", "settings.toml"}, "no temporary file is left"


SHAPES = [
    COMMENTED,
    "",
    "[connections.work]\nbase_url = 'http://w/v1'\n[mine]\na = 1\n[connections.lab]\nbase_url = 'http://l/v1'\n",
    "connections = {work = {base_url = 'http://w/v1'}, lab = {base_url = 'http://l/v1', headers = {X-A = '1'}}}\nmine.a = 1",
    "connections.work.base_url = 'http://w/v1'\nconnections.work.headers.X-B = 'b'\n[mine]\na = {b = [1, {c = 2}]}\n",
    "[connections]\nwork = {base_url = 'http://w/v1', timeouts = {first = 5}}\n[chat]\n[mine]\n",
    "chat.model = 'x'\n[mine]\n[connections]\n[connections.work]\nbase_url = 'http://w/v1'\n[connections.work.headers]\n",
    "chat = {model = 'x'}\nmine = 1\n",
    "[[mine]]\na = 1\n[[mine]]\nb = 2\n[connections.work]\nbase_url='http://w/v1'\n# end",
]
DOTTED = [shape for shape in SHAPES if "connections.work.base_url" in shape]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("save"), st.sampled_from(["model", "connection"]), st.sampled_from(["m", "work", None])),
        st.tuples(
            st.just("put"),
            st.sampled_from(["work", "lab", "new"]),
            st.builds(
                dict,
                model=st.sampled_from([None, "m"]),
                headers=st.sampled_from([{}, {"X-A": "1"}, {"X-B": "2", "X-C": "3"}]),
                cheap_model=st.sampled_from([None, "small"]),
                context=st.sampled_from([None, 9000]),
                timeouts=st.sampled_from([Timeouts(), Timeouts(first=7.0, total=99.5)]),
            ),
        ),
        st.tuples(st.just("drop"), st.sampled_from(["work", "lab", "new"]), st.none()),
    ),
    max_size=6,
)


@given(shape=st.sampled_from(SHAPES), steps=STEPS)
@settings(max_examples=100, deadline=None)
def test_in_a_file_of_any_shape_only_what_was_saved_changes(shape: str, steps: list[tuple[str, str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "settings.toml")
        path.write_text(shape)
        home = Home.open({"BYTEBOT_DATA_DIR": folder}, Path(folder))
        mine = tomllib.loads(shape).get("mine")
        known = home.connections()
        chat: dict[str, Any] = {key: home.value("chat", key).value for key in ("model", "connection")}
        for step, name, value in steps:
            before = path.read_text()
            expected, choice = dict(known), dict(chat)
            try:
                if step == "save":
                    choice[name] = value
                    home.save("chat", name, value)
                elif step == "put":
                    expected[name] = Connection(name=name, base_url=f"http://{name}.example/v1", **value)
                    home.save_connection(expected[name])
                elif name in known:
                    del expected[name]
                    choice["connection"] = None if chat["connection"] == name else chat["connection"]
                    home.remove_connection(name)
            except SettingsError:
                # Tidy layouts are always understood; of dotted keys it is enough that none is lost.
                assert shape in DOTTED
                assert path.read_text() == before
            else:
                known, chat = expected, choice
            assert home.connections() == known
            assert {key: home.value("chat", key).value for key in chat} == chat
            assert tomllib.loads(path.read_text()).get("mine") == mine
            assert step != "save" or value is None or path.read_text().count("#") == before.count("#")


def test_files_are_private_and_a_link_stays_one(open_home: Callable[..., Home], data: Path, tmp_path: Path) -> None:
    home = open_home()
    home.save("chat", "temperature", 1.0)
    home.set_key("openai", "sk-1")
    assert data.stat().st_mode & 0o777 == 0o700
    for name in os.listdir(data):
        assert (data / name).stat().st_mode & 0o777 == 0o600, name
    (data / "settings.toml").rename(tmp_path / "dotfiles.toml")
    (data / "settings.toml").symlink_to(tmp_path / "dotfiles.toml")
    home.save("chat", "temperature", 1.5)
    assert (data / "settings.toml").is_symlink()
    assert "1.5" in (tmp_path / "dotfiles.toml").read_text()
    assert home.default_options().temperature == 1.5


def test_no_room_is_told_and_the_old_file_stays(open_home: Callable[..., Home], tmp_path: Path) -> None:
    home = open_home()
    home.save("chat", "temperature", 1.0)
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from chatbot.home.home import Home\n"
        "from chatbot.core.errors import SettingsError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "try:\n"
        "    Home.open(cwd=Path(sys.argv[1])).save('chat', 'system_prompt', 'x' * 5000)\n"
        "except SettingsError as error:\n"
        "    sys.stdout.write(str(error))\n"
    )
    said = run(script, str(tmp_path), BYTEBOT_DATA_DIR=str(home.folders.data), PYTHONDONTWRITEBYTECODE="1")
    assert said.endswith("settings.toml cannot be written: File too large. Nothing was changed.")
    assert home.default_options().temperature == 1.0
    assert sorted(os.listdir(home.folders.data)) == [".lock", "settings.toml"]


def run(script: str, *arguments: str, **variables: str) -> str:
    """What a Python child prints."""
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), **variables}
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


WRITER = """
import sys
from chatbot.home.home import Home
from chatbot.core.settings import Connection, Timeouts
from pathlib import Path
home, me = Home.open(cwd=Path("/")), sys.argv[1]
for number in range(12):
    home.save_connection(Connection(name=f"{me}-{number}", base_url=f"http://localhost:{1 + number}/v1"))
    home.set_key(f"{me}-{number}", f"sk-{me}-{number}")
    home.save("chat", "max_output", 1 + number)
"""


def test_writers_of_several_processes_lose_nothing(open_home: Callable[..., Home], data: Path) -> None:
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "BYTEBOT_DATA_DIR": str(data),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }
    children = [subprocess.Popen([sys.executable, "-c", WRITER, name], env=environ) for name in "abc"]
    home = open_home()
    while any(child.poll() is None for child in children):
        assert home.problems() == (), "a reader never sees half a file"
        time.sleep(0.002)
    assert [child.returncode for child in children] == [0, 0, 0]
    names = {f"{me}-{number}" for me in "abc" for number in range(12)}
    assert set(home.connections()) == {*names, "offline"}
    for name in names:
        key = home.key(name)
        assert key is not None
        assert key.reveal() == f"sk-{name}"


def test_threads_lose_nothing(open_home: Callable[..., Home]) -> None:
    home = open_home()

    def save(me: str) -> None:
        for number in range(5):
            home.save_connection(Connection(name=f"{me}-{number}", base_url="http://localhost/v1"))

    threads = [threading.Thread(target=save, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(home.connections()) == 21


def _hold(folder: Path, ready: "multiprocessing.synchronize.Event") -> None:
    with locked(folder):
        ready.set()
        time.sleep(60)


def test_a_killed_writer_leaves_no_lock(open_home: Callable[..., Home], data: Path) -> None:
    data.mkdir()
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Event()
    holder = spawn.Process(target=_hold, args=(data, ready))
    holder.start()
    assert ready.wait(30)
    threading.Timer(0.3, lambda: os.kill(holder.pid or 0, signal.SIGKILL)).start()
    begun = time.monotonic()
    open_home().save("chat", "temperature", 1.0)
    assert time.monotonic() - begun > 0.2, "it waited for the other writer"
    holder.join(10)


def test_a_writer_killed_at_any_moment_leaves_the_old_or_the_new_file(data: Path) -> None:
    data.mkdir()
    path = data / "settings.toml"
    script = (
        "from chatbot.home.home import Home\nfrom pathlib import Path\nhome = Home.open(cwd=Path('/'))\n"
        "for number in range(10**6):\n"
        "    home.save('chat', 'system_prompt', str(number) + 'x' * 20_000 + str(number))\n"
    )
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), "BYTEBOT_DATA_DIR": str(data)}
    for attempt in range(3):
        child = subprocess.Popen([sys.executable, "-c", script], env=environ)
        before = path.stat().st_mtime_ns if path.exists() else 0
        until = time.monotonic() + 30
        while (not path.exists() or path.stat().st_mtime_ns == before) and time.monotonic() < until:
            time.sleep(0.005)
        time.sleep(0.05 + 0.037 * attempt)
        child.kill()
        child.wait(10)
        prompt = tomllib.loads(path.read_text())["chat"]["system_prompt"]
        number, _, again = prompt.partition("x" * 20_000)
        assert number == again, json.dumps(prompt[:20])


def test_a_pipe_in_its_place_is_said_and_waited_for_by_nobody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "settings.toml")
    with pytest.raises(SettingsError, match=r"settings\.toml is a pipe"):
        read_text(tmp_path / "settings.toml")
    (tmp_path / "file").touch()
    assert read_text(tmp_path / "file" / "settings.toml") is None, "what is wrong with the folder is said elsewhere"
