"""What the buttons on a connection do: each a callback that saves at once and says so."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from chatbot.core.errors import BadInput, ByteBotError, SettingsError
from chatbot.core.settings import Connection
from chatbot.core.text import typed
from chatbot.engine.choose import likely
from chatbot.engine.trial import sensible
from chatbot.home.connections import usual_at
from chatbot.home.home import Home
from chatbot.home.keys import read_key
from chatbot.providers.provider import Quirks
from chatbot.ui import connection_form, key_form, saving, trials

EDITING = "connection_editing"  # in the session: the name in the form, "" for a new one
ASKING_KEY = "connection_asking_key"  # the name whose key is being entered
REMOVING = "connection_removing"  # the name that is about to go
FORGETTING = "connection_forgetting"  # the name and, behind a colon, the header whose secret is about to go


def make_default(home: Home, connection: str) -> None:
    """New chats use it, with its own model; SettingsError when a variable says otherwise."""
    fixed = home.value("chat", "connection")
    if fixed.fixed:
        raise SettingsError(f"New chats use {fixed.value!r}: {saving.source(fixed)}")
    model = home.value("chat", "model")
    if model.source == "settings.toml":
        home.save("chat", "model", None)
    home.save("chat", "connection", connection)


def start_test(home: Home, quirks: Quirks, name: str) -> None:
    """Test a saved connection, beside the page; SettingsError when its key or entry cannot be used."""
    trials.begin(home.unlocked(name), home.key(name), quirks)


def settle(home: Home, name: str) -> None:
    """Once the test of a connection is over: a model if it has none, and new chats may go there if it passed."""
    trial = trials.of(name)
    if trial is None or trial.result is None or trial.noticed:
        return
    trial.noticed = True
    connection = home.connections().get(name)
    if connection is None:
        return
    model = connection.model or sensible(trial.result.models, *likely(connection))
    tested = replace(connection, model=model, automatic=connection.automatic or trial.result.works)
    if tested != connection:
        words = None if model == connection.model else f"{name!r} uses {model!r}."
        _attempt(name, lambda: home.save_connection(tested), words)


def put(key: str, value: str | None) -> None:
    """Open or close one of the small forms."""
    st.session_state[key] = value


def edit(connection: Connection | None) -> None:
    connection_form.fill(connection)
    st.session_state[EDITING] = connection.name if connection else ""


def close() -> None:
    connection_form.fill(None)
    st.session_state[EDITING] = None


def close_key() -> None:
    st.session_state[ASKING_KEY] = None


def save(home: Home, quirks: Quirks) -> None:
    editing: str = st.session_state[EDITING]

    def work() -> str:
        typed = key_form.typed("form_key")
        try:
            name = _write(home, editing)
        except ByteBotError as error:
            if typed:  # its field is empty now, and the page keeps no key that it has not saved
                raise BadInput(f"{error.sentence} Enter the key again as well.") from None
            raise
        close()
        start_test(home, quirks, name)
        return f"{name!r} is saved."

    saving.attempt(connection_form.WHERE, work)


def _write(home: Home, editing: str) -> str:
    """Save what the form says; the connection's name."""
    entered = connection_form.read(editing)
    connection, known = entered.connection, home.connections().get(entered.connection.name)
    if known and not editing:
        raise BadInput(f"There is a connection {connection.name!r} already. Edit that one, or take another name.")
    if entered.key:
        read_key(entered.key)  # before anything is written: half a connection would puzzle
    # At another address what was merely usual is not there.
    chosen = known.model if known and known.model != usual_at(known, model=None).model else None
    # New chats go to a new one when its test has passed: nobody's words should wait for a typing error.
    home.save_connection(replace(connection, model=chosen, automatic=known.automatic if known else False))
    if entered.key:
        home.set_key(connection.name, entered.key)
    return connection.name


def title(found: Connection) -> str:
    """What people call a server found on this machine."""
    return {"ollama": "Ollama", "lm-studio": "LM Studio"}.get(found.name, found.name)


def add(home: Home, quirks: Quirks, found: Connection) -> None:
    def work() -> str:
        home.save_connection(replace(found, automatic=False))
        start_test(home, quirks, found.name)
        return f"{title(found)} is added as {found.name!r}."

    saving.attempt(found.name, work)


def test(home: Home, quirks: Quirks, name: str) -> None:
    _attempt(name, lambda: start_test(home, quirks, name), None)


def default(home: Home, name: str) -> None:
    _attempt(name, lambda: make_default(home, name), f"New chats use {name!r}.")


def set_model(home: Home, name: str, field: str) -> None:
    model = typed(st.session_state[field] or "") or None
    other = name == home.default_connection() and home.value("chat", "model").value not in (None, model)
    _attempt(
        name,
        lambda: home.save_connection(replace(home.connection(name), model=model)),
        f"{name!r} has no model of its own now."
        if model is None
        else f"The model of {name!r} is {model!r} now."
        if other  # the card says which one new chats use
        else f"{name!r} uses {model!r} in new chats.",
    )


def set_key(home: Home, quirks: Quirks, name: str, text: str) -> None:
    def work() -> None:
        home.set_key(name, text)
        close_key()
        start_test(home, quirks, name)

    _attempt(name, work, f"The key of {name!r} is saved.")


def forget(home: Home, name: str, header: str = "") -> None:
    st.session_state[FORGETTING] = None
    trials.forget(name)
    what = f"The header {header!r}" if header else "The key"
    _attempt(name, lambda: home.forget_key(name, header), f"{what} of {name!r} is forgotten.")


def remove(home: Home, name: str) -> None:
    st.session_state[REMOVING] = None
    trials.forget(name)
    _attempt(name, lambda: home.remove_connection(name), f"{name!r} is removed.")


def _attempt(name: str, work: Callable[[], object], words: str | None) -> None:
    def both() -> str | None:
        work()
        return words

    saving.attempt(name, both)
