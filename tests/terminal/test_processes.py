"""Real processes: on a terminal, in a pipe, interrupted, ended and killed. Whatever happens, what arrived is kept."""

import os
import signal
import subprocess
import time
import unicodedata

import pytest

from chatbot.core.window import GO_ON
from chatbot.store.values import StoredMessage
from tests.fake_openai import words_text
from tests.terminal.house import KEY, House
from tests.terminal.test_screen import OURS

pytestmark = pytest.mark.crash
LONG = "words:3000@80"
# What prompt_toolkit writes besides: modes, cursor positions, a title it never sets.
PROMPTS = r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>]|\x08"


@pytest.fixture(autouse=True)
def no_titles(house: House) -> None:
    house.settings("[chat]\ntitles_by_model = false\n")


def reply_of(house: House) -> StoredMessage:
    return house.latest()[1][-1]


def is_a_part(reply: StoredMessage) -> bool:
    return len(reply.text) > 10 and words_text(3000).startswith(reply.text)


def wait_for_words(child: "subprocess.Popen[bytes]", count: int = 40) -> bytes:
    assert child.stdout is not None
    return child.stdout.read(count)


# — one shots —


@pytest.mark.parametrize(
    ("number", "status", "state"),
    [(signal.SIGINT, 130, "stopped"), (signal.SIGTERM, 143, "cut"), (signal.SIGHUP, 129, "cut")],
)
def test_a_signal_keeps_the_part(house: House, number: signal.Signals, status: int, state: str) -> None:
    child = house.child("ask", "--model", LONG, "hi")
    wait_for_words(child)
    child.send_signal(number)
    _, err = child.communicate(timeout=20)
    assert child.returncode == status
    assert b"Traceback" not in err
    reply = reply_of(house)
    assert reply.state == state
    assert is_a_part(reply)


def test_ctrl_c_says_that_it_is_partial_and_it_goes_on(house: House) -> None:
    child = house.child("ask", "--model", LONG, "hi")
    wait_for_words(child)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=20)
    assert b"the reply is partial. You stopped this. Go on with: chatbot ask --conversation" in err
    assert house.run("ask", "--continue", "--model", "words:5").status == 0
    assert house.server.chats()[-1].messages[-1]["content"] == GO_ON


def test_asked_to_end_it_says_what_is_kept_and_how_to_go_on(house: House) -> None:
    child = house.child("ask", "--model", LONG, "hi")
    wait_for_words(child)
    child.send_signal(signal.SIGTERM)
    _, err = child.communicate(timeout=20)
    conversation, _ = house.latest()
    assert err.decode() == (
        "chatbot: the reply is partial; the part is kept. ByteBot was closed while this was written. "
        f"Go on with: chatbot ask --conversation {conversation.id}\n"
    )


def test_a_second_ctrl_c_leaves_at_once(house: House) -> None:
    child = house.child("ask", "--model", "silent", "hi")
    until = time.monotonic() + 30
    while not house.server.chats() and time.monotonic() < until:
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    child.send_signal(signal.SIGINT)
    _, err = child.communicate(timeout=20)
    assert child.returncode == 130
    assert b"Traceback" not in err
    assert reply_of(house).state in ("stopped", "cut")


def test_a_closed_pipe_stops_the_reply_and_keeps_the_part(house: House) -> None:
    child = house.child("ask", "--model", LONG, "hi")
    wait_for_words(child)
    assert child.stdout is not None
    child.stdout.close()
    assert child.wait(20) == 141
    assert child.stderr is not None
    err = child.stderr.read()
    child.stderr.close()
    assert b"Traceback" not in err
    assert b"the reader left; the reply was stopped" in err
    reply = reply_of(house)
    assert reply.state == "stopped"
    assert is_a_part(reply)


def test_head_1_gets_its_line(house: House) -> None:
    command = f"{os.fsdecode(subprocess.list2cmdline(house.command))} ask --model {LONG} hi | head -1"
    ran = subprocess.run(
        ["bash", "-c", command], cwd=house.folder, env=house.child_environ, capture_output=True, timeout=30
    )
    assert ran.stdout == b"## A short answer\n"
    assert b"Traceback" not in ran.stderr
    assert reply_of(house).state == "stopped"


def test_a_full_disk_behind_the_output_is_one_sentence(house: House) -> None:
    with open("/dev/full", "wb") as full:
        ran = subprocess.run(
            [*house.command, "ask", "--model", "words:300", "hi"],
            cwd=house.folder, env=house.child_environ, stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, timeout=30,
        )  # fmt: skip
    assert ran.returncode == 1
    assert b"could not be written: No space left on device" in ran.stderr
    assert b"Traceback" not in ran.stderr


