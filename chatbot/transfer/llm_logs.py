"""The logs.db of the command `llm` read: a SQLite file of a stranger's, of which nothing is run and nothing written."""

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from chatbot.core.errors import BadInput
from chatbot.core.whole import Whole
from chatbot.transfer.checked import Checked
from chatbot.transfer.growing import EPOCH, Growing, joined, moment, title_of
from chatbot.transfer.values import Copied

APP = "llm"
MAGIC = b"SQLite format 3\x00"
_LONGEST = 128_000_000  # bytes of one value
_STEPS = 200_000_000  # of SQLite's machine; an index is read in far fewer, a trap in more
_READS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION}
_WANTED = (
    *("id", "model", "prompt", "system", "response", "reasoning", "conversation_id", "duration_ms", "datetime_utc"),
    *("input_tokens", "output_tokens"),
)


def read_llm_logs(file: BinaryIO, name: str) -> Iterator[Copied]:
    """Its conversations, one at a time, the oldest first; BadInput when it is another database, or a damaged one."""
    with tempfile.TemporaryDirectory(prefix="bytebot-") as folder:
        path = Path(folder) / "logs.db"
        file.seek(0)
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy)
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as logs:
            try:
                yield from _Logs(logs, name).read()
            except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
                raise BadInput(f"{name} cannot be read to its end: {_short(error)}. Copy it again.") from None


class _Logs:
    def __init__(self, logs: sqlite3.Connection, name: str) -> None:
        self._logs, self._name = logs, name
        logs.row_factory = sqlite3.Row
        logs.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST)
        logs.execute("PRAGMA trusted_schema = OFF")
        tables = {row[0] for row in logs.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        self._columns = {
            table: {row[1] for row in logs.execute(f"PRAGMA table_info({table})")} for table in _TABLES & tables
        }
        # From here on it can be read and nothing else, whatever stands in it.
        logs.set_authorizer(lambda act, *_: sqlite3.SQLITE_OK if act in _READS else sqlite3.SQLITE_DENY)
        left = [_STEPS]

        def count() -> int:
            left[0] -= 10_000
            return left[0] < 0

        logs.set_progress_handler(count, 10_000)

    def read(self) -> Iterator[Copied]:
        known = self._columns.get("responses", set())
        if not {"id", "model", "prompt", "response"} <= known:
            raise BadInput(
                f"{self._name} is a database, but no logs.db of llm. docs/formats.md says what can be imported."
            )
        wanted = ", ".join(name for name in _WANTED if name in known)
        order = "datetime_utc, id" if "datetime_utc" in known else "rowid"
        conversation = "conversation_id" if "conversation_id" in known else "NULL"
        query = f"SELECT {conversation} AS chat, min(rowid) AS first FROM responses GROUP BY coalesce({conversation}, id) ORDER BY first"
        for chat, first in self._logs.execute(query).fetchall():
            which, of = ("conversation_id = ?", chat) if chat is not None else ("rowid = ?", first)
            rows = self._logs.execute(f"SELECT {wanted} FROM responses WHERE {which} ORDER BY {order}", (of,))
            yield self._conversation(chat, [Checked(dict(row), f"{self._name}, response") for row in rows])

    def _conversation(self, chat: Any, rows: list[Checked]) -> Copied:
        if not rows:
            raise BadInput(f"{self._name} is damaged: its table and its index do not agree. Copy it again.")
        growing = Growing(APP)
        times = [when for row in rows if (when := moment(row.raw("datetime_utc")))]
        created = min(times, default=EPOCH)
        system, before = "", None
        for number, row in enumerate(rows, start=1):
            when = moment(row.raw("datetime_utc")) or created
            id = str(row.raw("id"))
            system = system or joined(*self._fragments("system_fragments", id), row.text_or_none("system") or "")
            prompt = joined(*self._fragments("prompt_fragments", id), row.text_or_none("prompt") or "")
            if attached := self._count("prompt_attachments", id):
                growing.lost["attachment"] += attached
                prompt = joined(prompt, *["[attachment]"] * attached)
            growing.lost.update({"tool call": calls} if (calls := self._count("tool_calls", id)) else {})
            asked, answered = f"{number} asked", f"{number} answered"
            if prompt:
                growing.add(asked, before, "user", prompt, created=when)
            else:
                growing.skip(asked, before)
            text = row.text_or_none("response") or ""
            milliseconds = row.number("duration_ms")
            counts = {name: row.whole(name) for name in ("input_tokens", "output_tokens")}
            used = any(count is not None for count in counts.values())
            if text:
                growing.add(
                    answered,
                    asked,
                    "assistant",
                    text,
                    created=when,
                    thoughts=row.text_or_none("reasoning") or "",
                    model=row.text_or_none("model"),
                    duration=None if milliseconds is None else milliseconds / 1000,
                    usage={**counts, "estimated": False} if used else None,
                )
            else:
                growing.skip(answered, asked)
            before = answered
        id = f"llm:{chat}" if chat is not None else f"llm:response-{rows[0].raw('id')}"
        whole = Whole(
            source=id,
            title=self._title(chat) or title_of(growing.messages[0].text if growing.messages else ""),
            title_by="words",
            tag="llm",
            created=created,
            updated=max(times, default=created),
            options={"system": system} if system else {},
            head=growing.head,
            messages=tuple(growing.messages),
        )
        return Copied(whole=whole, lost=growing.told(), app=APP)

    def _title(self, chat: Any) -> str:
        if chat is None or not {"id", "name"} <= self._columns.get("conversations", set()):
            return ""
        row = self._logs.execute("SELECT name FROM conversations WHERE id = ?", (chat,)).fetchone()
        return title_of(row[0]) if row and isinstance(row[0], str) else ""

    def _fragments(self, table: str, response: str) -> list[str]:
        """Files that were put before the words, and are kept apart from them."""
        known, kept = self._columns.get(table, set()), self._columns.get("fragments", set())
        if not {"response_id", "fragment_id"} <= known or not {"id", "content"} <= kept:
            return []
        order = f'{table}."order"' if "order" in known else f"{table}.rowid"
        query = f"SELECT content FROM {table} JOIN fragments ON fragments.id = fragment_id WHERE response_id = ? ORDER BY {order}"
        rows = self._logs.execute(query, (response,)).fetchall()
        return [Checked({"content": row[0]}, f"{self._name}, fragment").text("content") for row in rows]

    def _count(self, table: str, response: str) -> int:
        if "response_id" not in self._columns.get(table, set()):
            return 0
        return int(self._logs.execute(f"SELECT count(*) FROM {table} WHERE response_id = ?", (response,)).fetchone()[0])


_TABLES = frozenset(
    (
        "responses",
        "conversations",
        "fragments",
        "prompt_fragments",
        "system_fragments",
        "prompt_attachments",
        "tool_calls",
    )
)


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    return "".join(char if char.isprintable() else "?" for char in text) or type(error).__name__
