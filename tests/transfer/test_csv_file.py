"""The CSV export: what a spreadsheet opens as a table, with nothing in it that it would run."""

import csv
import io
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pandas
from hypothesis import given
from hypothesis import strategies as st

from chatbot.transfer.csv_file import COLUMNS, to_csv
from chatbot.transfer.values import Entry, Heading

NOON = datetime(2026, 11, 22, 13, 0, tzinfo=timezone(timedelta(hours=1)))
HEADING = Heading(id="c1", title="T", created=NOON)


def entry(text: str) -> Entry:
    return Entry(role="user", text=text, state="complete", created=NOON)


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_it_begins_with_the_mark_and_ends_lines_as_the_standard_says() -> None:
    data = b"".join(to_csv(HEADING, [entry('He said "no",\nand left')]))
    assert data.startswith(b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\r\n")
    assert b'"He said ""no"",\nand left"' in data
    assert data.endswith(b"\r\n")


def test_numbers_and_times_are_those_of_the_reply() -> None:
    reply = Entry(
        role="assistant",
        text="Yes",
        state="length",
        created=NOON,
        model="m",
        connection="openai",
        input_tokens=9,
        output_tokens=2,
        estimated=True,
        finish_reason="length",
        first_token=0.25,
        duration=1.5,
    )
    (row,) = read(b"".join(to_csv(HEADING, [reply])))
    assert row["created"] == "2026-11-22T12:00:00.000+00:00"
    assert (row["input_tokens"], row["output_tokens"], row["estimated"]) == ("9", "2", "True")
    assert (row["first_token_s"], row["duration_s"], row["finish_reason"]) == ("0.250", "1.500", "length")
    assert (row["position"], row["role"], row["state"]) == ("1", "assistant", "length")


def test_what_nobody_knows_is_empty() -> None:
    (row,) = read(b"".join(to_csv(HEADING, [entry("Hi")])))
    assert row["output_tokens"] == row["estimated"] == row["model"] == row["duration_s"] == ""


@given(st.text(), st.sampled_from(["", "=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"]))
def test_no_cell_is_a_formula_and_raw_cells_are_exact(text: str, first: str) -> None:
    said = first + text.replace("\x00", "")
    (row,) = read(b"".join(to_csv(HEADING, [entry(said)])))
    assert row["text"] in (said, f"'{said}")
    assert not row["text"].startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    (row,) = read(b"".join(to_csv(HEADING, [entry(said)], raw=True)))
    assert row["text"] == said


def test_pandas_and_python_read_what_was_written(tmp_path: Path) -> None:
    said = [
        "=1+1",
        "a,b",
        'He said "no"',
        "two\nlines",
        "two\r\nlines",
        " spaces ",
        "مرحبا 你好 👍",
        "",
        "NA",
        "1e5",
        "001",
        "x" * 40_000,
    ]
    entries = [entry(text) for text in said]
    for raw in (True, False):
        file = tmp_path / "chat.csv"
        file.write_bytes(b"".join(to_csv(HEADING, entries, raw=raw)))
        table = pandas.read_csv(file, dtype=str, keep_default_na=False, lineterminator=None)
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.DictReader(opened))
        wanted = [f"'{text}" if not raw and text.startswith("=") else text for text in said]
        assert [row["text"] for row in rows] == wanted
        assert list(table["text"]) == wanted
        assert list(table.columns) == list(COLUMNS)
