"""Settings: connections, what new chats begin with, which model answers, what may be spent, how it looks, where it is kept, the offline model."""

import streamlit as st

from chatbot.ui import appearance, chat_defaults, connections, limits, offline, places, routes, session
from chatbot.ui.words import sentence

session.guard("pages/settings.py")

TABS = ("Connections", "New chats", "Routing", "Limits", "Appearance", "Data", "Offline model")

home, engine = session.home(), session.engine()
appearance.menu()

st.title("Settings")
for problem in home.problems():
    st.warning(sentence(problem.sentence), icon=":material/warning:")

tabs = st.tabs(TABS, key="settings_tab")
with tabs[0]:
    connections.draw(home, engine.store.quirks)
with tabs[1]:
    chat_defaults.draw(home)
with tabs[2]:
    routes.draw(home)
with tabs[3]:
    limits.draw(engine)
with tabs[4]:
    appearance.draw()
with tabs[5]:
    places.draw(home, engine.store)
with tabs[6]:
    offline.about(home)
