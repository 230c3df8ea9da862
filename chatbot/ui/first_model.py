"""The model of a chat that has none yet: its connection names none, so its server is asked what it has."""

import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from chatbot.core.errors import ByteBotError
from chatbot.core.settings import Connection
from chatbot.engine.choose import own_model
from chatbot.engine.engine import Engine
from chatbot.ui import models, session

if TYPE_CHECKING:
    from chatbot.ui.open_chat import OpenChat

_LONGEST = 20.0  # seconds that a list is waited for
_PAUSE = 0.1


def take(engine: Engine, chat: "OpenChat") -> None:
    """Let the chat have it, if its server has said by now. Before the page is drawn."""
    connection = _nameless(chat)
    if connection is None:
        return
    listed = models.listed(engine, connection)
    model = own_model(connection, listed) if listed or models.answered(connection) else ""
    if model:
        chat.options = replace(chat.options, model=model)
        if chat.conversation is not None:
            with suppress(ByteBotError):  # this tab has it; a history that takes nothing says so when something is sent
                session.engine_of(chat).store.conversations.set_options(chat.conversation, chat.options)


def wait(chat: "OpenChat") -> None:
    """Draw the page anew once its server has said. The page's last line: a click takes it away."""
    if not awaited(chat):
        return
    began = time.monotonic()
    while time.monotonic() - began < _LONGEST:
        if not awaited(chat):
            st.rerun()
        st.session_state.get("beat")  # a yield point
        time.sleep(_PAUSE)


def awaited(chat: "OpenChat") -> bool:
    """Whether its server is being asked."""
    connection = _nameless(chat)
    return connection is not None and not models.answered(connection)


def _nameless(chat: "OpenChat") -> Connection | None:
    """The connection whose server must say which model; None where that is settled."""
    if chat.options.model:
        return None
    try:
        return session.home().connection(chat.options.connection)
    except ByteBotError:
        return None  # the page says what is wrong with it
