"""The slot above the input for a sentence: what went wrong, or that something was deleted and can be taken back."""

import time
from dataclasses import replace

import streamlit as st

from chatbot.ui import callbacks
from chatbot.ui.open_chat import Note, OpenChat, current, undo_until
from chatbot.ui.seats import seat
from chatbot.ui.words import sentence


def draw(chat: OpenChat, otherwise: str) -> None:
    """Beside the input, so that it is seen wherever the messages are scrolled to, and moves none of them.

    `otherwise`: what is said where there is no note.
    """
    if chat.note is not None and chat.note.until is not None and not chat.note.drawn:
        # From now on: on a busy machine a page comes seconds after the click that asked for it.
        chat.note = replace(chat.note, until=undo_until(), drawn=True)
    with st.bottom, st.container(key="note"), seat(chat.seats, "note", chat.note or otherwise):
        note = chat.note
        if note is None:
            if otherwise:
                st.caption(f":material/cloud_off: {sentence(otherwise)}")
            return
        if note.until is not None:
            _undo(note)
            return
        st.warning(sentence(note.sentence), icon=":material/info:")
        if note.settings:
            st.page_link("pages/settings.py", label="Open settings", icon=":material/settings:")


def _undo(note: Note) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(sentence(note.sentence), width="content")
        st.button("Undo", key="undo", icon=":material/undo:", type="tertiary", on_click=callbacks.undo, args=(note,))
    _expire()


@st.fragment(run_every=1.0)
def _expire() -> None:
    """The button stands outside: a click on one in here would wait until the reply that is followed has ended."""
    note = current().note
    if note is not None and note.until is not None and time.monotonic() > note.until:
        current().note = None
        st.rerun()
