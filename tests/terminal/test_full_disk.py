"""The commands that read, where nothing can be written."""

import os

import pytest

from chatbot.core.endings import CLOSED
from tests.store.scene import begin, elsewhere, full_disk, let_leases_run_out
from tests.terminal.house import House

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX limits")


@pytest.fixture
def id(house: House) -> str:
    house.run("ask", "--model", "echo", "hello wombat")
    return house.latest()[0].id


@pytest.mark.parametrize("argv", ["list", "show ID", "search wombat"])
def test_on_a_full_disk_what_was_said_can_be_read(house: House, id: str, argv: str) -> None:
    words = argv.replace("ID", id).split()
    before = house.run(*words)
    with full_disk():
        assert house.run(*words) == before
    assert (before.status, "wombat" in before.out) == (0, True)


@pytest.mark.parametrize("argv", ["cost", "budget", "stats", "backup --list"])
def test_and_what_it_cost(house: House, id: str, argv: str) -> None:
    before = house.run(*argv.split())
    with full_disk():
        assert house.run(*argv.split()) == before
        ran = house.run("budget", "set", "month", "10")
    assert (ran.status, "Free some space" in ran.err) == (1, True)


def test_a_reply_that_could_not_be_ended_is_not_called_alive(house: House, id: str) -> None:
    with house.store() as store:
        begun = begin(store, conversation=id, process=elsewhere())
        store.turns.draft(elsewhere(), [(begun.reply, "half a reply", "")])
        let_leases_run_out(store)
        with full_disk():
            ran = house.run("show", id)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.endswith(f"half a reply\n\n({CLOSED})\n")


def test_a_talk_in_a_pipe_that_was_refused_has_its_status(house: House) -> None:
    assert house.run("--model", "echo", piped=b"one\n").status == 0
    with full_disk():
        ran = house.run("--model", "echo", piped=b"two\n")
    assert "Nothing was sent." in ran.out + ran.err
    assert ran.status == 1
    assert house.run("--model", "echo", piped=b"/nonsense\n").status == 1
    assert house.run("--model", "echo", piped=b"/nonsense\nthree\n").status == 0
