"""All conversations: found, put in order, put away, thrown away."""

import streamlit as st

from chatbot.ui import history, history_export, history_import, history_many, history_patterns, session

session.guard("pages/history.py")

engine = session.engine()

st.title("History")
# Only the open one is drawn: the others would be worked out for nobody.
conversations, files, patterns = st.tabs(
    ("Conversations", "Import and export", "Patterns"), key=history_many.TABS, on_change="rerun"
)
if conversations.open:
    with conversations:
        history.draw(engine)
if files.open:
    with files:
        history_export.draw(engine)
        st.divider()
        history_import.draw(engine, session.home())
if patterns.open:
    with patterns:
        history_patterns.draw(engine)
