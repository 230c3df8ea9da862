"""What saving does to settings.toml: the lines it concerns, and no others."""

from collections.abc import Mapping, MutableMapping
from dataclasses import fields
from typing import Any

import tomlkit
from tomlkit import TOMLDocument

from chatbot.core.errors import SettingsError
from chatbot.core.settings import Connection, Timeouts
from chatbot.home.table import Setting


def put_setting(document: TOMLDocument, setting: Setting, value: object) -> None:
    """Write one setting; None takes the line away where that is the default, else it is written as "none"."""
    table = _table(document, setting.section)
    if value is None and setting.default is None:
        table.pop(setting.key, None)
    else:
        table[setting.key] = "none" if value is None else value


def put_connection(document: TOMLDocument, connection: Connection, usual: Connection, *, url_fixed: bool) -> None:
    """Write a connection's entry; headers must not be secret.

    What is as in `usual` needs no line; keys that are not ours stay. `url_fixed`: the base URL came from a variable,
    so that the line, if there is one, says something else and stays.
    """
    written: dict[str, Any] = {
        "model": connection.model if connection.model != usual.model else None,
        "context": connection.context,
    }
    if not url_fixed:
        written = {"base_url": connection.base_url if connection.base_url != usual.base_url else None, **written}
    holder = _table(document, "connections", nested=True)
    table = _table(holder, connection.name)
    for key, value in written.items():
        _put(table, key, value)
    _put_all(table, "headers", dict(connection.headers))
    _put_all(
        table,
        "timeouts",
        {
            field.name: seconds
            for field in fields(Timeouts)
            if (seconds := getattr(connection.timeouts, field.name)) != field.default
        },
    )
    if not table:
        holder.remove(connection.name)


def drop_connection(document: TOMLDocument, name: str) -> None:
    """Take a connection's entry away, and the choice of it for new chats."""
    holder = document.get("connections")
    if isinstance(holder, MutableMapping):
        holder.pop(name, None)
    chat = document.get("chat")
    if isinstance(chat, MutableMapping) and chat.get("connection") == name:
        chat.pop("connection")


def _table(holder: Any, key: str, *, nested: bool = False) -> Any:
    if key not in holder:
        holder[key] = tomlkit.table(is_super_table=nested)
    table = holder[key]
    if not isinstance(table, Mapping):
        raise SettingsError(f"{key} in settings.toml is no table. Mend the file by hand, then save again.")
    return table


def _put(table: Any, key: str, value: object) -> None:
    if value is None:
        table.pop(key, None)
    elif table.get(key) != value:  # an equal value keeps its spelling and its comment
        table[key] = value


def _put_all(table: Any, key: str, values: dict[str, Any]) -> None:
    if not values:
        table.pop(key, None)
        return
    if not isinstance(table.get(key), Mapping):
        table[key] = tomlkit.table()
    inner = table[key]
    for old in [old for old in inner if old not in values]:
        del inner[old]
    for name, value in values.items():
        _put(inner, name, value)
