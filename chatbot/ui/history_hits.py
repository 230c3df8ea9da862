"""What was found, and what has a star: the messages themselves, each a click away from its place."""

from collections.abc import Sequence

import streamlit as st

from chatbot.core.blocks import label
from chatbot.engine.engine import Engine
from chatbot.store.values import Filters, Hit, Starred
from chatbot.ui import clock, moving
from chatbot.ui.found import WHERE, groups, marked, notes
from chatbot.ui.history_rows import ago
from chatbot.ui.search_field import Asked

_PAGE = 20
_LONG, _WORDS = 220, 240  # characters of a sentence that was found, and of a starred message
_MORE = "history-more"
_ROLES = {"user": "You", "assistant": "ByteBot"}


def found(engine: Engine, asked: Asked, filters: Filters) -> None:
    """The places where it stands, the conversations in the order of their best one."""
    typed = asked.typed
    shown = _shown((typed, filters))
    hits = engine.store.search.find(typed, filters, limit=shown + 1, long=_LONG)
    whole = engine.store.search.whole
    with st.container(key="history-found", gap="small"):
        if hits:
            st.caption("On every shelf but the trash, the best first.")
        for group in groups(hits[:shown]):
            _group(group)
        for words in notes(typed, hits, whole=whole):
            st.caption(words)
        _more(len(hits) > shown)
    asked.first(hits, message="go-", conversation="go-")


def starred(engine: Engine, nothing: str) -> None:
    """The starred messages, the last starred first."""
    shown = _shown("starred")
    stars = engine.store.stars.newest(limit=shown + 1)
    if not stars:
        st.caption(nothing)
        return
    with st.container(key="history-stars", gap="small"):
        for star in stars[:shown]:
            _star(star)
        _more(len(stars) > shown)


def _group(hits: Sequence[Hit]) -> None:
    first = hits[0]
    title = marked(first.snippet) if first.where == "title" else label(first.title or "(no title)", 90)
    with st.container(border=True, gap="xsmall"):
        if st.button(title, key=f"go-{first.conversation}", icon=":material/chat_bubble:", type="tertiary"):
            _go(first.conversation, None)
        for hit in hits:
            if hit.where in WHERE:
                st.caption(f"{marked(hit.snippet)} :small[:gray[{WHERE[hit.where]}]]")
            if hit.message is None:
                continue
            who = f"{_ROLES.get(hit.role or '', '')}, {ago(hit.when, clock.now())}"
            if st.button(f"{marked(hit.snippet)} :small[:gray[{who}]]", key=f"go-{hit.message}", type="tertiary"):
                _go(hit.conversation, hit.message)


def _star(star: Starred) -> None:
    with st.container(border=True, gap="xsmall"):
        if st.button(
            label(star.text, _WORDS) or "(no words)",
            key=f"star-{star.message}",
            icon=":material/star:",
            type="tertiary",
        ):
            _go(star.conversation, star.message)
        who = _ROLES.get(star.role, "")
        st.caption(f"{who} · {label(star.title or '(no title)', 60)} · {ago(star.created, clock.now())}")


def _go(conversation: str, message: int | None) -> None:
    moving.jump(conversation, message)
    st.switch_page("pages/chat.py", query_params={"c": conversation})


def _shown(about: object) -> int:
    before, count = st.session_state.get(_MORE, (None, _PAGE))
    if before != about:
        count = _PAGE
        st.session_state[_MORE] = (about, count)
    return int(count)


def _more(there: bool) -> None:
    if there:
        st.button("More", key="history-more-button", icon=":material/expand_more:", type="tertiary", on_click=_add)


def _add() -> None:
    about, count = st.session_state[_MORE]
    st.session_state[_MORE] = (about, count + _PAGE)
