"""Keys: in the keyring where there is one that answers, else in a private file, and nowhere else."""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chatbot.core.errors import BadInput, SettingsError
from chatbot.core.settings import Connection, Secret
from chatbot.home.home import Home

CANARY = "sk-canary-0123456789"
HERE = Path(__file__).parent
FILE_ONLY = [
    "keyring.backends.fail.Keyring",
    "keyring.backends.null.Keyring",
    "keyring_backends.Raising",
    "keyring_backends.Forgetful",
    "keyring_backends.Plain",
    "keyring_backends.Unfit",
    "no.such.module.Keyring",
]

START = """
import json, logging, os, sys, time
from pathlib import Path
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
from chatbot.core.errors import ByteBotError
from chatbot.core.settings import Connection, Secret
from chatbot.home.folders import Folders
from chatbot.home.home import Home
from chatbot.home.keys import Keys, Slot, read_index
home = Home.open(cwd=Path("/"))
said = {}
"""
END = "\nsys.stdout.write(json.dumps(said))\n"


def child(data: Path, backend: str, script: str, **variables: str) -> tuple[dict[str, Any], str]:
    """What a Python child with this keyring says, and its log."""
    done = subprocess.run(
        [sys.executable, "-c", START + script + END],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": f"{HERE.parents[1]}{os.pathsep}{HERE}",
            "PYTHON_KEYRING_BACKEND": backend,
            "VAULT": str(data.parent / "vault"),
            "BYTEBOT_DATA_DIR": str(data),
            **variables,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said, done.stderr


def asked(data: Path) -> list[str]:
    """What the vault was asked so far."""
    path = data.parent / "vault.log"
    return path.read_text().split() if path.exists() else []


KEEP = f"""
home.set_key("openai", " {CANARY}\\n")
home.save_connection(Connection(name="work", base_url="http://localhost/v1", headers={{"X-Api-Key": "{CANARY}-h"}}))
said["key"] = home.key("openai").reveal()
said["source"] = home.key_source("openai")
said["headers"] = dict(home.unlocked("work").headers)
said["open"] = dict(home.connection("work").headers)
"""
READ = """
said["key"] = home.key("openai").reveal()
said["headers"] = dict(home.unlocked("work").headers)
"""


def test_a_keyring_keeps_the_keys(data: Path) -> None:
    said, log = child(data, "keyring_backends.Vault", KEEP)
    assert said["key"] == CANARY
    assert said["source"] == "keyring"
    assert said["headers"] == {"x-api-key": CANARY + "-h"}
    assert said["open"] == {}
    assert CANARY not in log
    assert grep(data, CANARY) == []
    vault = json.loads((data.parent / "vault").read_text())
    assert vault == {
        f"ByteBot {data}|openai": CANARY,
        f"ByteBot {data}|work x-api-key": CANARY + "-h",
    }
    assert child(data, "keyring_backends.Vault", READ)[0]["key"] == CANARY
    said, _ = child(
        data,
        "keyring_backends.Vault",
        'home.forget_key("openai"); home.remove_connection("work"); said["source"] = home.key_source("openai")',
    )
    assert said["source"] is None
    assert json.loads((data.parent / "vault").read_text()) == {}


@pytest.mark.parametrize("backend", FILE_ONLY)
def test_without_a_real_keyring_a_private_file_keeps_them(data: Path, backend: str) -> None:
    said, log = child(data, backend, KEEP)
    assert said["key"] == CANARY
    assert said["source"] == f"file {data}/keys.toml"
    assert said["headers"] == {"x-api-key": CANARY + "-h"}
    assert CANARY not in log
    assert grep(data, CANARY) == ["keys.toml"]
    assert (data / "keys.toml").stat().st_mode & 0o777 == 0o600
    assert data.stat().st_mode & 0o777 == 0o700
    assert not (data.parent / "vault").exists()
    # A key that is in the file never wakes the keyring, whatever became of it.
    said, _ = child(data, "keyring_backends.Hanging", READ + 'said["woken"] = "keyring" in sys.modules')
    assert said == {"key": CANARY, "headers": {"x-api-key": CANARY + "-h"}, "woken": False}


def test_the_keyring_is_asked_once(data: Path) -> None:
    child(data, "keyring_backends.Vault", KEEP)
    before = len(asked(data))
    child(
        data,
        "keyring_backends.Vault",
        """
home.key_source("openai"), home.connections(), home.default_options()
said["woken"] = "keyring" in sys.modules
for _ in range(3):
    home.key("openai")
home.save("chat", "temperature", 1.0)
home.key("openai")
""",
    )
    assert asked(data)[before:] == ["get"]


def test_a_new_key_is_seen_by_a_process_that_read_the_old(data: Path) -> None:
    said, _ = child(
        data,
        "keyring_backends.Vault",
        """
other = Home.open(cwd=Path("/"))
home.set_key("openai", "old")
said["old"] = other.key("openai").reveal()
home.set_key("openai", "new")
said["new"] = other.key("openai").reveal()
home.forget_key("openai")
said["none"] = other.key("openai")
""",
    )
    assert said == {"old": "old", "new": "new", "none": None}


def test_a_key_of_the_environment_wakes_nothing(data: Path) -> None:
    said, _ = child(
        data,
        "keyring_backends.Hanging",
        """
said["keys"] = [home.key("openai").reveal(), home.key("my-box").reveal()]
said["sources"] = [home.key_source("openai"), home.key_source("my-box"), home.key_source("work")]
home.connections(), home.default_options(), home.unlocked("openai"), home.key("work")
said["woken"] = sorted({"keyring", "tomlkit", "openai", "sqlalchemy", "dotenv", "platformdirs"} & set(sys.modules))
""",
        OPENAI_API_KEY=CANARY,
        BYTEBOT_KEY_MY_BOX="other",
        BYTEBOT_CACHE_DIR="/nowhere",
    )
    assert said["keys"] == [CANARY, "other"]
    assert said["sources"] == ["environment OPENAI_API_KEY", "environment BYTEBOT_KEY_MY_BOX", None]
    assert said["woken"] == []
    assert not data.exists()


def test_a_keyring_that_waits_for_a_person_does_not_hold_us(data: Path) -> None:
    said, log = child(
        data,
        "keyring_backends.Hanging",
        f"""
home.folders.make_data()
keys = Keys(home.folders, wait=0.5)
begun = time.monotonic()
keys.set(Slot("work"), Secret("{CANARY}"))
said["set"] = time.monotonic() - begun
said["source"] = home.key_source("work")
begun = time.monotonic()
Keys(home.folders, wait=40).set(Slot("lab"), Secret("{CANARY}"))
said["again"] = time.monotonic() - begun
Path(os.environ["VAULT"] + ".go").touch()
time.sleep(0.5)
said["vault"] = json.loads(Path(os.environ["VAULT"]).read_text())
keys.set(Slot("late"), Secret("{CANARY}"))
said["late"] = home.key_source("late")
""",
    )
    assert said["set"] < 20
    assert said["source"] == f"file {data}/keys.toml"
    assert said["again"] < 20, "while it hangs nobody else waits"
    assert said["vault"] == {}, "what it did too late is undone, since the file has it"
    assert said["late"] == "keyring"
    assert CANARY not in log


def test_a_key_that_the_keyring_does_not_hand_out_is_said(data: Path) -> None:
    child(data, "keyring_backends.Vault", KEEP)
    script = """
try:
    home.key("openai")
except ByteBotError as error:
    said["error"] = [type(error).__name__, str(error)]
said["source"] = home.key_source("openai")
said["default"] = home.default_connection()
"""
    for backend, words in [
        ("keyring.backends.fail.Keyring", "which is absent. Unlock it, or enter the key again."),
        ("keyring_backends.Raising", "which failed (OSError). Unlock it"),
        ("keyring_backends.Forgetful", None),
    ]:
        said, _ = child(data, backend, script)
        if words is None:
            assert "error" not in said, "it reads the same vault"
            continue
        kind, sentence = said["error"]
        assert kind == "SettingsError"
        assert sentence.startswith("The key of 'openai' is in the system's keyring, ")
        assert words in sentence
        assert (said["source"], said["default"]) == ("keyring", "openai")
    (data.parent / "vault").write_text("{}")
    said, _ = child(data, "keyring_backends.Vault", script)
    assert said["error"][1] == "The key of 'openai' is no longer in the system's keyring. Enter it again."


def test_forgetting_says_when_the_keyring_may_still_have_it(data: Path) -> None:
    child(data, "keyring_backends.Vault", KEEP)
    said, _ = child(
        data,
        "keyring_backends.Raising",
        """
try:
    home.forget_key("openai")
except ByteBotError as error:
    said["error"] = str(error)
said["source"] = home.key_source("openai")
""",
    )
    assert said["source"] is None
    assert said["error"].endswith(f"it may still hold 'openai' under 'ByteBot {data}'.")


@pytest.mark.parametrize(
    "text", ["", "  \n", "a b", "a\tb", "a\nb", "a\r\nb", "a\x00b", "schlüssel", "a\u200bb", "a\x7fb", "x" * 2001]
)
def test_what_is_no_key_is_refused_and_not_repeated(open_home: Callable[..., Home], data: Path, text: str) -> None:
    home = open_home()
    with pytest.raises(BadInput) as refused:
        home.set_key("openai", text and f"{CANARY}{text}{CANARY}" if text.strip() else text)
    assert CANARY not in str(refused.value)
    assert not data.exists()
    with pytest.raises(BadInput, match="needs no key"):
        home.set_key("offline", "sk-1")
    with pytest.raises(BadInput, match="cannot name a connection"):
        home.set_key("../x", "sk-1")


def test_a_variable_that_is_no_key_is_named(open_home: Callable[..., Home]) -> None:
    home = open_home(OPENAI_API_KEY=f"{CANARY}\n{CANARY}")
    with pytest.raises(SettingsError, match="OPENAI_API_KEY in the environment: The key has white space") as refused:
        home.key("openai")
    assert CANARY not in str(refused.value)
    assert home.default_connection() == "openai"
    key = open_home(OPENAI_API_KEY=f" {CANARY}\r\n").key("openai")
    assert key == Secret(CANARY)


def test_whose_variable_is_whose(open_home: Callable[..., Home], tmp_path: Path) -> None:
    home = open_home(OPENAI_API_KEY="sk-openai", BYTEBOT_KEY_OPENAI="sk-second", BYTEBOT_KEY_MY_BOX="sk-box")
    home.save_connection(Connection(name="my-box", base_url="http://localhost/v1"))
    home.save_connection(Connection(name="other", base_url="http://localhost/v1"))
    home.set_key("my-box", "sk-stored")
    assert home.key("openai") == Secret("sk-openai")
    assert home.key("my-box") == Secret("sk-box")
    assert home.key("other") is None
    assert home.key("offline") is None
    assert open_home(BYTEBOT_KEY_OPENAI="sk-second").key("openai") == Secret("sk-second")
    later = open_home()
    assert later.key("my-box") == Secret("sk-stored")
    (tmp_path / "here" / ".env").write_text("BYTEBOT_KEY_MY_BOX=sk-file\n")
    assert later.key("my-box") == Secret("sk-file")
    assert later.key_source("my-box") == ".env BYTEBOT_KEY_MY_BOX"


def grep(folder: Path, text: str) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes())


