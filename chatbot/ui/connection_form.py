"""The form of a connection: new or changed. Pressing Enter or the button saves it whole."""

from collections.abc import Callable
from dataclasses import dataclass, fields

import streamlit as st

from chatbot.core.errors import BadInput
from chatbot.core.settings import Connection, Timeouts
from chatbot.core.text import typed
from chatbot.home.addresses import read_base_url
from chatbot.home.home import Home
from chatbot.home.table import CONNECTION_NAME
from chatbot.providers.vendors import cheap_model
from chatbot.ui import numbers, saving
from chatbot.ui.key_form import key_field, take
from chatbot.ui.presets import BY_TITLE
from chatbot.ui.words import sentence

WHERE = "connection_form"
_TIMEOUTS = {
    "connect": "To connect",
    "first": "For the first words",
    "bytes": "Between bytes after that",
    "deltas": "Between words after that",
    "total": "For a whole reply",
}


@dataclass(frozen=True, slots=True)
class Entered:
    """What the form says. `key` is empty when none was typed."""

    connection: Connection
    key: str


def fill(connection: Connection | None) -> None:
    """Put a connection into the form, for a callback; None empties it for a new one."""
    shown = connection or Connection(name="", base_url="")
    take("form_key")
    saving.fill(
        {
            "form_preset": None,
            "form_name": shown.name,
            "form_base_url": shown.base_url,
            "form_headers": "\n".join(f"{name}: {text}" for name, text in shown.headers.items()),
            "form_cheap_model": shown.cheap_model or "",
            "form_context": shown.context,
            **{f"form_{one.name}": getattr(shown.timeouts, one.name) for one in fields(Timeouts)},
        }
    )
    saving.never_mind(WHERE)


def draw(home: Home, editing: str, *, save: Callable[[], None], close: Callable[[], None]) -> None:
    """The form; `editing` is the connection's name, empty for a new one. Both callbacks may call `read`."""
    if not editing:
        key, _ = saving.field("form_preset")
        st.pills(
            "Fill in for",
            [title for title, preset in BY_TITLE.items() if preset.name not in home.connections()],
            key=key,
            on_change=_preset,
            help="Fills in the name and the address. Nothing is saved or asked until you say so.",
        )
        preset = BY_TITLE.get(st.session_state.get(key) or "")
        st.caption(preset.about if preset else "Or fill in the form for any other OpenAI-compatible server.")
    with st.form("connection_form"):
        _fields(home, editing)
        saving.refusal(WHERE)
        with st.container(horizontal=True):
            st.form_submit_button("Save and test", type="primary", on_click=save)
            st.form_submit_button("Cancel", type="tertiary", on_click=close)


def _fields(home: Home, editing: str) -> None:
    fixed = home.base_url(editing) if editing else None
    key, value = saving.field("form_name")
    st.text_input(
        "Name",
        value,
        key=key,
        disabled=bool(editing),
        placeholder="my-server",
        help="Chats refer to a connection by its name, so it stays." if editing else "Letters, digits, - and _.",
    )
    key, address = saving.field("form_base_url")
    typed = st.text_input(
        "Base URL",
        address,
        key=key,
        disabled=bool(fixed and fixed.fixed),
        placeholder="https://api.example.com/v1",
        help="Everything before /chat/completions. Most end with /v1.",
    )
    if fixed and fixed.fixed:
        st.caption(sentence(saving.source(fixed)))
    if not editing:
        key_field("form_key", label="Key (if it needs one)", help="Kept apart from the settings and never shown again.")
    with st.expander("Cheap model, headers, context size, timeouts"):
        usual = cheap_model(typed or "")
        key, value = saving.field("form_cheap_model")
        st.text_input(
            "Cheap model",
            value,
            key=key,
            placeholder=f"The vendor's own: {usual}" if usual else "The chat's own model",
            help="Asked for simple things, such as a conversation's title, unless it is dearer than the chat's own model.",
        )
        key, value = saving.field("form_headers")
        st.text_area(
            "Extra headers",
            value,
            key=key,
            height=100,
            placeholder="X-Title: ByteBot",
            help="One per line, a name, a colon, a text. Secret ones, such as api-key, are kept with the keys.",
        )
        if editing and (secret := home.secret_headers(editing)):
            st.caption(sentence(f"Kept with the keys and not shown: {', '.join(secret)}."))
        key, value = saving.field("form_context")
        st.number_input(
            "Context size",
            value=value,
            key=key,
            step=1024,
            placeholder="What the server says",
            help="Tokens that the model can read and write in one request. Leave it empty unless the server is wrong.",
        )
        st.caption("How long to wait, in seconds")
        columns = st.columns(2)
        for number, (name, words) in enumerate(_TIMEOUTS.items()):
            key, value = saving.field(f"form_{name}")
            columns[number % 2].number_input(words, value=value, key=key, step=5.0, format="%g")


def read(editing: str) -> Entered:
    """What was filled in, for a callback; the key's field is emptied. BadInput when the form makes no sense."""
    key, entered = take("form_key"), saving.entered
    name = editing or typed(entered("form_name"))
    if not CONNECTION_NAME.fullmatch(name):
        shown = f"{name!r} cannot name a connection" if name else "The connection needs a name"
        wrong = f"{shown}; use letters, digits, - and _, at most 40."
        try:
            read_base_url(entered("form_base_url"))
        except BadInput as error:
            wrong = f"{wrong} {error.sentence}"  # both at once: nobody wants to be sent back twice
        raise BadInput(wrong)
    return Entered(
        Connection(
            name=name,
            base_url=entered("form_base_url"),
            headers=_headers(entered("form_headers")),
            context=numbers.checked(numbers.CONTEXT, "Context size", entered("form_context")),
            cheap_model=typed(entered("form_cheap_model")) or None,
            timeouts=Timeouts(
                **{one.name: _seconds(entered(f"form_{one.name}"), one.name) for one in fields(Timeouts)}
            ),
        ),
        key,
    )


def _headers(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, colon, words = line.partition(":")
        if not colon or not name.strip():
            # The line is not repeated: it may be a secret.
            raise BadInput(f"Line {number} of the extra headers has no name and colon; write it like X-Title: ByteBot.")
        found[name.strip()] = words.strip()
    return found


def _seconds(value: float | None, name: str) -> float:
    seconds = numbers.checked(numbers.WAIT, _TIMEOUTS[name], value)
    if seconds is None:
        raise BadInput(f"How long to wait ({_TIMEOUTS[name].lower()}) must be a number of seconds.")
    return seconds


def _preset() -> None:
    preset = BY_TITLE.get(saving.entered("form_preset") or "")
    if preset:
        saving.fill({"form_name": preset.name, "form_base_url": preset.base_url})
