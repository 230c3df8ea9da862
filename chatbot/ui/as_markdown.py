"""A whole conversation as Markdown, to be copied: Streamlit's code block has the button for it."""

import streamlit as st

from chatbot.core.errors import ByteBotError
from chatbot.ui import downloads
from chatbot.ui.open_chat import OpenChat, current
from chatbot.ui.session import engine_of
from chatbot.ui.words import sentence

_MOST = 500_000  # characters that a browser still lays out in a moment


def begin() -> None:
    current().calm()
    current().copying = True


def _end() -> None:
    current().copying = False


@st.dialog("As Markdown", width="large", icon=":material/content_copy:", on_dismiss=_end)
def show(chat: OpenChat, conversation: str) -> None:
    """The branch that is shown, with a button that copies it."""
    try:
        text = downloads.file(engine_of(chat), conversation, chat.head, "md").decode()
    except ByteBotError as error:
        st.error(sentence(error.sentence), icon=":material/error:")
        return
    if len(text) > _MOST:
        st.caption(
            f"It has {len(text):,} characters, too many to be shown here. Download it as Markdown from the same menu."
        )
        return
    st.caption("The button at the top right of the block copies all of it.")
    st.code(text, language=None, wrap_lines=True, height=420)
