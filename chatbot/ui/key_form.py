"""The one way in for a key: a field that is emptied with the click that saves it."""

from collections.abc import Callable

import streamlit as st

from chatbot.ui import saving


def key_field(field: str, *, help: str | None = None, label: str = "Key", disabled: bool = False) -> None:
    """A field that masks what is typed. Draw it inside a form: then its text leaves the browser with the click alone."""
    st.text_input(
        label, type="password", key=saving.key_of(field), help=help, disabled=disabled, placeholder="Paste it here"
    )


def typed(field: str) -> bool:
    """Whether there is something in a key field, for a callback."""
    return bool(st.session_state.get(saving.key_of(field)))


def take(field: str) -> str:
    """The text of a key field, for a callback. It is gone from the page and the session with this."""
    key = saving.key_of(field)
    text: str = st.session_state.get(key) or ""
    if key in st.session_state:
        del st.session_state[key]
    # To empty the field instead would be one message, and if that is lost, the browser keeps the key and sends it again.
    saving.anew(field)
    return text


def key_form(name: str, *, button: str, save: Callable[[str], None], cancel: Callable[[], None] | None = None) -> None:
    """Ask for a key; `save` gets what was typed, in a callback."""
    field = f"key_of:{name}"

    def submitted() -> None:
        save(take(field))

    def left() -> None:
        take(field)
        if cancel:
            cancel()

    with st.form(f"key_form:{name}", border=False):
        key_field(field)
        with st.container(horizontal=True):
            st.form_submit_button(button, type="primary", on_click=submitted)
            if cancel:
                st.form_submit_button("Cancel", type="tertiary", on_click=left)
