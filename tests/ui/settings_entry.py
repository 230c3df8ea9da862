"""The app with the settings as its first page.

In process, Streamlit takes each run of app.py for the first of a server, and a page that is not the first one then goes
through its guard, which forgets what was typed. A server does so once.
"""

from pathlib import Path

import streamlit as st

from chatbot.ui import session

pages = Path(__file__).parents[2] / "pages"
page = st.navigation([st.Page(pages / "settings.py", default=True), st.Page(pages / "chat.py")])
session.entered()
page.run()
