"""The tables [[route]] of settings.toml: rules that send messages to another model of the same connection.

[[route]]
name = "short questions"
to = "gpt-6-luna"
at_most = 200
without_code = true
"""

import difflib
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbot.core.errors import SettingsError
from chatbot.core.routing import Rule
from chatbot.core.text import repair
from chatbot.home.lines import Lines
from chatbot.home.setting import Kind, Setting, number, text
from chatbot.home.settings_file import SETTINGS_FILE, SettingsFile, change_settings, shorten
from chatbot.home.table import MODEL, ROUTE, yes_or_no

MOST_RULES = 100
_MOST_WORDS = 100
_LONGEST_WORD = 80

Placed = tuple[int | None, Mapping[str, Any]]
"""A rule as it is to stand in the file: which of the old ones it was (None: a new one), and its fields."""


def _words(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= _MOST_WORDS:
        raise ValueError
    for one in value:
        if not isinstance(one, str) or not one.strip() or len(one) > _LONGEST_WORD:
            raise ValueError
    return tuple(repair(one).strip() for one in value)


def _one_line(value: object) -> str:
    if not isinstance(value, str) or len(value) > 80 or not value.strip() or not repair(value).isprintable():
        raise ValueError
    return repair(value).strip()


def _row(key: str, kind: Kind, default: Any, about: str, shown: str | None = None) -> Setting:
    return Setting(section=ROUTE, key=key, kind=kind, default=default, about=about, shown=shown)


_PATTERN = text("text of at most 200 characters", most=200)
ROUTE_FIELDS: tuple[Setting, ...] = (
    _row("to", MODEL, None, "The model that answers, on the same connection.", "must be there"),
    _row("model", _PATTERN, "*", "The chat's own model; `*` and `?` stand for any characters.", "`*`, every model"),
    _row("connection", _PATTERN, "*", "The chat's connection, likewise.", "`*`, every connection"),
    _row(
        "at_most",
        number(int, 1, 2_000_000),
        None,
        "The most characters that the message may have.",
        "any length",
    ),
    _row("without_code", Kind("true or false", yes_or_no), False, "Whether the message must be without code."),
    _row(
        "words",
        Kind(f"a list of 1 to {_MOST_WORDS} texts of at most {_LONGEST_WORD} characters", _words),
        (),
        "Words of which the message must have one, whole, in small or capital letters.",
        "none",
    ),
    _row("name", Kind("a line of at most 80 characters", _one_line), "", "What the rule is called.", "its number"),
)
_FIELDS = {setting.key: setting for setting in ROUTE_FIELDS}


@dataclass(frozen=True, slots=True)
class Routes:
    """What was read. `rules` are those that hold, in order; `tables` all as they are written, `wrong` by their number."""

    rules: tuple[Rule, ...] = ()
    tables: tuple[Mapping[str, Any], ...] = ()
    wrong: Mapping[int, tuple[str, ...]] | None = None
    problems: tuple[SettingsError, ...] = ()
    error: str = ""
    """Why the rules cannot be changed from here; empty when they can."""


def read_routes(file: SettingsFile) -> Routes:
    """The rules of settings.toml; never raises. One with a mistake in it routes nothing."""
    if file.error is not None:
        return Routes(error=str(file.error))
    tables = file.document.get(ROUTE, [])
    if not isinstance(tables, list) or not all(isinstance(one, Mapping) for one in tables):
        said = f"{file.place(ROUTE)}: {ROUTE} is no list of rules; each must begin with the line [[{ROUTE}]]."
        return Routes(problems=(SettingsError(said),), error=said)
    lines = Lines(file.text, ROUTE)
    lines.count(len(tables))
    rules: list[Rule] = []
    wrong: dict[int, tuple[str, ...]] = {}
    problems: list[SettingsError] = []
    for at, table in enumerate(tables):
        rule, mistakes = read_rule(table)
        if len(rules) == MOST_RULES:
            rule, mistakes = None, [("", f"there are more than {MOST_RULES} rules.")]
        if rule is not None:
            rules.append(rule)
            continue
        place = lines.of(at)
        wrong[at] = tuple(said for _, said in mistakes)
        problems += [
            SettingsError(f"{file.path}, {place(field)}: {said} The rule is left out.") for field, said in mistakes
        ]
    return Routes(tuple(rules), tuple(tables), wrong, tuple(problems))


def read_rule(table: Mapping[str, Any]) -> tuple[Rule | None, list[tuple[str, str]]]:
    """A rule of its table, or every mistake in it: the field, and a sentence that names it."""
    found: dict[str, Any] = {}
    wrong: list[tuple[str, str]] = []
    for name, value in table.items():
        setting = _FIELDS.get(name)
        if setting is None:
            close = difflib.get_close_matches(name, _FIELDS, n=1)
            help_ = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(_FIELDS)}."
            wrong.append((name, f"{shorten(name)} is no field of a rule; {help_}"))
            continue
        try:
            found[name] = setting.kind.check(value)
        except ValueError:
            wrong.append((name, f"{name} is {shorten(value)}; it must be {setting.kind.allowed}."))
    if "to" not in table:
        wrong.append(("to", f"to is missing; it must be {MODEL.allowed}."))
    return (None, wrong) if wrong else (Rule(**found), [])


