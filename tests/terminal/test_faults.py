"""Each row of the table of faults, once through a one shot and once through the REPL."""

import pytest

from chatbot.terminal.way_out import IN_REPL
from tests.fake_openai import FAULTS, Fault
from tests.fake_right import Point
from tests.terminal.house import KEY, House, Ran

IMPATIENT = "connect = 1\nfirst = 3\nbytes = 1.5\ndeltas = 2\ntotal = 20"


def one_of_each_row() -> list[str]:
    """For each row the fault that strikes in the most places: it shows the most."""
    rows: dict[str, str] = {}
    for name, fault in FAULTS.items():
        if fault.row not in rows or len(fault.points) > len(FAULTS[rows[fault.row]].points):
            rows[fault.row] = name
    return list(rows.values())


def prepare(house: House, name: str) -> tuple[Fault, Point, list[str]]:
    """The fault, where it strikes, and the arguments that make it."""
    fault = FAULTS[name]
    point: Point = "later" if "later" in fault.right else fault.points[-1]
    if fault.address:
        house.environ["OPENAI_BASE_URL"] = house.server.url(fault.address)
    house.settings(f"[chat]\ntitles_by_model = false\n[connections.openai.timeouts]\n{IMPATIENT}\n")
    return fault, point, ["--model", f"fault:{name}:{point}", "--temperature", "0.5"]


def check(house: House, fault: Fault, point: Point, ran: Ran) -> None:
    right = fault.right[point]
    _, (said, reply) = house.latest()
    assert said.text == "Twelve words, please."
    assert (reply.state, reply.error_kind) == (right.state, right.kind)
    assert reply.text.startswith(right.text)
    assert fault.more or reply.text == right.text
    assert reply.text in ran.out
    assert ran.status == (0 if right.state == "complete" else 1)
    assert "Traceback" not in ran.out + ran.err
    assert KEY not in ran.out + ran.err
    if right.kind:
        assert reply.error
        assert reply.error in ran.err


@pytest.mark.parametrize("name", one_of_each_row())
def test_one_shot(house: House, name: str) -> None:
    fault, point, argv = prepare(house, name)
    ran = house.run("ask", *argv, piped=b"Twelve words, please.")
    check(house, fault, point, ran)
    if fault.right[point].state != "complete":
        assert "chatbot ask --conversation" in ran.err


@pytest.mark.parametrize("name", one_of_each_row())
def test_repl(house: House, name: str) -> None:
    fault, point, argv = prepare(house, name)
    ran = house.run(*argv, piped=b"Twelve words, please.\n")
    check(house, fault, point, ran)
    if fault.right[point].state != "complete":
        assert any(hint in ran.err for hint in IN_REPL.values())


@pytest.mark.parametrize("name", ["reset", "stall", "bad-json", "status-401", "refused"])
def test_one_shot_as_a_process(house: House, name: str) -> None:
    fault, point, argv = prepare(house, name)
    child = house.child("ask", *argv, "Twelve words, please.")
    out, err = child.communicate(timeout=60)
    check(house, fault, point, Ran(child.returncode, out.decode(), err.decode()))
