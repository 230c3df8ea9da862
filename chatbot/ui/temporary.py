"""A temporary chat: its words are in the memory of this server and nowhere else, until it is left or its tab is closed."""

import atexit
import weakref

import streamlit as st

from chatbot.core.errors import BadInput
from chatbot.engine.engine import Engine
from chatbot.engine.open import temporary_beside
from chatbot.ui import callbacks, session
from chatbot.ui.open_chat import OpenChat, current, end

MOST = 100  # in one server


def begin(chat: OpenChat) -> None:
    """Let the chat, which has no words yet, be a temporary one; BadInput when too many are open."""
    alive = _alive()
    if len(alive) >= MOST:
        raise BadInput(f"{MOST} temporary chats are open on this server. Close the tab of one of them first.")
    made = temporary_beside(session.engine())
    alive.add(made)
    chat.temporary = made
    # A closed tab calls nobody: Streamlit drops what it kept for it, and this notices. At the end of the process
    # `_close_all` does it, since no thread can be started then.
    weakref.finalize(chat, end, made).atexit = False


def stop(chat: OpenChat) -> None:
    """Let it be a chat like any other; only before its first message."""
    if chat.temporary is not None:
        end(chat.temporary)
        chat.temporary = None


@callbacks.told
def set_temporary(widget: str) -> None:
    """The toggle on a new chat was used."""
    chat = current()
    if chat.conversation is None:  # else a message was sent in the same moment
        (begin if st.session_state[widget] else stop)(chat)


@st.cache_resource(show_spinner=False)
def _alive() -> "weakref.WeakSet[Engine]":
    """Those of this server. Weak: a closed tab's goes with the tab."""
    alive: weakref.WeakSet[Engine] = weakref.WeakSet()
    atexit.register(_close_all, alive)
    return alive


def _close_all(alive: "weakref.WeakSet[Engine]") -> None:
    for engine in list(alive):
        engine.close()  # at once, but for one that is writing
