"""Keeping a resting page true: a title that comes after the reply, a conversation answered meanwhile."""

import time

import streamlit as st

from chatbot.core.errors import ByteBotError
from chatbot.store.values import Line
from chatbot.ui import session
from chatbot.ui.open_chat import current

_TITLE_WITHIN = 20.0  # seconds after a reply in which its conversation may still be given a name
_KEY = "lines drawn"
_UNTIL = "name awaited until"


def drawn(lines: list[Line]) -> None:
    """What the sidebar shows now."""
    st.session_state[_KEY] = _picture(lines, current().conversation)


def await_name() -> None:
    """A first reply has just ended, so a model may be asked to name the conversation."""
    st.session_state[_UNTIL] = time.monotonic() + _TITLE_WITHIN


def watch() -> None:
    """Look again every other second, but only while something is bound to change. The page's last line."""
    picture = st.session_state.get(_KEY, ())
    if any(live for _, _, live, _, _ in picture) or time.monotonic() < st.session_state.get(_UNTIL, 0.0):
        _look_again()


@st.fragment(run_every=1.5)
def _look_again() -> None:
    picture = st.session_state.get(_KEY, ())
    try:
        lines = session.engine().store.conversations.lines(limit=max(1, len(picture)))
    except ByteBotError:
        return
    if _picture(lines, current().conversation) != picture or (
        not any(live for _, _, live, _, _ in picture) and time.monotonic() > st.session_state.get(_UNTIL, 0.0)
    ):
        st.rerun()


def _picture(lines: list[Line], open: str | None) -> tuple[tuple[str, str, bool, bool, bool], ...]:
    """Without the marks of the open conversation: its replies are on the page itself."""
    return tuple(
        (line.id, line.title, line.live and line.id != open, line.unseen and line.id != open, line.pinned)
        for line in lines
    )
