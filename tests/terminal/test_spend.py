"""What the REPL says of money: under each reply, and by /cost."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.terminal.commands import read_command
from tests.fake_openai import FakeOpenAI
from tests.terminal.house import House, Ran

PRICES = "".join(f'[[price]]\nmodel = "{name}"\ninput = 10\noutput = 100\n' for name in ("words:*", "fault:clean*"))


@pytest.fixture
def abroad(tmp_path: Path) -> Iterator[House]:
    """A house whose server is not of this machine, so that what it answers has a price."""
    with FakeOpenAI(host="0.0.0.0") as server:
        house = House(tmp_path, server)
        house.settings("[chat]\ntitles_by_model = false\nmax_output = 100\n")
        (house.data / "prices.toml").write_text(PRICES)
        yield house


def talk(house: House, *lines: str, argv: tuple[str, ...] = ("--model", "words:15")) -> Ran:
    return house.run(*argv, piped="".join(f"{line}\n" for line in lines).encode())


def costs(ran: Ran) -> list[str]:
    """The last part of the line under each reply."""
    return re.findall(r" tokens? in \d+\.\d s · (.*)$", ran.err, re.MULTILINE)


def whole(house: House) -> int:
    found: int = json.loads(house.run("cost", "--json").out)["total"]["nanodollars"]
    return found


def test_the_line_under_a_reply_says_what_it_cost(abroad: House) -> None:
    (said,) = costs(talk(abroad, "hi"))
    assert said == f"${whole(abroad) / 1e9:.4f}"
    assert whole(abroad) > 1_000_000
    assert costs(talk(abroad, "hi", argv=("--model", "echo"))) == ["—"]


def test_of_two_parts_of_a_reply_each_has_its_own_cost(abroad: House) -> None:
    ran = talk(abroad, "hi", "/model words:10", "/continue", argv=("--model", "fault:clean-end:later"))
    first, second = costs(ran)
    assert first.startswith("≈ $")  # the server broke off before it counted
    assert second.startswith("$")
    assert abs(float(first[3:]) + float(second[1:]) - whole(abroad) / 1e9) < 0.0002


def test_what_was_refused_cost_nothing(abroad: House) -> None:
    assert "$" not in talk(abroad, "hi", argv=("--model", "fault:status-404")).err


def test_a_temporary_reply_has_its_cost_though_the_ledger_does_not_name_it(abroad: House) -> None:
    ran = talk(abroad, "hi", "/cost", argv=("--temporary", "--model", "words:15"))
    figure = f"${whole(abroad) / 1e9:.4f}"
    assert costs(ran) == [figure]
    lines = ran.out.splitlines()
    at = lines.index(f"This chat {figure}")
    assert lines[at + 1 : at + 4] == [f"Today {figure}", f"This month {figure}", f"The last reply {figure}"]


def test_cost_says_this_chat_today_this_month_and_the_last_reply(abroad: House) -> None:
    talk(abroad, "another chat")
    other = whole(abroad)
    ran = talk(abroad, "hi", "/cost")
    here, all = f"${(whole(abroad) - other) / 1e9:.4f}", f"${whole(abroad) / 1e9:.4f}"
    lines = ran.out.splitlines()
    at = lines.index(f"This chat {here}")
    assert lines[at + 1 : at + 4] == [f"Today {all}", f"This month {all}", f"The last reply {here}"]
    assert re.fullmatch(r"  Input +\d+ tokens at \$10 per million  \$0\.\d+", lines[at + 4])
    assert re.fullmatch(r"  Output +15 tokens at \$100 per million  \$0\.0015", lines[at + 5])
    assert "Worked out from your own prices. Prices: your prices.toml" in ran.err


def test_cost_tells_a_branch_from_its_chat_and_where_the_limits_stand(abroad: House) -> None:
    assert abroad.run("budget", "set", "month", "10").status == 0
    ran = talk(abroad, "hi", "/retry", "/cost")
    spent = whole(abroad)
    assert f"This chat ${spent / 1e9:.4f}\n" in ran.out
    assert f"This branch ${spent / 2e9:.4f}\n" in ran.out
    assert f"${spent / 1e9:.4f} of $10 this month\n" in ran.out


def test_cost_before_anything_was_spent(abroad: House) -> None:
    assert talk(abroad, "/cost").out == "Nothing was spent this month.\n"
    command = read_command("/cost")
    assert command is not None
    assert command[0].name == "cost"


def test_a_chat_on_this_machine_is_local(house: House) -> None:
    ran = talk(house, "hi", "/cost", argv=("--model", "echo"))
    assert ran.out == "hi\nThis chat: local\nThe last reply: local\n"
    assert "This model runs on this machine: nobody bills it." in ran.err
