"""A provider's cost or usage export, line by line: OpenAI's, Anthropic's, OpenRouter's, or any table with such columns.

    bill = open_bill(file, "costs.csv")
    for line in bill.lines(): ...

Reads the file twice and holds one line of it: first to see how it writes numbers and days, then to read them. Whatever
is wrong is a BadInput that names line and field; use the lines only when the last one has come.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

from chatbot.core.billed import USUAL_TIERS, Billed, line_item
from chatbot.core.errors import BadInput
from chatbot.transfer.bill_columns import Columns, columns, recognised
from chatbot.transfer.bill_text import encoding_of, rows, separator_of
from chatbot.transfer.bill_values import SIGNS, Amount, Survey, Unreadable, nothing, read_amount, read_count, read_day

_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no", "")
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True, kw_only=True)
class BillFile:
    """An export that was looked through. `vendor`: whose it is, "" when its columns could be anybody's."""

    name: str
    vendor: str
    _file: BinaryIO
    _encoding: str
    _separator: str
    _columns: Columns
    _survey: Survey

    def lines(self) -> Iterator[Billed]:
        """Every line that says something, in the file's order."""
        for number, cells in _body(self._file, self.name, self._encoding, self._separator, self._columns):
            yield _Line(self, number, cells).billed()


def open_bill(file: BinaryIO, name: str) -> BillFile:
    """Look a file through. It must be seekable and stays open."""
    encoding = encoding_of(file, name)
    separators: list[str] = []

    def choose(line: str) -> str:
        separators.append(separator_of(line, recognised))
        return separators[-1]

    with closing(rows(file, name, encoding, choose)) as all_rows:
        heading = next(all_rows, None)
    if heading is None:
        raise BadInput(f"{name} is empty. Export it again.")
    found = columns(heading[1], name, heading[0])
    survey = Survey()
    count = 0
    for line, cells in _body(file, name, encoding, separators[0], found):
        count += 1
        _look(survey, cells, found, name, line)
    if not count:
        raise BadInput(f"{name} has a heading and no lines. Export a time in which something was billed.")
    _decide(survey, name, semicolon=separators[0] == ";")
    return BillFile(
        name=name,
        vendor=found.vendor,
        _file=file,
        _encoding=encoding,
        _separator=separators[0],
        _columns=found,
        _survey=survey,
    )


def _body(file: BinaryIO, name: str, encoding: str, separator: str, found: Columns) -> Iterator[tuple[int, list[str]]]:
    """The rows below the heading, each as wide as that."""
    width = len(found.titles)
    all_rows = rows(file, name, encoding, lambda heading: separator)
    next(all_rows)
    for line, cells in all_rows:
        if len(cells) < width:
            raise BadInput(
                f"{name}, line {line}: {len(cells)} of {width} fields are there. The file looks cut off; export it again."
            )
        if any(cell.strip() for cell in cells[width:]):
            raise BadInput(
                f"{name}, line {line}: {len(cells)} fields where the heading has {width}. "
                f"A field with {separator!r} in it must stand in quotes."
            )
        yield line, cells


def _look(survey: Survey, cells: Sequence[str], found: Columns, name: str, line: int) -> None:
    at, titles = found.at["day"], found.titles
    try:
        survey.day(cells[at], titles[at], line)
        for at in found.amounts:
            if cells[at]:
                survey.number(cells[at], titles[at], line, whole=False)
        for at in found.counts:
            if cells[at]:
                survey.number(cells[at], titles[at], line, whole=True)
    except Unreadable as error:
        raise _wrong(name, line, titles[at], cells[at], error) from None


