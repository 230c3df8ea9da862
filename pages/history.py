"""All conversations: found, put in order, put away, thrown away."""

import streamlit as st

from chatbot.ui import history, session

session.guard("pages/history.py")

st.title("History")
history.draw(session.engine())
