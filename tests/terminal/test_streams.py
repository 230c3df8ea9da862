"""Standard output that takes nothing, and standard error that nobody reads: a sentence and a status, never a traceback."""

import subprocess
from pathlib import Path

import pytest

from tests.terminal.house import House

FULL = "/dev/full"
needs_full = pytest.mark.skipif(not Path(FULL).exists(), reason="only Linux has /dev/full")


@needs_full
@pytest.mark.parametrize(
    "argv",
    ["list", "show ID", "show ID --json", "search hi", "cost", "stats", "doctor", "export - --format jsonl", "--help"],
)
@pytest.mark.parametrize("buffering", [-1, 1], ids=["at the end", "at once"])
def test_a_full_disk_behind_the_output_is_one_sentence(house: House, argv: str, buffering: int) -> None:
    house.run("ask", "--model", "echo", "hi")
    words = argv.replace("ID", house.latest()[0].id).split()
    with open(FULL, "w", buffering=buffering) as full:
        ran = house.run(*words, into=full)
    assert ran.status == 1
    assert ran.err.endswith("chatbot: The output could not be written: No space left on device.\n")


@needs_full
@pytest.mark.parametrize("argv", [["/help"], ["hi"]], ids=str)
def test_so_it_is_in_a_conversation(house: House, argv: list[str]) -> None:
    with open(FULL, "w") as full:
        ran = house.run("--model", "echo", piped="\n".join(argv).encode(), into=full)
    assert ran.status == 1
    assert ran.err.endswith("chatbot: The output could not be written: No space left on device.\n")


def shell(house: House, command: str, **more: str) -> "subprocess.CompletedProcess[bytes]":
    words = command.replace("chatbot", " ".join(house.command))
    environ = house.child_environ | more
    return subprocess.run(["bash", "-c", words], cwd=house.folder, env=environ, capture_output=True, timeout=60)


@needs_full
@pytest.mark.crash
def test_nothing_is_left_for_the_end_of_the_process(house: House) -> None:
    ran = shell(house, "chatbot cost >/dev/full; echo $?; PYTHONUNBUFFERED=1 chatbot cost >/dev/full; echo $?")
    assert ran.stdout == b"1\n1\n"
    assert ran.stderr == 2 * b"chatbot: The output could not be written: No space left on device.\n"


@pytest.mark.crash
def test_a_reader_that_left_is_no_news(house: House) -> None:
    assert shell(house, "chatbot --help | true; echo ${PIPESTATUS[0]}").stdout == b"141\n"
    assert shell(house, "chatbot --help | true").stderr == b""


@pytest.mark.crash
def test_with_standard_error_closed_or_full_only_the_status_tells(house: House) -> None:
    for nowhere in ("2>&-", "2>/dev/full"):
        ran = shell(house, f"chatbot show nowhere {nowhere}; echo $?; chatbot ask --bogus {nowhere}; echo $?")
        assert ran.stdout == b"2\n2\n", nowhere
