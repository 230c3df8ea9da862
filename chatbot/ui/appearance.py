"""Light or dark: Streamlit keeps that choice in the browser, so its own menu is shown where the settings are."""

import streamlit as st

from chatbot import __version__
from chatbot.ui.words import sentence

ABOUT = f"**ByteBot {__version__}**: a chat app that you own. Your conversations and keys stay on this machine."


def menu() -> None:
    """Show the menu in the page's top right corner, which `toolbarMode = "minimal"` hides everywhere else.

    It comes with the choice of a theme as soon as it has an entry of ours; app.py takes the entry away on other pages,
    where the menu would bring a Stop that stops the page instead of the reply.
    """
    st.set_page_config(menu_items={"About": ABOUT})


def draw() -> None:
    st.markdown(
        "Light or dark follows your system until you choose: open the menu :material/more_vert: at the top right of this "
        "page and take **System**, **Light** or **Dark**. The choice holds on every page and is kept by this browser."
    )
    zone = st.context.timezone
    if zone:
        st.caption(sentence(f"Times are shown in {zone}, as this browser says."))
