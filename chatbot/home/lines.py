"""On which line something stands in a file of tables that all have the same name, such as prices.toml."""

import re
from collections.abc import Callable

_QUOTED = re.compile(
    r'"""(?:\\.|[^\\])*?"""|' + r"'''.*?'''" + r'|"(?:\\.|[^"\\\n])*"' + r"|'[^'\n]*'|#[^\n]*", re.DOTALL
)

_HEADER = re.compile(r"\s*\[+[^\[\]]+\]+\s*$")


class Lines:
    """Where the tables `[[name]]` of a TOML text and their fields are; words in quotes and comments are no lines of ours."""

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._lines = _QUOTED.sub(lambda found: "\n" * found[0].count("\n") or "''", text).split("\n")
        head = re.compile(rf"\s*\[\[\s*{re.escape(name)}\s*\]\]")
        self._heads = [number for number, line in enumerate(self._lines) if head.match(line)]

    def count(self, tables: int) -> None:
        """How many tables there are; where the lines tell another number, they are not believed."""
        if tables != len(self._heads):
            self._heads = []

    def at(self, number: int) -> str:
        return f"line {self._heads[number] + 1}" if self._heads else f"{self._name} {number + 1}"

    def of(self, number: int) -> Callable[[str], str]:
        """The place of a field of a table, that of the table where it is not there."""

        def place(name: str) -> str:
            if not self._heads:
                return self.at(number)
            begin = self._heads[number]
            rest = range(begin + 1, len(self._lines))
            end = next((line for line in rest if _HEADER.match(self._lines[line])), len(self._lines))
            return next((f"line {line + 1}" for line in range(begin, end) if self._sets(line, name)), self.at(number))

        return place

    def top(self, name: str) -> str:
        """The place of something outside all of them."""
        table = re.compile(rf"\s*\[+\s*{re.escape(name)}\s*[.\]]")
        found = (n for n, line in enumerate(self._lines) if self._sets(n, name) or table.match(line))
        return f"line {next(found, 0) + 1}"

    def _sets(self, line: int, name: str) -> bool:
        return re.match(rf"\s*{re.escape(name)}\s*[.=]", self._lines[line]) is not None
