"""What saving does to settings.toml: the lines it concerns, and no others."""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import fields
from typing import Any

import tomlkit
from tomlkit.items import InlineTable

from chatbot.core.errors import SettingsError
from chatbot.core.settings import Connection, Timeouts
from chatbot.home.checks import is_secret
from chatbot.home.setting import Setting

Document = MutableMapping[str, Any]
"""The file's tables, with comments and order (tomlkit's) or without (plain dictionaries)."""


def put_setting(document: Document, setting: Setting, value: object) -> None:
    """Write one setting; None takes the line away where that is the default, else it is written as "none"."""
    table = _table(document, setting.section)
    if value is None and setting.default is None:
        table.pop(setting.key, None)
    else:
        table[setting.key] = "none" if value is None else value


def put_connection(document: Document, connection: Connection, usual: Connection, *, url_fixed: bool) -> None:
    """Write a connection's entry; headers must not be secret.

    What is as in `usual` needs no line; keys that are not ours stay. `url_fixed`: the base URL came from a variable,
    so that the line, if there is one, says something else and stays.
    """
    written: dict[str, Any] = {
        "model": connection.model if connection.model != usual.model else None,
        "cheap_model": connection.cheap_model,
        "context": connection.context,
        "automatic": None if connection.automatic else False,
    }
    if not url_fixed:
        written = {"base_url": connection.base_url if connection.base_url != usual.base_url else None, **written}
    holder = _table(document, "connections", nested=True)
    known = connection.name in holder
    # A new table is filled before it goes in: where the file's tables lie apart, what went in is a copy.
    table = _table(holder, connection.name) if known else _new(holder)
    for key, value in written.items():
        _put(table, key, value)
    # What was told to be wrong here is for the person to take away.
    _put_all(table, "headers", dict(connection.headers), stays=is_secret)
    _put_all(table, "timeouts", _unusual(connection.timeouts), stays=lambda name: not hasattr(Timeouts, name))
    if table and not known:
        holder[connection.name] = table
    elif known and not table:
        del holder[connection.name]


def _unusual(timeouts: Timeouts) -> dict[str, float]:
    seconds = {field.name: getattr(timeouts, field.name) for field in fields(Timeouts)}
    return {name: value for name, value in seconds.items() if value != getattr(Timeouts(), name)}


def drop_connection(document: Document, name: str) -> None:
    """Take a connection's entry away, and the choice of it for new chats."""
    holder = document.get("connections")
    if isinstance(holder, MutableMapping):
        holder.pop(name, None)
    chat = document.get("chat")
    if isinstance(chat, MutableMapping) and chat.get("connection") == name:
        chat.pop("connection")


def _table(holder: Any, key: str, *, nested: bool = False) -> Any:
    if key not in holder:
        holder[key] = _new(holder, nested=nested)
    table = holder[key]
    if not isinstance(table, Mapping):
        raise SettingsError(f"{key} in settings.toml is no table. Mend the file by hand, then save again.")
    return table


def _new(holder: Any, *, nested: bool = False) -> Any:
    return {} if isinstance(holder, dict | InlineTable) else tomlkit.table(is_super_table=nested)


def _put(table: Any, key: str, value: object) -> None:
    if value is None:
        table.pop(key, None)
    elif table.get(key) != value:  # an equal value keeps its spelling and its comment
        table[key] = value


def _put_all(table: Any, key: str, values: dict[str, Any], stays: Callable[[str], bool]) -> None:
    """Make an inner table hold these values, and what `stays` beside them."""
    inner = table.get(key)
    if not isinstance(inner, MutableMapping):
        if values:
            inner = _new(table)
            inner.update(values)
            table[key] = inner
        else:
            table.pop(key, None)
        return
    for old in [old for old in inner if old not in values and not stays(old)]:
        del inner[old]
    for name, value in values.items():
        _put(inner, name, value)
    if not inner:
        del table[key]