def _decide(survey: Survey, name: str, *, semicolon: bool) -> None:
    """Choose where nothing told; BadInput where a wrong choice would be silent."""
    if survey.doubtful_day and not survey.order:
        text, column, line = survey.doubtful_day
        raise BadInput(
            f"{name}, line {line}, {column}: {text!r} can be two days, and no line tells which of its numbers is the "
            "month. Write days as 2026-11-25."
        )
    if survey.doubtful_number and not survey.mark:
        text, column, line = survey.doubtful_number
        # Programs write a point. A comma, or a point where people have commas for decimals, may be either.
        if "," in text or semicolon:
            raise BadInput(
                f"{name}, line {line}, {column}: {text!r} can be two numbers, and no line tells which mark is the "
                "decimal one. Write it as 1234.56."
            )
    survey.mark = survey.mark or "."


def _wrong(name: str, line: int, column: str, text: str, error: Unreadable) -> BadInput:
    shown = text.strip()
    shown = shown if len(shown) <= 40 else shown[:39] + "…"
    return BadInput(f"{name}, line {line}, {column}: {shown!r} {error}")


class _Line:
    """The cells of one row, read by what they are."""

    def __init__(self, bill: BillFile, number: int, cells: Sequence[str]) -> None:
        self._bill, self._number, self._cells = bill, number, cells
        self._at, self._survey = bill._columns.at, bill._survey

    def billed(self) -> Billed:
        survey, day = self._survey, self._at["day"]
        amount, own_key = (self._read(what, self._amount) for what in ("amount", "own_key"))
        cached = self._count("cached")
        sent = self._count("input")
        if sent is None and (uncached := self._count("uncached")) is not None:
            written = (self._value(at, self._whole) for at in self._bill._columns.written)
            sent = uncached + (cached or 0) + sum(one or 0 for one in written)
        requests = self._count("requests")
        if requests is None and self._text("request"):
            requests = 1
        model, tier = self._model()
        try:
            when = read_day(self._cells[day], survey.order)
        except Unreadable as error:
            raise self._bad(day, error) from None
        return Billed(
            day=when,
            model=model,
            amount=None if amount is None else amount.nano + (own_key.nano if own_key else 0),
            unit=10 ** max(0, 9 - survey.places),
            currency=self._currency(amount.currency if amount else ""),
            input_tokens=sent,
            cached_tokens=cached,
            output_tokens=self._count("output"),
            requests=requests,
            tier=self._tier() or tier,
        )

    def _model(self) -> tuple[str, str]:
        """The model and, where a line's item names it, the tier."""
        if model := self._text("model"):
            return model, ""
        return line_item(self._text("item"))

    def _tier(self) -> str:
        batch = self._text("batch").lower()
        if batch in _TRUE:
            return "batch"
        if batch not in _FALSE:
            raise self._bad(self._at["batch"], Unreadable("is neither true nor false."))
        tier = self._text("tier").lower()
        return "" if tier in USUAL_TIERS else tier

    def _currency(self, found: str) -> str:
        named = self._text("currency")
        named = SIGNS.get(named, named.upper())
        if named and found and named != found:
            raise self._bad(self._at["amount"], Unreadable(f"is not in {named}, as its currency says."))
        return named or found or "USD"

    def _text(self, what: str) -> str:
        at = self._at.get(what)
        return "" if at is None else self._cells[at].strip()

    def _count(self, what: str) -> int | None:
        return self._read(what, self._whole)

    def _amount(self, text: str) -> Amount:
        return read_amount(text, self._survey.mark)

    def _whole(self, text: str) -> int:
        return read_count(text, self._survey.mark)

    def _read(self, what: str, read: Callable[[str], Read]) -> Read | None:
        at = self._at.get(what)
        return None if at is None else self._value(at, read)

    def _value(self, at: int, read: Callable[[str], Read]) -> Read | None:
        text = self._cells[at]
        if nothing(text):
            return None
        try:
            return read(text)
        except Unreadable as error:
            raise self._bad(at, error) from None

    def _bad(self, at: int, error: Unreadable) -> BadInput:
        return _wrong(self._bill.name, self._number, self._bill._columns.titles[at], self._cells[at], error)
