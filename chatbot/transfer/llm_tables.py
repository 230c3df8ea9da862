"""A database of a stranger's as tables to read: only plain tables and columns, only reading, and only for so long."""

import sqlite3
from collections.abc import Iterator
from typing import Any

from chatbot.core.errors import BadInput

_LONGEST = 128_000_000  # bytes of one value
_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION}
# Of SQLite's machine, at the beginning and for each byte of the file. A row takes some ten bytes and a few dozen steps;
# pages that are chained so that a small file never ends take any number.
_STEPS, _STEPS_A_BYTE = 20_000_000, 4
_LEAST_ROW = 4  # bytes
_NAMES = frozenset(
    (
        *("responses", "conversations", "fragments", "prompt_fragments", "system_fragments", "prompt_attachments"),
        *("tool_calls", "tool_results", "threads", "turns", "messages", "parts"),
    )
)


class Tables:
    """Those of llm's tables that there are. `name`: of the file, as it is said in errors; `size`: of it, in bytes."""

    def __init__(self, logs: sqlite3.Connection, name: str, *, size: int) -> None:
        self.name = name
        self._logs, self._size = logs, size
        logs.row_factory = sqlite3.Row
        logs.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        logs.execute("PRAGMA trusted_schema = OFF")
        # A virtual table is a program that is run, a view a query of somebody's: neither is a table here. Of columns that
        # are computed when they are read `table_info` says nothing.
        plain = "SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0"
        names = _NAMES & {row[0] for row in logs.execute(plain)}
        self._columns = {name: {row[1] for row in logs.execute(f"PRAGMA table_info({name})")} for name in names}
        # From here on it can be read and nothing else, whatever stands in it.
        logs.set_authorizer(lambda act, *_: sqlite3.SQLITE_OK if act in _READS else sqlite3.SQLITE_DENY)
        left = [_STEPS + _STEPS_A_BYTE * size]

        def count() -> int:
            left[0] -= 10_000
            return left[0] < 0

        logs.set_progress_handler(count, 10_000)

    def has(self, table: str, *columns: str) -> bool:
        return set(columns) <= self._columns.get(table, set())

    def wanted(self, table: str, *columns: str) -> str:
        """Those of the columns that the table has, for a query."""
        return ", ".join(name for name in columns if self.has(table, name))

    def rows(self, query: str, *values: Any) -> Iterator[sqlite3.Row]:
        """BadInput where there are more of them than the file has room for."""
        for number, row in enumerate(self._logs.execute(query, values)):
            if number * _LEAST_ROW > self._size:
                raise BadInput(f"{self.name} is damaged: its tables have no end. Copy it again.")
            yield row

    def row(self, query: str, *values: Any) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._logs.execute(query, values).fetchone()
        return found
