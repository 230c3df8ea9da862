"""The layers that settings come from, highest first: environment, .env files, settings.toml, defaults."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatbot.core.errors import SettingsError
from chatbot.home.files import read_text
from chatbot.home.folders import CACHE_VARIABLE, DATA_VARIABLE, Folders, chosen, usual
from chatbot.home.setting import Setting, Source, Value
from chatbot.home.settings_file import SettingsFile, shorten
from chatbot.home.table import BY_NAME, ROUTE, SETTINGS

_REFERENCE = re.compile(r"\$\{([^}:]*)(?::-([^}]*))?\}")


@dataclass(frozen=True, slots=True)
class Layer:
    """Variables from one place. An empty variable counts as not set."""

    source: Source
    place: str
    """The end of "… in the environment" or "… in /home/me/.env"."""
    variables: Mapping[str, str] = field(repr=False)
    problems: tuple[SettingsError, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """A variable's text and where it was found."""

    variable: str
    text: str = field(repr=False)
    layer: Layer


def environment_layer(environ: Mapping[str, str]) -> Layer:
    return Layer("environment", "the environment", {name: text for name, text in environ.items() if text.strip()})


def dotenv_layer(path: Path, environ: Mapping[str, str]) -> Layer:
    """What a .env file says, `${NAME}` in it filled in from the environment and its own lines; never raises."""
    try:
        text = read_text(path)
    except SettingsError as error:
        return Layer(".env", str(path), {}, (error,))
    if text is None:
        return Layer(".env", str(path), {})
    import io

    from dotenv import dotenv_values
    from dotenv.parser import parse_stream

    problems = tuple(
        SettingsError(f"{path}, line {binding.original.line}, is left out: a line must be NAME=value.")
        for binding in parse_stream(io.StringIO(text))
        if binding.error or (binding.key is not None and binding.value is None)
    )
    if problems:
        # The package would log each bad line; they are told in our own words.
        text = "".join(b.original.string for b in parse_stream(io.StringIO(text)) if not b.error)
    variables: dict[str, str] = {}
    for name, value in dotenv_values(stream=io.StringIO(text), interpolate=False).items():
        if value:
            variables[name] = _filled(value, {**environ, **variables})
    return Layer(".env", str(path), {name: value for name, value in variables.items() if value.strip()}, problems)


def _filled(value: str, known: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda found: known.get(found[1], found[2] or ""), value)


def find_folders(environ: Mapping[str, str], cwd: Path) -> Folders:
    """The folders that the environment names, else a .env file, else the platform's own for this user.

    A relative path is meant from `cwd`. The data folder's .env can name the cache folder only.
    """
    near = {**dotenv_layer(cwd / ".env", environ).variables, **environ}
    data = chosen(near[DATA_VARIABLE], cwd, DATA_VARIABLE) if DATA_VARIABLE in near else usual("user_data_path")
    all_ = {**dotenv_layer(data / ".env", environ).variables, **near}
    cache = chosen(all_[CACHE_VARIABLE], cwd, CACHE_VARIABLE) if CACHE_VARIABLE in all_ else usual("user_cache_path")
    return Folders(data, cache)


def find(layers: Iterable[Layer], variable: str) -> Named | None:
    """The highest layer's text of a variable."""
    for layer in layers:
        if variable in layer.variables:
            return Named(variable, layer.variables[variable], layer)
    return None


def read_values(
    layers: Sequence[Layer], file: SettingsFile
) -> tuple[dict[tuple[str, str], Value], list[SettingsError]]:
    """Every setting of the table by section and key, and what was wrong on the way.

    A value that is not allowed is left out, so that the next layer speaks.
    """
    values: dict[tuple[str, str], Value] = {}
    problems = _unknown(file)
    for setting in SETTINGS:
        if not setting.file and not setting.variable:
            continue
        value, wrong = _read(setting, layers, file)
        values[setting.section, setting.key] = value
        problems += wrong
    return values, problems


def _read(setting: Setting, layers: Sequence[Layer], file: SettingsFile) -> tuple[Value, list[SettingsError]]:
    problems: list[SettingsError] = []
    for layer in layers:
        text = layer.variables.get(setting.variable or "")
        if text is None:
            continue
        try:
            value = setting.kind.check(setting.kind.parse(text.strip()))
        except ValueError:
            shown = "not that" if setting.private else shorten(text)
            problems.append(
                SettingsError(
                    f"{setting.variable} in {layer.place} is {shown}; "
                    f"it must be {setting.kind.allowed}. It is left out."
                )
            )
            continue
        return Value(value, layer.source, setting.variable), problems
    section = file.document.get(setting.section)
    if setting.file and isinstance(section, Mapping) and setting.key in section:
        try:
            return Value(setting.kind.check(section[setting.key]), "settings.toml"), problems
        except ValueError:
            problems.append(file.wrong((setting.section, setting.key), section[setting.key], setting))
    return Value(setting.default), problems


def _unknown(file: SettingsFile) -> list[SettingsError]:
    problems: list[SettingsError] = []
    sections = [*sorted({setting.section for setting in SETTINGS}), "connections"]
    for section, entries in file.document.items():
        if section == ROUTE:
            continue  # a list of its own kind
        if section not in sections:
            problems.append(unknown_key(file, (section,), [*sections, ROUTE]))
        elif not isinstance(entries, Mapping):
            problems.append(SettingsError(f"{file.place(section)}: {section} must be a table, [{section}]."))
        elif section != "connections":
            problems += _unknown_in(file, section, entries)
    return problems


def _unknown_in(file: SettingsFile, section: str, entries: Mapping[str, Any]) -> list[SettingsError]:
    problems: list[SettingsError] = []
    known = [key for name, key in BY_NAME if name == section]
    for key in entries:
        setting = BY_NAME.get((section, key))
        if setting is None:
            problems.append(unknown_key(file, (section, key), known))
        elif not setting.file:
            problems.append(
                SettingsError(f"{file.place(section, key)}: {key} is not read from here; set {setting.variable}.")
            )
    return problems


def unknown_key(file: SettingsFile, keys: tuple[str, ...], known: Sequence[str]) -> SettingsError:
    """A key that means nothing here, with the one that was probably meant; its value is not shown."""
    close = difflib.get_close_matches(keys[-1], known, n=1)
    help_ = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}."
    return SettingsError(f"{file.place(*keys)}: {'.'.join(keys)} is no setting; {help_}")
