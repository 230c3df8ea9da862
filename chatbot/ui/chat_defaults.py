"""The settings of new chats: each holds from the moment it is changed."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from chatbot.core.blocks import label
from chatbot.core.errors import BadInput
from chatbot.core.settings import EMBEDDED
from chatbot.core.text import typed
from chatbot.home.home import Home
from chatbot.home.setting import Kind, Value
from chatbot.ui import numbers, saving, trials
from chatbot.ui.words import sentence

WHERE = "chat_defaults"
_TEMPERATURE = 0.7  # where the slider begins when it is switched on
_LONGEST = 4_096  # tokens of a reply at most, when that is switched on
_STOPPED = "New chats stop a reply at {:,} tokens."
_LEFT = "New chats leave the length of replies to the server."


def draw(home: Home) -> None:
    st.caption("What a new chat begins with. A chat that exists keeps what it has; change it beside the chat.")
    _connection(home)
    _model(home)
    _system_prompt(home)
    _temperature(home)
    _limits(home)
    _titles(home)


def _connection(home: Home) -> None:
    chosen: str = home.value("chat", "connection").value or ""
    names = list(home.connections())
    gone = [chosen] if chosen and chosen not in names else []

    _widget(
        home,
        "connection",
        chosen,
        # The words for an option must never change: the browser remembers a choice by them.
        lambda **common: st.selectbox(
            "Connection",
            ["", *gone, *names],
            ["", *gone, *names].index(chosen),
            format_func=lambda name: name or "Automatic",
            **common,
        ),
        help="Automatic is openai if it has a key, else the first that you added and that passed its test, else the offline model.",
        save=lambda name: _save_connection(home, name or None),
    )
    if not chosen:
        st.caption(f"New chats use {label(home.default_connection())} now.")


def _save_connection(home: Home, chosen: str | None) -> str:
    if chosen is not None:
        home.connection(chosen)
    # A model that was chosen for another connection would only mislead.
    if home.value("chat", "model").source == "settings.toml":
        home.save("chat", "model", None)
    home.save("chat", "connection", chosen)
    return f"New chats use {home.default_connection()!r}."


def _model(home: Home) -> None:
    connection = home.connections().get(home.default_connection())
    own = connection.model if connection else None
    value = home.value("chat", "model")
    listed = trials.models(connection.name) if connection else ()
    options = dict.fromkeys([*([value.value] if value.value else []), *([own] if own else []), *listed])
    offline = connection is not None and connection.name == EMBEDDED
    held = None if offline else value.value
    _widget(
        home,
        "model",
        held,
        lambda **common: st.selectbox(
            "Model",
            list(options),
            index=list(options).index(held) if held else None,
            accept_new_options=True,
            placeholder=f"The connection's own: {own}" if own else "Type a model's id",
            **common,
        ),
        help="Test a connection to see what it lists, or type an id.",
        save=lambda model: _save(
            home,
            "model",
            typed(model or "") or None,
            "New chats use {!r}.",
            none="New chats use the connection's own model.",
        ),
        off="The offline model is the only one on its connection." if offline else "",
    )


def _system_prompt(home: Home) -> None:
    held = home.value("chat", "system_prompt").value
    _widget(
        home,
        "system_prompt",
        held,
        lambda **common: st.text_area("System prompt", held, height=120, **common),
        help="Said to the model before every conversation. Empty: nothing is said.",
        save=lambda text: _save(home, "system_prompt", text or "", "New chats begin with the new system prompt."),
    )


def _temperature(home: Home) -> None:
    value = home.value("chat", "temperature")
    _widget(
        home,
        "temperature",
        value.value is not None,
        lambda **common: st.toggle("Set a temperature", value.value is not None, **common),
        field="temperature_on",
        help="How freely the model chooses its words. Off: the server decides, and some models insist on that.",
        save=lambda on: _save_temperature(home, _TEMPERATURE if on else None),
    )
    if value.value is not None:
        _widget(
            home,
            "temperature",
            float(value.value),
            lambda **common: st.slider("Temperature", 0.0, 2.0, float(value.value), step=0.1, **common),
            save=lambda number: _save_temperature(home, number),
            quiet=True,
        )


def _save_temperature(home: Home, number: float | None) -> str:
    home.save("chat", "temperature", None if number is None else round(number, 2))
    return (
        "New chats leave the temperature to the server."
        if number is None
        else f"New chats use temperature {number:.1f}."
    )


def _limits(home: Home) -> None:
    longest = home.value("chat", "max_output").value
    _widget(
        home,
        "max_output",
        longest is not None,
        lambda **common: st.toggle("Limit the length of replies", longest is not None, **common),
        field="max_output_on",
        help="Off: the server decides.",
        save=lambda on: _save(home, "max_output", _LONGEST if on else None, _STOPPED, _LEFT),
        quiet=longest is not None,
    )
    left, right = st.columns(2)
    if longest is not None:
        with left:
            _number(home, "max_output", numbers.MAX_OUTPUT, "Longest reply, in tokens", 256, words=_STOPPED)
    with right if longest is not None else left:
        _number(
            home,
            "most_sent",
            numbers.MOST_SENT,
            "Most that is sent, in tokens",
            1000,
            help="Older exchanges are left out of a request beyond it. It holds for every chat, from its next message.",
            words="At most {:,} tokens are sent.",
        )


def _number(home: Home, key: str, kind: Kind, title: str, step: int, *, words: str, help: str | None = None) -> None:
    current = home.value("chat", key).value

    def save(number: int | None) -> str:
        try:
            return _save(home, key, numbers.checked(kind, title, number), words)
        except BadInput:
            saving.anew(f"new_chats:{key}")  # the box shows what holds, the sentence what was typed
            raise

    _widget(
        home,
        key,
        current,
        lambda **common: st.number_input(title, value=current, step=step, **common),
        help=help,
        save=save,
    )


def _titles(home: Home) -> None:
    _widget(
        home,
        "titles_by_model",
        home.titles_by_model,
        lambda **common: st.toggle("Let a model name conversations", home.titles_by_model, **common),
        help="A small request after the first reply, on connections with a key. Off: the first words are the name.",
        save=lambda on: _save(
            home,
            "titles_by_model",
            on,
            "A model names new chats." if on else "New chats are named by their first words.",
        ),
    )


def _save(home: Home, key: str, value: Any, words: str, none: str = "") -> str:
    home.save("chat", key, value)
    return none if value is None else words.format(value)


def _widget(
    home: Home,
    key: str,
    current: object,
    draw_it: Callable[..., object],
    *,
    save: Callable[[Any], str],
    help: str | None = None,
    field: str | None = None,
    off: str = "",
    quiet: bool = False,
) -> None:
    """One setting: it shows what holds, saves what is changed, and is greyed with the reason where it is fixed."""
    value: Value = home.value("chat", key)
    field = f"new_chats:{field or key}"
    where = f"{WHERE}:{field}"
    widget = saving.follow(field, current, where=where)

    def changed() -> None:
        saving.never_mind(WHERE)
        saving.attempt(where, lambda: save(st.session_state[widget]))

    draw_it(key=widget, disabled=value.fixed or bool(off), help=help, on_change=changed)
    reason = saving.source(value) or off
    if reason and not quiet:
        st.caption(sentence(reason))
    saving.refusal(where)
