"""A first key: tested at once, kept unless the server refuses it, and a model chosen, all beside the page."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from chatbot.core.errors import ByteBotError, KeyRefused
from chatbot.core.settings import Connection, Secret
from chatbot.engine.choose import likely, own_model
from chatbot.engine.trial import Trial, sensible, try_connection
from chatbot.home.connections import OPENAI_USUAL
from chatbot.home.home import Home
from chatbot.home.keys import read_key
from chatbot.home.table import OPENAI
from chatbot.providers.provider import Quirks
from chatbot.ui.beside import Beside
from chatbot.ui.connection_actions import make_default

_ADDING = "adding_key"  # in the session: what is being added
_QUICK = 0.6  # seconds that a page waits for a quick answer, so that it comes without a flicker


@dataclass(frozen=True, slots=True)
class Added:
    """`kept`: the connection may be used. `trial` says how its server answered."""

    name: str
    kept: bool
    trial: Trial


def begin_key(home: Home, quirks: Quirks, text: str) -> None:
    """Add a key for OpenAI, or for the server that OPENAI_BASE_URL names. BadInput when it can be no key."""
    key = read_key(text)
    known = home.connections().get(OPENAI, OPENAI_USUAL)
    # The thread's closure is the one place where the key stays until it is kept or refused.
    _begin(OPENAI, lambda: _add_key(home, quirks, known, key))


def begin_neighbour(home: Home, quirks: Quirks, found: Connection) -> None:
    """Add a server found on this machine."""
    _begin(found.name, lambda: _add_neighbour(home, quirks, found))


def current() -> Beside[Added] | None:
    """What is being added in this session, or was added last."""
    found: Beside[Added] | None = st.session_state.get(_ADDING)
    return found


def done() -> None:
    """The person has read how it went."""
    st.session_state.pop(_ADDING, None)


def _begin(name: str, work: Callable[[], Added]) -> None:
    broken = Added(name, kept=False, trial=Trial(works=False, sentence="Adding it failed. The log names the cause."))
    adding = Beside("adding-a-connection", work, broken)
    st.session_state[_ADDING] = adding
    adding.wait(_QUICK)


def _add_key(home: Home, quirks: Quirks, connection: Connection, key: Secret) -> Added:
    trial = try_connection(connection, key, quirks)
    if isinstance(trial.error, KeyRefused):
        return Added(connection.name, kept=False, trial=trial)
    try:
        home.set_key(connection.name, key.reveal())
        _finish(home, connection, trial)
    except ByteBotError as error:
        return Added(connection.name, kept=False, trial=replace(trial, works=False, sentence=error.sentence))
    return Added(connection.name, kept=True, trial=trial)


def _add_neighbour(home: Home, quirks: Quirks, found: Connection) -> Added:
    trial = try_connection(found, None, quirks)
    try:
        home.save_connection(found)
        _finish(home, found, trial)
    except ByteBotError as error:
        return Added(found.name, kept=False, trial=replace(trial, works=False, sentence=error.sentence))
    return Added(found.name, kept=True, trial=trial)


def _finish(home: Home, connection: Connection, trial: Trial) -> None:
    """A model that the server has, and new chats on it."""
    model = sensible(trial.models, *likely(connection)) or own_model(connection, ())
    if model and model != connection.model:
        home.save_connection(replace(connection, model=model))
    if home.default_connection() != connection.name and not home.value("chat", "connection").fixed:
        make_default(home, connection.name)
