"""Connections as settings.toml writes them, and as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from chatbot.core.errors import BadInput, NoConnection, SettingsError
from chatbot.core.settings import EMBEDDED, EMBEDDED_MODEL, Connection, Timeouts
from chatbot.home.addresses import is_openai, read_base_url
from chatbot.home.checks import check_header, is_secret
from chatbot.home.layers import Named, unknown_key
from chatbot.home.settings_file import SettingsFile
from chatbot.home.table import (
    CONNECTION_FIELDS,
    CONNECTION_NAME,
    OPENAI,
    OPENAI_KEY_VARIABLE,
    OPENAI_MODEL,
    OPENAI_URL,
    TIMEOUT_FIELDS,
    key_variable,
)

OPENAI_USUAL = Connection(name=OPENAI, base_url=OPENAI_URL, model=OPENAI_MODEL)
"""Without an entry of its own. At another address its model is not known: only that server can say."""
OFFLINE = Connection(name=EMBEDDED, base_url="", model=EMBEDDED_MODEL)

_FIELDS = {setting.key: setting for setting in CONNECTION_FIELDS}
_TIMEOUTS = {setting.key: setting for setting in TIMEOUT_FIELDS}


@dataclass(slots=True)
class Connections:
    """What was read: connections in the file's order, those that cannot be used with the reason, and what was wrong."""

    usable: dict[str, Connection] = field(default_factory=dict)
    broken: dict[str, SettingsError] = field(default_factory=dict)
    problems: list[SettingsError] = field(default_factory=list)

    def get(self, name: str) -> Connection:
        """The connection of this name; SettingsError says why it cannot be used, NoConnection which there are."""
        if name in self.broken:
            raise SettingsError(str(self.broken[name]))
        if name in self.usable:
            return self.usable[name]
        if name == OPENAI:
            raise NoConnection(
                f"The connection 'openai' has no key. Add one on the settings page or set {OPENAI_KEY_VARIABLE}."
            )
        raise NoConnection(f"There is no connection {name!r}. There are: {', '.join(self.usable)}.")


def read_connections(file: SettingsFile, openai_url: Named | None, *, openai: bool) -> Connections:
    """Every connection of the file, with `openai` first where there is one and `offline` last.

    `openai_url` comes from the environment or a .env file and beats the file's; `openai` says that there is a key.
    """
    read = Connections()
    entries = file.document.get("connections", {})
    entries = dict(entries) if isinstance(entries, Mapping) else {}
    entry = entries.pop(OPENAI, {})
    _read_openai(read, file, entry, openai_url)
    if not (openai or openai_url or (isinstance(entry, Mapping) and "base_url" in entry)):
        read.usable.pop(OPENAI, None)
    seen = {key_variable(OPENAI): OPENAI, key_variable(EMBEDDED): EMBEDDED}
    for name, entry in entries.items():
        where = file.place("connections", name)
        if not CONNECTION_NAME.fullmatch(name):
            read.problems.append(
                SettingsError(f"{where}: {name!r} cannot name a connection; use letters, digits, - and _.")
            )
        elif name == EMBEDDED:
            read.problems.append(
                SettingsError(f"{where}: {EMBEDDED!r} is the model that comes with ByteBot; it has no settings.")
            )
        elif (other := seen.setdefault(key_variable(name), name)) != name:
            _break(read, name, f"{where}: the name {name!r} is too like {other!r}; they would share a key.")
        else:
            _read_entry(read, file, Connection(name=name, base_url=""), entry)
    read.usable[EMBEDDED] = OFFLINE
    return read


def _read_openai(read: Connections, file: SettingsFile, entry: object, url: Named | None) -> None:
    base = OPENAI_USUAL
    if url is not None:
        entry = {key: value for key, value in entry.items() if key != "base_url"} if isinstance(entry, Mapping) else {}
        try:
            base = replace(base, base_url=read_base_url(url.text))
        except BadInput as error:
            # Never the default instead: words meant for one server would go to another.
            _break(read, OPENAI, f"{url.variable} in {url.layer.place}: {error}")
            return
    _read_entry(read, file, base, entry)


def _break(read: Connections, name: str, sentence: str) -> None:
    read.broken[name] = SettingsError(sentence)
    read.problems.append(read.broken[name])


def _read_entry(read: Connections, file: SettingsFile, base: Connection, entry: object) -> None:
    keys = ("connections", base.name)
    if not isinstance(entry, Mapping):
        _break(read, base.name, f"{file.place(*keys)}: {'.'.join(keys)} must be a table, [{'.'.join(keys)}].")
        return
    found: dict[str, Any] = {}
    for key, value in entry.items():
        where = (*keys, key)
        if key == "base_url":
            continue
        if key not in _FIELDS:
            read.problems.append(_unknown_field(file, where))
        elif key == "headers":
            found["headers"] = _read_headers(read, file, where, value)
        elif key == "timeouts":
            found["timeouts"] = _read_timeouts(read, file, where, value)
        else:
            try:
                found[key] = _FIELDS[key].kind.check(value)
            except ValueError:
                read.problems.append(file.wrong(where, value, _FIELDS[key]))
    if "base_url" in entry or not base.base_url:
        try:
            found["base_url"] = read_base_url(entry.get("base_url"))
        except BadInput as error:
            _break(read, base.name, f"{file.place(*keys, 'base_url')}: connections.{base.name}: {error}")
            return
    read.usable[base.name] = usual_at(replace(base, **found), model=found.get("model"))


def usual_at(connection: Connection, *, model: str | None) -> Connection:
    """It with the model that was chosen for it, None: with what is usual at its address."""
    usual = OPENAI_MODEL if connection.name == OPENAI and is_openai(connection.base_url) else None
    return replace(connection, model=model or usual)


def _unknown_field(file: SettingsFile, keys: tuple[str, ...]) -> SettingsError:
    if is_secret(keys[-1]):
        return SettingsError(
            f"{file.place(*keys)}: a key does not belong in this file and is not used. "
            f"Enter it on the settings page or set {key_variable(keys[1])}, and delete the line."
        )
    return unknown_key(file, keys, list(_FIELDS))


def _read_headers(read: Connections, file: SettingsFile, keys: tuple[str, ...], value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        read.problems.append(file.wrong(keys, value, _FIELDS["headers"]))
        return {}
    headers: dict[str, str] = {}
    for name, text in value.items():
        place = file.place(*keys, name)
        if is_secret(name):
            read.problems.append(
                SettingsError(
                    f"{place}: the header {name!r} is a secret and is not used from this file. "
                    "Enter it on the settings page and delete it here."
                )
            )
            continue
        try:
            if not isinstance(text, str):
                raise BadInput(f"The text of the header {name!r} must stand in quotes.")
            check_header(name, text)
        except BadInput as error:
            read.problems.append(SettingsError(f"{place}: {error}"))
            continue
        headers[name] = text
    return headers


def _read_timeouts(read: Connections, file: SettingsFile, keys: tuple[str, ...], value: object) -> Timeouts:
    if not isinstance(value, Mapping):
        read.problems.append(file.wrong(keys, value, _FIELDS["timeouts"]))
        return Timeouts()
    found: dict[str, float] = {}
    for key, seconds in value.items():
        if key not in _TIMEOUTS:
            read.problems.append(unknown_key(file, (*keys, key), list(_TIMEOUTS)))
            continue
        try:
            found[key] = _TIMEOUTS[key].kind.check(seconds)
        except ValueError:
            read.problems.append(file.wrong((*keys, key), seconds, _TIMEOUTS[key]))
    return Timeouts(**found)
