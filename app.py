"""The entry point of the browser's face: `streamlit run app.py`. Page config, navigation, and nothing else."""

import streamlit as st

from chatbot.ui import icon, session, warm

# No menu: it would bring a Stop that stops the page instead of the reply. The settings show it, for the theme.
st.set_page_config(page_title="ByteBot", page_icon=icon.SVG, layout="centered", menu_items={"About": None})
warm.start()
page = st.navigation(
    [
        st.Page("pages/chat.py", title="Chat", icon=":material/chat:", default=True),
        st.Page("pages/costs.py", title="Costs", icon=":material/payments:"),
        st.Page("pages/settings.py", title="Settings", icon=":material/settings:"),
    ]
)
session.entered()
page.run()