def test_a_pipe_is_printed_as_it_streams(house: House) -> None:
    child = house.child("ask", "--model", LONG, "hi")
    began = time.monotonic()
    assert words_text(3000).encode().startswith(wait_for_words(child))
    assert time.monotonic() - began < 20, "3,000 words at 80 a second take 37 s: it was held back"
    child.kill()
    child.communicate()


def test_killed_in_mid_reply_it_goes_on(house: House) -> None:
    child = house.child("ask", "--model", LONG, "hi")
    wait_for_words(child)
    time.sleep(1.2)
    child.kill()
    printed = wait_for_words(child, 100_000)
    child.communicate()
    ran = house.run("ask", "--continue", "--model", "words:5")
    assert ran.status == 0
    _, (_, part, rest) = house.latest()
    assert (part.state, rest.state, rest.continues) == ("cut", "complete", True)
    assert is_a_part(part)
    old = len(printed.decode()) - 80 * 8  # what came in the last second may be lost, and a token has some letters
    assert len(part.text) + 40 >= old
    assert house.server.chats()[-1].messages[-2:] == [
        {"role": "assistant", "content": part.text},
        {"role": "user", "content": GO_ON},
    ]


def test_closed_standard_streams(house: House) -> None:
    command = " ".join([*house.command, "ask", "--model", "echo", "hi"])
    for closed in ("<&-", ">&-", "2>&-"):
        ran = subprocess.run(
            ["bash", "-c", f"{command} {closed}"], cwd=house.folder, env=house.child_environ, stdin=subprocess.DEVNULL,
            capture_output=True, timeout=30,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        assert b"Traceback" not in ran.stderr
        assert reply_of(house).state == "complete"


def test_on_a_terminal_a_reply_commands_nothing(house: House) -> None:
    attack = "\x1b]0;pwned\x07\x9b2Jdone"
    in_a_pipe = house.run("ask", "--model", "echo", piped=attack.encode())
    assert in_a_pipe.out == attack + "\n"
    with house.terminal("ask", "--conversation", house.latest()[0].id, "--model", "echo", f"again {attack}") as child:
        assert child.ends() == 0
        assert "␛]0;pwned␇" in child.text
        assert not [
            letter for letter in child.raw.decode() if unicodedata.category(letter) == "Cc" and letter not in "\r\n"
        ]


# — the REPL on a terminal —


def test_it_streams_markdown_and_says_what_it_took(house: House) -> None:
    with house.terminal("--model", "words:60@200") as child:
        child.say("hello")
        child.see("A short answer")
        child.see("words:60@200 · 60 tokens in ")
        assert "## A short answer" not in child.text
        child.say("quit")
        assert child.ends() == 0
        assert KEY not in child.text
    assert reply_of(house).text == words_text(60)


def test_a_terminal_that_obeys_nothing_gets_no_escape_sequence(house: House) -> None:
    house.environ["TERM"] = "dumb"
    with house.terminal("--model", "words:60@200") as child:
        child.say("hello")
        child.see("one item of a list")
        child.say("/history")
        child.see("one item of a list")
        child.say("/nonsense")
        child.see("There is no command")
        child.say("quit")
        assert child.ends() == 0
        assert b"\x1b" not in child.raw
    for variable, value in (("TERM", "dumb"), ("NO_COLOR", "1")):
        house.environ.pop("TERM", None)
        house.environ[variable] = value
        with house.terminal("search", "hello") as child:
            assert child.ends() == 0
            assert "hello" in child.text
            assert b"\x1b" not in child.raw


def test_ctrl_c_keeps_the_part_and_the_talk_goes_on(house: House) -> None:
    with house.terminal("--model", LONG) as child:
        child.say("hello")
        child.see("quick brown fox")
        child.ctrl_c()
        child.see("You stopped this. /continue goes on")
        assert reply_of(house).state == "stopped"
        child.say("/model words:5")
        child.see("Now words:5")
        child.say("/continue")
        child.see("words:5 · ")
        child.see("›")
        child.type("\x04")
        assert child.ends() == 0
    assert [row.continues for row in house.latest()[1]] == [False, False, True]


def test_a_second_ctrl_c_leaves_the_repl(house: House) -> None:
    with house.terminal("--model", "silent") as child:
        child.say("hello")
        child.see("Thinking… 2 s")
        child.ctrl_c()
        time.sleep(0.05)  # two at the very same moment are one
        child.ctrl_c()
        assert child.ends() == 130
        assert "Traceback" not in child.text
    assert reply_of(house).state in ("stopped", "cut")


def test_ctrl_c_at_the_prompt(house: House) -> None:
    with house.terminal("--model", "echo") as child:
        child.see("›")
        child.type("half a thought")
        child.see("half a thought")
        child.ctrl_c()
        child.type("whole\r")
        child.see("echo · 1 token")
        child.see("›")
        child.ctrl_c()
        child.see("Ctrl-C again leaves.")
        child.see("›")
        child.ctrl_c()
        assert child.ends() == 130
        assert "Traceback" not in child.text
    assert [row.text for row in house.latest()[1]] == ["whole", "whole"]


def test_eof_leaves(house: House) -> None:
    with house.terminal("--model", "echo") as child:
        child.see("›")
        child.type("\x04")
        assert child.ends() == 0


def test_a_paste_of_several_lines_is_one_message(house: House) -> None:
    with house.terminal("--model", "echo") as child:
        child.see("›")
        child.type("\x1b[200~first line\nsecond line\n\x1b[201~")
        child.see("second line")
        child.type("typed")
        child.type("\x1b\r")
        child.type("below\r")
        child.see("tokens in")
        child.say("/quit")
        child.ends()
    assert house.latest()[1][0].text == "first line\nsecond line\ntyped\nbelow"


@pytest.mark.parametrize("keys", ["\x1b\x1b[31mred\x1b[0m", "\x1b[0mred\x1b[1;31m"])
def test_colours_that_are_typed_are_passed_over(house: House, keys: str) -> None:
    with house.terminal("--model", "echo") as child:
        child.say(keys)
        child.see("echo ·")
        assert "Traceback" not in child.text
        assert "Press ENTER" not in child.text
    assert house.latest()[1][0].text == "red"


def test_what_was_said_before_is_under_the_arrow_keys_and_in_no_file(house: House) -> None:
    house.run("ask", "--model", "echo", "an earlier wolframite question")
    with house.terminal("--model", "echo") as child:
        child.see("›")
        time.sleep(0.5)
        child.type("\x1b[A")
        child.see("an earlier wolframite question")
        child.type("\r")
        child.see("tokens in")
        child.say("quit")
        assert child.ends() == 0
    holding = [path.name for path in house.folder.rglob("*") if path.is_file() and b"wolframite" in path.read_bytes()]
    assert all(name.startswith("bytebot.db") for name in holding)


def test_a_command_that_there_is_none_of_leaves_the_prompt_clear(house: House) -> None:
    """What is typed next must not join on to it: "/modle/model" would be a message."""
    with house.terminal("--model", "echo") as child:
        child.say("/modle")
        child.see("There is no command '/modle'")
        child.see("›")
        child.say("/model")
        child.see("echo on openai.")
        child.say("Quit")
        assert child.ends() == 0


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_asked_to_end_at_the_prompt_or_in_a_reply(house: House, number: signal.Signals, status: int) -> None:
    with house.terminal("--model", LONG) as child:
        child.say("hello")
        child.see("quick brown fox")
        child.signal(number)
        assert child.ends() == status, child.text
        said = f"The part is kept. Go on with: chatbot --conversation {house.latest()[0].id}"
        assert said in " ".join(child.text.split())
        assert "Traceback" not in child.text
    reply = reply_of(house)
    assert reply.state == "cut"
    assert is_a_part(reply)
    with house.terminal("--model", LONG) as child:
        child.see("›")
        child.signal(number)
        assert child.ends() == status, child.text
        assert "Traceback" not in child.text


def test_a_repl_commands_nothing_in_titles_history_and_replies(house: House) -> None:
    attack = "\x1b]0;pwned\x07 <http://x/%1b]0;pwned%07>"
    house.run("ask", "--model", "echo", piped=attack.encode())
    with house.terminal("--continue") as child:
        child.see("/help lists the commands")
        child.see("›")  # the stored message; the prompt comes next
        child.say("/history")
        child.see("␛]0;pwned␇")
        child.say("/retry")
        child.see("token")
        child.say("quit")
        child.ends()
        import re

        left = re.sub(PROMPTS, "", OURS.sub("", child.raw.decode()))
        assert not [letter for letter in left if unicodedata.category(letter) == "Cc" and letter not in "\n\t"]
        assert "\x1b]" not in child.raw.decode()


def test_a_reply_made_in_another_process_is_shown_and_can_be_stopped(house: House) -> None:
    other = house.child("ask", "--model", LONG, "hi")
    wait_for_words(other)
    time.sleep(1)
    with house.terminal("--continue") as child:
        child.see("quick brown fox")
        child.ctrl_c()
        child.see("You stopped this.")
        child.say("quit")
        assert child.ends() == 0
    assert other.wait(20) == 1
    other.communicate()
    assert reply_of(house).state == "stopped"
