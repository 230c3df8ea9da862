"""prices.toml: a person's own prices, written by hand or by the settings page, read whole whatever is wrong in them.

[[price]]
url = "https://llm.example.com"     # every address without it; * stands for any characters
model = "our-model-*"
from = 2026-11-01                   # the first day it holds, and until: the first it no longer does
input = 0.20                        # dollars per million tokens; output, cached and cache_write likewise
output = 0.80
"""

import difflib
import re
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from chatbot.core.errors import SettingsError
from chatbot.core.own_prices import Entry, OwnPrices, Wrong
from chatbot.core.price_entries import read_entry
from chatbot.home.files import Stamp, read_text, stamp
from chatbot.home.lines import Lines
from chatbot.home.settings_file import change_settings, shorten

PRICES_FILE = "prices.toml"
LIST = "price"
_MOST_TOLD = 10

Row = dict[str, str | int | Decimal | date | None]
"""One price as the settings page has it; None takes a field away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceChange:
    """What a person wants of the prices, by their number from 0."""

    edited: Mapping[int, Row] = field(default_factory=dict)
    added: Sequence[Row] = ()
    deleted: Sequence[int] = ()


_ANYTHING = frozenset(("url", "model", "tier", "from", "until"))


@dataclass(frozen=True, slots=True)
class PricesFile:
    """What prices.toml says. `tables` are the prices as they were written; none where the file is no list of prices."""

    path: Path
    prices: OwnPrices = field(default_factory=OwnPrices, repr=False)
    tables: tuple[Mapping[str, Any], ...] = ()
    error: str = ""
    """What is wrong with the file as a whole, so that it cannot be changed from here."""

    @property
    def problems(self) -> tuple[SettingsError, ...]:
        """Every mistake with file and line, for the settings page."""
        place, wrong = str(self.path), self.prices.wrong
        told = [
            f"{place}, {one.at}: {one.said} Calls that it may be about have no price until that is mended."
            if one.at
            else f"{one.said.replace(PRICES_FILE, place, 1)} Until then no call has a price."
            for one in wrong[:_MOST_TOLD]
        ]
        if len(wrong) > _MOST_TOLD:
            told.append(f"{place} has {len(wrong) - _MOST_TOLD:,} more mistakes.")
        return tuple(SettingsError(sentence) for sentence in told)


def read_prices(path: Path) -> PricesFile:
    """The file as it is now; never raises. A file that cannot be read leaves every call open."""
    try:
        text = read_text(path)
    except SettingsError as error:
        return _unreadable(path, str(error))
    return PricesFile(path) if text is None else prices_in(path, text)


def prices_in(path: Path, text: str) -> PricesFile:
    """What the file at `path` says with this text; never raises."""
    try:
        document = _parse(text)
    except (ValueError, RecursionError) as error:
        found = re.search(r"line (\d+)", str(error))
        line = f", line {found[1]}," if found else ""
        return _unreadable(path, f"{path}{line} is not TOML; nothing in the file is used until that is mended.")
    return _read(path, text, document)


def _read(path: Path, text: str, document: Mapping[str, Any]) -> PricesFile:
    tables = document.get(LIST, [])
    lines = Lines(text, LIST)
    astray = [_astray(name, lines) for name in document if name != LIST]
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables):
        said = "price is no list of prices; each must begin with the line [[price]], in two brackets."
        astray.append(Entry(at="", wrong=(Wrong(at=lines.top(LIST), said=said),), unread=_ANYTHING))
        tables = []
    lines.count(len(tables))
    entries = [read_entry(one, lines.at(number), lines.of(number)) for number, one in enumerate(tables)]
    error = astray[0].wrong[0].said if astray else ""
    return PricesFile(path, OwnPrices([*entries, *astray]), tuple(tables), error)


def _astray(name: str, lines: Lines) -> Entry:
    """Something in the file that belongs to no price; it may have been meant for any call."""
    close = difflib.get_close_matches(name, [LIST])
    help_ = "did you mean [[price]]?" if close else "each price begins with the line [[price]]."
    said = f"{shorten(name)} is nothing here; {help_}"
    return Entry(at="", wrong=(Wrong(at=lines.top(name), said=said),), unread=_ANYTHING)


def _unreadable(path: Path, sentence: str) -> PricesFile:
    # The ledger keeps this sentence, and no folder's name.
    said = sentence.replace(str(path), PRICES_FILE)
    entry = Entry(at="", wrong=(Wrong(at="", said=said),), unread=_ANYTHING)
    return PricesFile(path, OwnPrices([entry]), error=sentence)


def _parse(text: str) -> dict[str, Any]:
    """The document with exact numbers. ValueError and RecursionError when it is none."""
    # The parser of the standard library is three times as quick to import as the one that keeps comments.
    import tomllib

    return tomllib.loads(text, parse_float=_decimal)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


class KeptPrices:
    """The file's prices, read again only when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: tuple[Stamp, PricesFile] | None = None

    def now(self) -> PricesFile:
        found, known = stamp(self._path), self._known
        if known is None or known[0] != found:
            known = self._known = found, read_prices(self._path)
        return known[1]


