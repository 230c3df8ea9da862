"""The entry point of the browser's face: `streamlit run app.py`. Page config, navigation, and nothing else."""

from typing import Literal

import streamlit as st

from chatbot.ui import icon, session, warm

# Before the navigation, which would have the browser fetch its page's icon from elsewhere for want of ours.
# No menu: it would bring a Stop that stops the page instead of the reply. The settings show it, for the theme.
st.set_page_config(page_title="ByteBot", page_icon=icon.SVG, menu_items={"About": None})
st.logo(icon.NAME)
warm.start()
page = st.navigation(
    [
        st.Page("pages/chat.py", title="Chat", icon=":material/chat:", default=True),
        st.Page("pages/history.py", title="History", icon=":material/history:"),
        st.Page("pages/costs.py", title="Costs", icon=":material/payments:"),
        st.Page("pages/settings.py", title="Settings", icon=":material/settings:"),
    ]
)
# Said once: a page that sets a layout of its own after this one's loses it at its next run.
layout: Literal["wide", "centered"] = "wide" if page.url_path in ("costs", "history") else "centered"
st.set_page_config(layout=layout)
session.entered()
page.run()
