"""What was done on the history page, in a sentence, with the way back for ten seconds."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from chatbot.core.errors import ByteBotError
from chatbot.ui.open_chat import undo_until
from chatbot.ui.words import sentence

_KEY = "history note"


@dataclass(frozen=True, slots=True)
class _Note:
    words: str
    undo: Callable[[], object] | None
    until: float
    wrong: bool = False
    drawn: bool = False


def say(words: str, undo: Callable[[], object] | None = None) -> None:
    """`undo` takes back what was done."""
    st.session_state[_KEY] = _Note(words, undo, undo_until())


def refuse(error: ByteBotError) -> None:
    """Why nothing was done."""
    st.session_state[_KEY] = _Note(error.sentence, None, undo_until(), wrong=True)


def forget() -> None:
    """What was said can be taken back no more, or is old news."""
    st.session_state.pop(_KEY, None)


def is_said() -> bool:
    """Whether there is one now."""
    return _note() is not None


def _note() -> _Note | None:
    note: _Note | None = st.session_state.get(_KEY)
    return None if note is None or time.monotonic() > note.until else note


def draw() -> None:
    """At the foot of the window, where it is in sight wherever the list was scrolled to."""
    said: _Note | None = st.session_state.get(_KEY)
    if said is not None and not said.drawn:
        st.session_state[_KEY] = replace(said, until=undo_until(), drawn=True)  # its time runs once it is seen
    note = _note()
    if note is None:
        return
    with st.bottom.container(key="history-note", horizontal=True, vertical_alignment="center", gap="small"):
        icon = ":material/error:" if note.wrong else ":material/check:"
        st.caption(f"{icon} {sentence(note.words)}", width="content")
        if note.undo is not None:
            st.button("Undo", key="history-undo", icon=":material/undo:", type="tertiary", on_click=_undo, args=(note,))
    _expire()


def _undo(note: _Note) -> None:
    st.session_state.pop(_KEY, None)
    if note.undo is not None:
        try:
            note.undo()
        except ByteBotError as error:
            refuse(error)


@st.fragment(run_every=1.0)
def _expire() -> None:
    if not is_said() and st.session_state.pop(_KEY, None) is not None:
        st.rerun()
