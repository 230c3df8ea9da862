"""What a chat is held with: the settings' own options, and what was asked for instead."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

from chatbot.core.errors import BadInput
from chatbot.core.settings import Connection, Options
from chatbot.core.text import repair, typed
from chatbot.engine.cheap import cheap_model_of
from chatbot.engine.trial import sensible
from chatbot.home.home import Home
from chatbot.home.table import BY_NAME, OPENAI, OPENAI_MODEL

Unsent = Literal["none"]
"""Leaves a parameter to the server."""


def choose(
    home: Home,
    base: Options | None = None,
    *,
    connection: str | None = None,
    model: str | None = None,
    system: str | None = None,
    temperature: float | Unsent | None = None,
    max_output: int | Unsent | None = None,
    allow_unpriced: bool | None = None,
) -> Options:
    """`base` (the default of new chats) with what is not None put in its place.

    A new connection brings its own model; where nothing names one, it is empty: the first turn asks the server what it
    has. BadInput names a value that cannot be used, SettingsError a connection.
    """
    options = base or home.default_options()
    if connection is not None and connection != options.connection:
        options = replace(options, connection=connection, model=home.connection(connection).model or "")
    if model is not None:
        options = replace(options, model=_checked("model", typed(model)))
    if system is not None:
        options = replace(options, system=repair(system))
    if temperature is not None:
        options = replace(options, temperature=_checked("temperature", temperature))
    if max_output is not None:
        options = replace(options, max_output=_checked("max_output", max_output))
    if allow_unpriced is not None:
        options = replace(options, allow_unpriced=allow_unpriced)
    entry = home.connection(options.connection)
    if entry.embedded and options.model != entry.model:
        raise BadInput(
            f"The offline model is the only one on {entry.name!r}, so {options.model!r} cannot be asked there. "
            "Add a key, or name a connection that has this model."
        )
    return options


def own_model(connection: Connection, listed: Iterable[str]) -> str:
    """What chats on a connection begin with: its own model; where it names none, the one that its vendor or OpenAI is
    known for if it is listed, else the first of the list that can chat. Without a list, the vendor's; empty where that
    is not known either.
    """
    if connection.model:
        return connection.model
    offered = list(listed)
    return (sensible(offered, *likely(connection)) if offered else cheap_model_of(connection)) or ""


def likely(connection: Connection) -> tuple[str, ...]:
    """Models to look for in what a connection's server lists, the most wanted first."""
    known = (connection.model, cheap_model_of(connection), OPENAI_MODEL if connection.name == OPENAI else None)
    return tuple(model for model in known if model)


def read_number(key: Literal["temperature", "max_output"], text: str) -> Any:
    """What a person typed for it, as `choose` takes it: a number, or "none" for "off"."""
    text = text.strip()
    if text.lower() in ("off", "none"):
        return "none"
    try:
        return _checked(key, BY_NAME["chat", key].kind.parse(text))
    except (ValueError, BadInput) as error:
        wrong = error if isinstance(error, BadInput) else _wrong(key, text)
        # In a settings file it is called "none"; on a command line "off", as in `/system off`.
        raise BadInput(wrong.sentence.replace('or "none"', 'or "off"')) from None


def _checked(key: str, value: object) -> Any:
    try:
        return BY_NAME["chat", key].kind.check(value)
    except ValueError:
        raise _wrong(key, value) from None


def _wrong(key: str, value: object) -> BadInput:
    shown = repr(value) if len(repr(value)) <= 60 else repr(value)[:60] + "…"
    return BadInput(f"The {key.replace('_', ' ')} is {shown}; it must be {BY_NAME['chat', key].kind.allowed}.")
