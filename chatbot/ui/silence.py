"""A calm line above the input where the chat's server cannot be talked to: said before something is typed."""

import time

import streamlit as st

from chatbot.core.errors import ByteBotError
from chatbot.core.messages import LIVE
from chatbot.core.settings import Connection
from chatbot.engine.view import View
from chatbot.ui import adding_key, models, session
from chatbot.ui.open_chat import OpenChat

_LONGEST = 3.0  # seconds that the end of the page waits for a server
_PAUSE = 0.1


def words(chat: OpenChat, view: View | None) -> str:
    """Why its server cannot be talked to, as far as is known; empty where all is well or the page says so elsewhere."""
    if view is not None and view.shown and view.shown[-1].state in ("failed", "cut", *LIVE):
        return ""
    try:
        connection = _asked(chat)
    except ByteBotError as error:
        return error.sentence
    return models.wrong(connection) if connection else ""


def wait(chat: OpenChat, view: View | None, said: str) -> None:
    """Draw the page of a new chat anew should its server turn out to be silent. At the page's end: a click takes it away.

    `said`: the words that stand there.
    """
    if view is not None or said:
        return
    try:
        connection = _asked(chat)
    except ByteBotError:
        connection = None
    began = time.monotonic()
    while connection and not models.answered(connection) and time.monotonic() - began < _LONGEST:
        st.session_state.get("beat")  # a yield point
        time.sleep(_PAUSE)
    if words(chat, view):
        st.rerun()


def _asked(chat: OpenChat) -> Connection | None:
    """The connection whose server is asked for its models."""
    name = chat.options.connection
    adding = adding_key.current()
    if adding is not None and (adding.result is None or adding.result.name == name):
        return None  # how that went is said above the messages
    connection = session.home().connection(name)
    return None if connection.embedded else connection
