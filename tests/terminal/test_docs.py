"""docs/terminal.md says what the program says."""

import re

from chatbot.terminal.commands import COMMANDS
from tests.terminal.house import ROOT, House

PAGE = (ROOT / "docs" / "terminal.md").read_text()


def test_every_command_is_on_the_page_in_the_same_words() -> None:
    for command in COMMANDS:
        left = f"/{command.name} {command.argument}".strip().replace("|", "\\|")
        assert f"| `{left}` | {command.about} |" in PAGE


def test_every_option_is_on_the_page(house: House) -> None:
    options = set(re.findall(r"--[a-z-]+", house.run("ask", "--help").out)) - {"--help"}
    told = set(re.findall(r"^\| `(--[a-z-]+)", PAGE, re.MULTILINE))
    assert told == options


def test_every_exit_status_is_on_the_page(house: House) -> None:
    said = house.run("ask", "--help").out.partition("exit status of ask:")[2]
    for status in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE):
        assert re.search(rf"\b{status}\b", said)