def change_routes(path: Path, seen: Sequence[Mapping[str, Any]], wanted: Sequence[Placed]) -> None:
    """Let the file hold the rules `wanted`, in that order, where it now holds those `seen`; comments stay.

    SettingsError, with nothing written, when a rule that is new or changed would be wrong, when somebody else has changed
    the rules meanwhile, or when the file cannot be changed. The folder must exist.
    """
    for at, (number_, fields) in enumerate(wanted, 1):
        if number_ is not None and dict(seen[number_]) == dict(fields):
            continue  # one that was wrong before does not keep others from being put right
        for _, said in read_rule(fields)[1]:
            raise SettingsError(f"Rule {at}: {said}")
    if len(wanted) > max(MOST_RULES, len(seen)):
        raise SettingsError(f"There are {MOST_RULES} rules already, the most there can be. Remove one first.")

    def change(document: MutableMapping[str, Any]) -> None:
        if type(document) is dict and document.get(ROUTE, []) != [dict(one) for one in seen]:
            raise SettingsError(
                f"The rules in {SETTINGS_FILE} have been changed elsewhere since this was drawn. Look at them (Cancel closes the form), then try again."
            )
        _apply(document, wanted)

    change_settings(path, change)


def _apply(document: MutableMapping[str, Any], wanted: Sequence[Placed]) -> None:
    import tomlkit

    plain = type(document) is dict
    if ROUTE not in document:
        document[ROUTE] = [] if plain else tomlkit.aot()
    tables: Any = document[ROUTE]
    kept = [number_ for number_, _ in wanted if number_ is not None]
    for gone in sorted(set(range(len(tables))) - set(kept), reverse=True):
        del tables[gone]
    left = sorted(kept)  # what stands where, as the old numbers
    for number_, fields in wanted:
        if number_ is not None:
            _fill(tables[left.index(number_)], fields)
    for at, (number_, fields) in enumerate(wanted):
        if number_ is None:
            table: Any = {} if plain else tomlkit.table()
            _fill(table, fields)
            if not plain:
                table.add(tomlkit.nl())
            tables.insert(at, table) if at < len(tables) else tables.append(table)
            left.insert(at, -1)
        elif left[at] != number_:
            tables.insert(at, tables.pop(left.index(number_)))
            left.insert(at, left.pop(left.index(number_)))
    if not tables:
        del document[ROUTE]


def _fill(table: Any, fields: Mapping[str, Any]) -> None:
    for name in [name for name in table if name not in fields]:
        del table[name]
    for name, value in fields.items():
        written = list(value) if isinstance(value, tuple) else value
        if name not in table or table[name] != written:  # an equal value keeps its spelling and its comment
            table[name] = written
