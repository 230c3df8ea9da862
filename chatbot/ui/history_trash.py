"""The trash of the history page: emptying it, and the parts of conversations that lie in it."""

import streamlit as st

from chatbot.core.blocks import label
from chatbot.core.errors import ByteBotError
from chatbot.engine.engine import Engine
from chatbot.ui import clock, history_note, session
from chatbot.ui.history_rows import ago

_FEW = 100


def head(engine: Engine, count: int) -> None:
    """What lies here and for how long."""


def branches(engine: Engine) -> None:
    """Messages that were deleted out of conversations which are still there."""
    found = engine.store.history.deleted_branches(limit=_FEW)
    if not found:
        return
    st.subheader("Deleted messages", anchor=False)
    for branch in found:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            with st.container(gap=None):
                st.markdown(label(branch.text, 90) or "(no words)")
                count = f"{branch.messages:,} message{'' if branch.messages == 1 else 's'}"
                where = label(branch.title or "(no title)", 60)
                st.caption(f"{count} · out of {where} · deleted {ago(branch.deleted, clock.now())}")
            st.button(
                "Take back",
                key=f"branch-{branch.token}",
                icon=":material/undo:",
                type="tertiary",
                width="content",
                on_click=_take_back,
                args=(branch.token,),
            )


def _take_back(token: str) -> None:
    try:
        session.engine().store.conversations.undelete_message(token)
    except ByteBotError as error:
        history_note.refuse(error)
    else:
        history_note.say("Taken back.")
