"""Tables that Excel opens rightly, such as a conversation: UTF-8 with a mark, CRLF, and no cell that it would run."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC

from chatbot.core.bill import in_full
from chatbot.transfer.values import Entry, Heading

COLUMNS = (
    "conversation",
    "title",
    "position",
    "role",
    "text",
    "reasoning",
    "state",
    "model",
    "connection",
    "input_tokens",
    "output_tokens",
    "estimated",
    "cost_usd",
    "cost_source",
    "finish_reason",
    "created",
    "first_token_s",
    "duration_s",
    "place",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def to_csv(heading: Heading, entries: Iterable[Entry], *, raw: bool = False) -> Iterator[bytes]:
    """The file in pieces. A cell that a spreadsheet would take for a formula gets a leading ' unless `raw`.

    Times are UTC in ISO 8601, unknown values are empty.
    """
    yield from many_to_csv([(heading, entries)], raw=raw)


def many_to_csv(chats: Iterable[tuple[Heading, Iterable[Entry]]], *, raw: bool = False) -> Iterator[bytes]:
    """Several conversations in one table, each row with its conversation."""
    rows = (
        [heading.id, heading.title, *_cells(position, entry)]
        for heading, entries in chats
        for position, entry in enumerate(entries, start=1)
    )
    yield from table(COLUMNS, rows, raw=raw)


def table(columns: Sequence[str], rows: Iterable[Iterable[object]], *, raw: bool = False) -> Iterator[bytes]:
    """Any table in the same way, row by row."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(columns)
    yield b"\xef\xbb\xbf" + _taken(buffer)
    for cells in rows:
        writer.writerow(cells if raw else [harmless(cell) for cell in cells])
        yield _taken(buffer)


def harmless(cell: object) -> object:
    """The cell, with an apostrophe before text that a spreadsheet would run.

    >>> harmless("=1+1"), harmless("1 = 1"), harmless(-3)
    ("'=1+1", '1 = 1', -3)
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _cells(position: int, entry: Entry) -> list[object]:
    return [
        position,
        entry.role,
        entry.text,
        entry.reasoning,
        entry.state,
        entry.model,
        entry.connection,
        entry.input_tokens,
        entry.output_tokens,
        entry.estimated if entry.output_tokens is not None else None,
        None if entry.nanodollars is None else in_full(entry.nanodollars),
        entry.cost_source or None,
        entry.finish_reason,
        entry.created.astimezone(UTC).isoformat(timespec="milliseconds"),
        _seconds(entry.first_token),
        _seconds(entry.duration),
        entry.mark or "open branch",
    ]


def _seconds(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()
