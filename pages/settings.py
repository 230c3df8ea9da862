"""Settings: connections, what new chats begin with, which model answers, prices and limits, how it looks, backups, where it is kept, the offline model."""

import streamlit as st

from chatbot.ui import appearance, chat_defaults, connections, keeping, limits, offline, places, prices, routes, session
from chatbot.ui.words import sentence

session.guard("pages/settings.py")

TABS = ("Connections", "New chats", "Prices", "Limits", "Look", "Data")  # all in sight on a phone

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
    st.divider()
    routes.draw(home)
with tabs[2]:
    prices.draw(home)
with tabs[3]:
    limits.draw(engine)
with tabs[4]:
    appearance.draw()
with tabs[5]:
    keeping.draw(home, engine)
    st.divider()
    places.draw(home, engine.store)
    st.divider()
    offline.about(home)
