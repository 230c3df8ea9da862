"""Telling whether a process still lives: pids are used again, hosts restart, children become zombies."""

import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from chatbot.store.lease import Owner, alive, read_owner, this_process
from tests.store.scene import dead_process, elsewhere, python

IDENTITY = "from chatbot.store.lease import this_process\nprint(this_process().text, flush=True)\n"


def child_that_waits() -> tuple["subprocess.Popen[str]", Owner]:
    child = python(IDENTITY + "import sys\nsys.stdin.readline()")
    assert child.stdout is not None
    return child, read_owner(child.stdout.readline().strip())


def test_this_process_is_itself_and_lives() -> None:
    me = this_process()
    assert me.pid == os.getpid()
    assert this_process() is me
    assert alive(me) is True
    assert read_owner(me.text) == me


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="waitid")
def test_a_process_lives_until_it_is_killed_even_uncollected() -> None:
    child, owner = child_that_waits()
    try:
        assert owner.pid == child.pid
        assert alive(owner) is True
        child.send_signal(signal.SIGKILL)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it is dead now, and a zombie: nobody has collected it
        assert alive(owner) is False
    finally:
        child.kill()
        child.communicate(timeout=30)
    assert alive(owner) is False


def test_a_pid_used_again_is_another_process() -> None:
    assert alive(replace(this_process(), started=this_process().started - 500)) is False


def test_after_a_restart_of_the_host_nobody_lives() -> None:
    assert alive(replace(this_process(), boot="the boot before")) is False


def test_another_host_cannot_be_asked() -> None:
    assert alive(elsewhere()) is None
    assert alive(replace(elsewhere(), boot=this_process().boot, pid=os.getpid())) is None


def test_a_process_that_has_ended_is_gone() -> None:
    assert alive(dead_process()) is False


def test_a_process_of_another_user_lives() -> None:
    child, owner = child_that_waits()
    child.communicate(timeout=30)
    assert alive(replace(owner, pid=1, started=0.0)) is not False  # pid 1 is there, whoever owns it


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork")
def test_after_a_fork_the_child_is_someone_else() -> None:
    script = IDENTITY + (
        "import os, sys\n"
        "sys.stdout.flush()\n"
        "pid = os.fork()\n"
        "if pid == 0:\n    print(this_process().text, flush=True)\n    os._exit(0)\n"
        "os.waitpid(pid, 0)\nprint(this_process().text, flush=True)\n"
    )
    out = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True).stdout
    parent, child, parent_again = (read_owner(line) for line in out.splitlines())
    assert parent == parent_again
    assert parent.pid != child.pid
    assert alive(parent) is False


def test_a_host_with_odd_letters_can_be_read_back() -> None:
    for owner in (Owner("a b c", "boot id", 7, 1e9 + 0.1), Owner("höst", "-", 1, 0.0)):
        assert read_owner(owner.text).pid == owner.pid
    assert read_owner(Owner("höst/pid:[1]", "-", 1, 1e9 + 0.1).text).started == 1e9 + 0.1
