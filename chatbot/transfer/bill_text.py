"""A dropped file as rows of cells: its encoding, its separator, and everything that is no table at all."""

import contextlib
import csv
import io
from collections.abc import Callable, Generator, Iterator
from typing import BinaryIO

from chatbot.core.errors import BadInput

LONGEST_LINE = 1_000_000  # characters
_SEPARATORS = ",;\t|"
_NO_TEXT = (
    (b"PK\x03\x04", "a spreadsheet or a zip file"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet"),
    (b"\x1f\x8b", "a compressed file"),
    (b"%PDF", "a PDF"),
    (b"{", "JSON"),
    (b"[", "JSON"),
    (b"<", "a web page or XML"),
)

Row = tuple[int, list[str]]
"""The number of the line on which it begins, from 1, and its cells."""


def encoding_of(file: BinaryIO, name: str) -> str:
    """The codec of the text; BadInput names what the file is instead."""
    file.seek(0)
    head = file.read(4096)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise BadInput(f"{name} is empty. Export it again.")
    for beginning, what in _NO_TEXT:
        if text.startswith(beginning):
            raise BadInput(f"{name} is {what}, no CSV. Export it as CSV.")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if b"\0" in head:
        # Half of a UTF-16 text in Latin letters is NUL; of anything else none should be.
        for codec, half in (("utf-16-le", head[1::2]), ("utf-16-be", head[::2])):
            if half.count(0) > len(half) * 0.8:
                return codec
        raise BadInput(f"{name} is no text. Export it as CSV.")
    return "utf-8-sig"


def rows(file: BinaryIO, name: str, encoding: str, choose: Callable[[str], str]) -> Generator[Row]:
    """Every row that is not blank, the heading first. `choose` gives the separator for the heading's line.

    BadInput names the line: not of the encoding, a quote that is never closed, a field without end.
    """
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        lines = _lines(text, name)
        before, heading = 0, ""
        for heading in lines:
            before += 1
            if heading.strip():
                break
        separator = choose(heading)
        if heading.lower().startswith("sep=") and len(heading.strip()) == 5:
            separator, heading = heading[4], ""
        yield from _records(heading, lines, before - 1, separator, name)
    except UnicodeDecodeError:
        what = "this is not UTF-8. Save the file as CSV in UTF-8 and try again."
        if encoding.startswith("utf-16"):
            what = "half a letter. The file is cut off or damaged; export it again."
        raise BadInput(f"{name}, line {_not_text(file, encoding)}: {what}") from None
    finally:
        with contextlib.suppress(ValueError):  # closed by its owner, whose it stays
            text.detach()


def _records(heading: str, lines: Iterator[str], before: int, separator: str, name: str) -> Iterator[Row]:
    def all_lines() -> Iterator[str]:
        yield heading
        yield from lines

    reader = csv.reader(all_lines(), delimiter=separator, strict=True)
    line = before + 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadInput(f"{name}, line {line}: {_meaning(str(error))}") from None
        if any(cells) and any(cell.strip() for cell in cells):
            yield line, cells
        line = before + reader.line_num + 1


def _meaning(error: str) -> str:
    if "unexpected end of data" in error:
        return "the quoted field that begins here is never closed: the file is cut off. Export it again."
    if "field larger" in error:
        return "a field here has no end: a quote is missing, or this is no bill. Export it again."
    return "a quote stands in the middle of a field. Export the file again."


def _lines(text: io.TextIOWrapper, name: str) -> Iterator[str]:
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise BadInput(f"{name}, line {number}: longer than {LONGEST_LINE:,} characters; this is no bill.")
        if "\0" in line:
            raise BadInput(f"{name}, line {number}: this is no text. Export the file again.")
        yield line


def _not_text(file: BinaryIO, encoding: str) -> int:
    """The first line that is not of the encoding."""
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, errors="replace", newline="")
    number = 0
    try:
        while line := text.readline(LONGEST_LINE):
            number += 1
            if "\ufffd" in line:
                break
    finally:
        text.detach()
    return max(1, number)


def separator_of(heading: str, recognised: Callable[[list[str]], int]) -> str:
    """The separator with which most columns of the heading are recognised, then the one that gives most columns.

    >>> separator_of("date;cost, in dollars;model", lambda names: 0)
    ';'
    """

    def worth(separator: str) -> tuple[int, int]:
        try:
            names = next(csv.reader([heading], delimiter=separator))
        except (csv.Error, StopIteration):
            return 0, 0
        return recognised(names), len(names)

    return max(_SEPARATORS, key=worth)