def check_rows(tables: Sequence[Mapping[str, Any]], last: str = "") -> None:
    """SettingsError when prices cannot be kept as they stand, with the number of the row and the field.

    `last`: what the last row is called, if not by its number.
    """
    names = [f"row {number}" for number in range(1, len(tables) + 1)]
    if last:
        names[-1] = last
    wrong = OwnPrices(_named(one, name) for one, name in zip(tables, names, strict=True)).wrong
    if wrong:
        raise SettingsError(" ".join(f"{one.at[0].upper()}{one.at[1:]}: {one.said}" for one in wrong[:3]))


def _named(table: Mapping[str, Any], name: str) -> Entry:
    return read_entry(table, name, lambda _: name)


def change_prices(path: Path, seen: Sequence[Mapping[str, Any]], wanted: PriceChange, *, name: str = "") -> None:
    """Change the prices, which the file must still hold as in `seen`; comments and order stay.

    SettingsError, with nothing written, when a row would be wrong, when somebody else has changed the file meanwhile,
    or when it cannot be changed. The folder must exist. `name`: what the last row is called, if not by its number.
    """
    exact: list[Mapping[str, Any]] = [_with(one, wanted.edited.get(number, {})) for number, one in enumerate(seen)]
    exact += [_with({}, row) for row in wanted.added]
    check_rows([one for number, one in enumerate(exact) if number not in wanted.deleted], name)

    def change(document: MutableMapping[str, Any]) -> None:
        if type(document) is dict and _plain(document.get(LIST, [])) != _plain(list(seen)):
            raise SettingsError(
                f"{PRICES_FILE} has been changed elsewhere since this was drawn. Discard your changes to see it, then make them again."
            )
        _apply(document, wanted)

    change_settings(path, change)


def _apply(document: MutableMapping[str, Any], wanted: PriceChange) -> None:
    import tomlkit

    plain = type(document) is dict
    if LIST not in document:
        document[LIST] = [] if plain else tomlkit.aot()
    tables = document[LIST]
    for number, row in wanted.edited.items():
        for name, value in row.items():
            if value is None:
                tables[number].pop(name, None)
            elif _written(tables[number].get(name)) != _written(value):  # an equal value keeps its spelling
                tables[number][name] = _written(value)
    for row in wanted.added:
        listed = isinstance(tables, tomlkit.items.AoT)
        table: Any = {} if plain else tomlkit.table() if listed else tomlkit.inline_table()
        for name, value in row.items():
            if value is not None:
                table[name] = _written(value)
        tables.append(table)
    for number in sorted(wanted.deleted, reverse=True):
        del tables[number]
    if not tables:
        del document[LIST]


def _with(table: Mapping[str, Any], row: Row) -> dict[str, Any]:
    return {name: value for name, value in {**table, **row}.items() if value is not None}


def _written(value: Any) -> Any:
    """As it stands in the file. A float says a rate exactly: it has at most fifteen digits."""
    if isinstance(value, Decimal) and value.is_finite():
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _plain(value: Any) -> Any:
    """What can be compared between two readings of one file, of which only one has exact numbers."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, int):
        return hex(value)  # in decimal, Python refuses to write very long ones
    return repr(float(value) if isinstance(value, Decimal) else value)
