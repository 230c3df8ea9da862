"""Keeping the costs page true while replies are made elsewhere."""

import streamlit as st

from chatbot.core.errors import ByteBotError
from chatbot.store.settled import Mark
from chatbot.ui import session

_EVERY = 2.0  # seconds between two looks at how far the ledger has come
_DRAWN = "costs drawn at"


def draw(mark: Mark) -> None:
    """What is being answered now, beside the title; the page is drawn anew once something has been settled."""
    st.session_state[_DRAWN] = mark
    st.fragment(_look, run_every=_EVERY)()


def _look() -> None:
    drawn: Mark = st.session_state.get(_DRAWN, Mark())
    try:
        mark = session.engine().ledger.mark()
    except ByteBotError:
        return  # the page itself says so when it is drawn again
    if _settled(drawn, mark):
        st.rerun()
    if count := len(mark.out):
        ends = "it ends" if count == 1 else "they end"
        st.caption(f":material/more_horiz: {count:,} being answered now; counted when {ends}")
    else:
        st.empty()


def _settled(before: Mark, now: Mark) -> bool:
    """Whether a call that was out has ended, or one has come and gone."""
    begun = sum(id > before.newest for id in now.out)
    return not set(before.out) <= set(now.out) or now.newest - before.newest != begun
