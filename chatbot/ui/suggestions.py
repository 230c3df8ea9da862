"""The empty page: a greeting, and a few ways to begin."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.core.settings import EMBEDDED
from chatbot.ui import callbacks, conversation
from chatbot.ui.open_chat import OpenChat

# What the tiny offline model was seen to answer decently each time: asked for the capital of France, it is wrong one time in three.
OFFLINE = (
    "What is the capital of Japan?",
    "Write a short poem about the sea.",
    "What is a decorator in Python?",
    "Explain photosynthesis in simple words.",
)
ONLINE = (
    "Explain Python decorators with an example.",
    "Plan a rainy weekend with two children.",
    "Turn my notes into a clear email.",
    "Argue for and against a four-day week.",
)


def draw(column: DeltaGenerator, chat: OpenChat) -> None:
    """Two elements in the column of messages."""
    with column:
        st.title("What is on your mind?", anchor=False)
        with st.container(key="suggestions", gap="small"):
            for number, text in enumerate(OFFLINE if chat.options.connection == EMBEDDED else ONLINE):
                st.button(
                    text,
                    key=f"suggestion-{number}",
                    icon=":material/arrow_outward:",
                    on_click=callbacks.suggest,
                    args=(text, callbacks.fresh_key()),
                )
    conversation.empty_below(column, chat, 2)
