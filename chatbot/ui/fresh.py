"""Keeping the page true while nobody clicks: the name that comes after a first reply, and what is answered elsewhere."""

import time

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.core.blocks import label
from chatbot.core.errors import ByteBotError
from chatbot.engine.engine import Engine
from chatbot.engine.view import View
from chatbot.store.values import Line
from chatbot.ui import session
from chatbot.ui.open_chat import current
from chatbot.ui.words import OPEN_NAME, news

_LONGEST = 20.0  # seconds that a name is waited for
_PAUSE = 0.2
_EVERY, _FEW = 1.5, 5  # seconds between two looks at what is answered elsewhere; replies beyond which they are more
_KEY = "lines drawn"
_LATER = "lines are looked at later"


def drawn(lines: list[Line]) -> None:
    """What the sidebar shows now."""
    st.session_state[_KEY] = _picture(lines, _on_page())


def await_name(engine: Engine, view: View, title: DeltaGenerator, line: DeltaGenerator | None) -> bool:
    """Write a name that comes after the first reply into its two places, without drawing the page anew; whether one came."""
    conversation = view.conversation
    if conversation.title_by != "words" or view.earlier or len(view.shown) > 2:
        return False
    began = time.monotonic()
    while time.monotonic() - began < _LONGEST:
        # Asked before the store is: a name that came between the two is seen.
        asked = engine.naming(conversation.id)
        try:
            name = engine.store.conversations.get(conversation.id).title
        except ByteBotError:
            return False
        if name != conversation.title:
            title.subheader(label(name), anchor=False, width="stretch")
            if line is not None:
                line.markdown(f":small[**{label(name, most=OPEN_NAME)}**]", width="stretch")
            return True
        if not asked:
            return False
        st.session_state.get("beat")  # a yield point: a click takes the page away
        time.sleep(_PAUSE)
    return False


def watch() -> None:
    """Look again every other second, but only while another conversation is being answered. The page's last line.

    Less often where many are: each that ends would draw the page of everybody who looks.
    """
    if live := sum(live for _, live, _, _ in st.session_state.get(_KEY, ())):
        st.session_state[_LATER] = True
        st.fragment(_look_again, run_every=_EVERY * max(1.0, live / _FEW))()


def _look_again() -> None:
    if st.session_state.pop(_LATER, False):
        return  # the page itself was drawn just now: replies that end together are shown in one go
    picture = st.session_state.get(_KEY, ())
    try:
        lines = session.engine().store.conversations.lines(limit=max(1, len(picture)))
    except ByteBotError:
        return
    if _picture(lines, _on_page()) != picture:
        st.rerun()


def _on_page() -> str | None:
    """The conversation whose newest replies are on the page itself."""
    chat = current()
    return chat.conversation if chat.until is None else None


def _picture(lines: list[Line], open: str | None) -> tuple[tuple[str, bool, str | None, bool], ...]:
    """Without the marks of the `open` one: its replies are on the page itself."""
    return tuple(
        (
            line.id,
            line.live and line.id != open,
            news(line.ended) if line.unseen and line.id != open else None,
            line.pinned,
        )
        for line in lines
    )