def test_no_key_is_where_it_does_not_belong(
    open_home: Callable[..., Home], data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    home = open_home(BYTEBOT_KEY_LAB=CANARY)
    home.save_connection(
        Connection(
            name="work",
            base_url="http://localhost/v1",
            headers={"Authorization": f"Bearer {CANARY}", "Cookie": CANARY, "X-Title": "t"},
        )
    )
    home.set_key("work", CANARY)
    home.save("chat", "temperature", 1.0)
    unlocked = home.unlocked("work")
    assert unlocked.headers == {"authorization": f"Bearer {CANARY}", "cookie": CANARY, "X-Title": "t"}
    assert home.secret_headers("work") == ["authorization", "cookie"]
    shown = [home, unlocked, home.connections(), home.key("lab"), home.key("work"), home._state(), home.problems()]
    assert CANARY not in repr(shown)
    assert CANARY not in caplog.text
    assert grep(data, CANARY) == ["keys.toml"]
    home.save_connection(home.connection("work"))
    assert home.secret_headers("work") == ["authorization", "cookie"], "what the page does not know, it does not lose"
    home.forget_key("work", "Cookie")
    assert home.secret_headers("work") == ["authorization"]
    home.remove_connection("work")
    assert grep(data, CANARY) == []


def test_a_key_file_that_others_can_read_is_closed(open_home: Callable[..., Home], data: Path) -> None:
    home = open_home()
    home.set_key("openai", "sk-1")
    (data / "keys.toml").chmod(0o644)
    assert open_home().key("openai") == Secret("sk-1")
    assert (data / "keys.toml").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text", [f"[openai\nsecret = '{CANARY}'\n", f"{CANARY}\n", "\x00", "[openai]\nplace = 'file'\n"]
)
def test_a_broken_key_file_is_told_and_not_overwritten(open_home: Callable[..., Home], data: Path, text: str) -> None:
    data.mkdir()
    (data / "keys.toml").write_text(text)
    home = open_home()
    problems = " ".join(map(str, home.problems()))
    with pytest.raises(SettingsError) as refused:
        home.key("openai")
    assert CANARY not in problems + str(refused.value)
    if "place" not in text:
        assert "keys.toml is not TOML" in problems
        with pytest.raises(SettingsError):
            home.set_key("openai", "sk-2")
        assert (data / "keys.toml").read_text() == text
