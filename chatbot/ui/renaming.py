"""The field for a conversation's new name, where its menu was used: above the chat or in the list beside it."""

from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.store.values import Conversation, Line
from chatbot.ui import callbacks
from chatbot.ui.open_chat import Renaming
from chatbot.ui.seats import clear
from chatbot.ui.words import sentence


def draw(named: Conversation | Line, renaming: Renaming) -> None:
    """One element. It is a form, so that a click on Cancel does not save what was typed."""
    key = f"{renaming.where}-{named.id}"
    with st.form(f"rename-{key}", border=False):
        with _place(renaming):
            widget = f"title-{key}"
            # At this width Streamlit leaves out its hint, which would lie over what is typed.
            width: Literal["stretch"] | int = 180 if renaming.where == "list" else "stretch"
            st.text_input("Title", named.title, key=widget, label_visibility="collapsed", width=width)
            with st.container(horizontal=True, gap="xsmall", width="content"):
                st.form_submit_button("Save", type="primary", on_click=callbacks.rename, args=(named.id, widget))
                st.form_submit_button("Cancel", on_click=callbacks.cancel)
        if renaming.refused:
            st.caption(f":material/error: {sentence(renaming.refused)}")
        else:
            clear(1)


def _place(renaming: Renaming) -> DeltaGenerator:
    """The list is too narrow for the buttons to stand beside the field."""
    if renaming.where == "list":
        return st.container(gap="xsmall")
    return st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False)
