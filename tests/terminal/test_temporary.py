"""Of a temporary chat no word is ever on disk: not while it goes on, not after it, not when its process is killed."""

import os
import signal
import subprocess
import sys
import time

import pytest

from chatbot.core.pricing import nobody_knows
from chatbot.store.lease import this_process
from chatbot.store.store import Store
from tests.fake_openai import words_text
from tests.terminal.house import KEY, House

WORDS = b"wolframite-zqx"
ANSWER = words_text(3000)[:40].encode()
LONG = "words:3000@80"
LOGGED = """
import logging, sys
logging.basicConfig(filename=sys.argv.pop(1), level=logging.DEBUG)
"""
ASK = "from chatbot.__main__ import main; raise SystemExit(main())"
SCRIPT = f"""
from chatbot import Chatbot
for piece in Chatbot("{LONG}", temporary=True, system="system {WORDS.decode()}").chat_stream("{WORDS.decode()}"):
    print(piece, end="", flush=True)
"""
FACES = {
    "one shot": (ASK, ("ask", "--temporary", "--model", LONG, WORDS.decode())),
    "talk": (ASK, ("--temporary", "--model", LONG, "--system", f"system {WORDS.decode()}")),
    "script": (SCRIPT, ()),
}


@pytest.fixture(autouse=True)
def somebody_was_here(house: House) -> None:
    house.settings("[chat]\ntitles_by_model = true\n")
    assert house.run("ask", "--model", "echo", "an ordinary one").status == 0


def began(house: House, face: str) -> "subprocess.Popen[bytes]":
    """The face in a process of its own, its reply on the way; all that its loggers say goes to a file in the folder."""
    code, arguments = FACES[face]
    command = [sys.executable, "-c", LOGGED + code, str(house.data / "everything.log"), *arguments]
    child = subprocess.Popen(
        command,
        cwd=house.folder,
        env={**house.child_environ, "TMPDIR": str(house.folder), "SQLITE_TMPDIR": str(house.folder)},
        stdin=subprocess.PIPE if face == "talk" else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if child.stdin is not None:
        child.stdin.write(WORDS + b"\n")
        child.stdin.flush()
    assert child.stdout is not None
    assert child.stdout.read(len(ANSWER)) == ANSWER
    time.sleep(0.6)  # longer than any draft waits
    return child


def nothing_is_written(house: House) -> None:
    for path in sorted(house.folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            assert WORDS not in content, path
            assert ANSWER not in content, path
            assert KEY.encode() not in content, path


def the_bill(store: Store) -> list[tuple[str | None, int | None, str, str | None]]:
    return [(call.conversation, call.reply, call.purpose, call.outcome) for call in store.ledger.calls()][1:]


@pytest.mark.crash
@pytest.mark.parametrize(("face", "end"), [*((face, "killed") for face in FACES), ("script", "asked to end")])
def test_not_a_word_while_it_goes_on_nor_after(house: House, face: str, end: str) -> None:
    child = began(house, face)
    try:
        nothing_is_written(house)
        assert (house.data / "bytebot.db-wal").exists(), "it was looked at while it was open"
        assert (house.data / "everything.log").stat().st_size, "and the loggers did say something"
        with house.store() as store:
            assert the_bill(store) == [(None, None, "reply", None)]
            assert len(store.conversations.lines()) == 1
    finally:
        os.kill(child.pid, signal.SIGKILL if end == "killed" else signal.SIGTERM)
        child.communicate(timeout=20)
    nothing_is_written(house)
    assert house.run("cost").status == 0
    with house.store() as store:
        store.turns.recover(this_process(), len, nobody_knows)
        [(conversation, reply, purpose, outcome)] = the_bill(store)
        assert (conversation, reply, purpose) == (None, None, "reply")
        assert outcome is not None, "settled, as an estimate"
        assert len(store.conversations.lines()) == 1
    nothing_is_written(house)


def test_this_test_can_fail(house: House) -> None:
    assert house.run("ask", "--model", "words:5", WORDS.decode()).status == 0
    with pytest.raises(AssertionError, match=r"bytebot\.db"):
        nothing_is_written(house)
