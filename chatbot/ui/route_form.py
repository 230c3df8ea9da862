"""The form of a rule of routing: new or changed. The button saves it whole, or says what is wrong and saves nothing."""

import re
from collections.abc import Mapping
from typing import Any

import streamlit as st

from chatbot.core.errors import BadInput
from chatbot.core.text import typed
from chatbot.engine.cheap import cheap_model_of
from chatbot.home.home import Home
from chatbot.ui import saving, trials

WHERE = "route_form"
EDITING = "route_editing"  # in the session: the number of the rule in the form
NEW = -1
_PATTERNS = ("route_model", "route_connection")
_SEEN = "route_seen"  # in the session: the rules as they were when the form was opened


def edit(number: int, table: Mapping[str, Any]) -> None:
    """Open the form with a rule in it, for a callback."""
    state = st.session_state
    state[EDITING] = number
    state.pop(_SEEN, None)
    words, at_most = table.get("words"), table.get("at_most")
    saving.fill(
        {
            "route_name": _text(table.get("name")),
            "route_to": _text(table.get("to")) or None,
            "route_at_most": at_most if type(at_most) is int and 1 <= at_most <= 2_000_000 else None,
            "route_without_code": table.get("without_code") is True,
            "route_words": ", ".join(map(_text, words)) if isinstance(words, list | tuple) else "",
            "route_model": _text(table.get("model")),
            "route_connection": _text(table.get("connection")),
        }
    )
    saving.never_mind(WHERE)


def close() -> None:
    st.session_state[EDITING] = None
    st.session_state.pop(_SEEN, None)
    saving.never_mind(WHERE)


def draw(home: Home, number: int) -> None:
    """The form, and what was wrong with the last attempt to save it."""
    st.session_state.setdefault(_SEEN, home.routes.tables)
    st.markdown("**New rule**" if number == NEW else f"**Rule {number + 1}**")
    with st.form("route_form", border=False):
        key, value = saving.field("route_name")
        st.text_input("Name", value, key=key, placeholder="short questions", max_chars=80)
        key, value = saving.field("route_to")
        offered = _offered(home, value, st.session_state.get(key))
        st.selectbox(
            "Goes to",
            offered,
            index=offered.index(value) if value else None,
            key=key,
            accept_new_options=True,
            placeholder="Choose a model or type its id",
            help="A model of the same connection as the chat.",
        )
        st.caption("It is for messages of which all of this holds. What is left empty does not matter.")
        key, value = saving.field("route_at_most")
        st.number_input(
            "At most so many characters",
            value=value,
            key=key,
            min_value=1,
            max_value=2_000_000,
            step=50,
            placeholder="Any length",
        )
        key, value = saving.field("route_words")
        st.text_input(
            "With one of these words",
            value,
            key=key,
            placeholder="translate, sum up",
            help="Separated by commas; whole words, in small or capital letters.",
        )
        key, value = saving.field("route_without_code")
        st.checkbox("Without code", value, key=key, help="No fence, backticks or lines that look like code.")
        st.caption("And for chats with these; * stands for any characters.")
        for column, label, name in zip(st.columns(2), ("Their model", "Their connection"), _PATTERNS, strict=True):
            key, value = saving.field(name)
            column.text_input(label, value, key=key, placeholder="Any")
        saving.refusal(WHERE)
        with st.container(horizontal=True):
            st.form_submit_button("Save rule", type="primary", on_click=_save, args=(home, number))
            st.form_submit_button("Cancel", type="tertiary", on_click=close)


def _offered(home: Home, *chosen: str | None) -> list[str]:
    """Models to choose from, with what was chosen before, wherever that came from."""
    return list(dict.fromkeys([*(model for model in chosen if model), *_models(home)]))


def _models(home: Home) -> list[str]:
    """What is known without asking anybody: the connections' own models, cheap ones, and what tests have listed."""
    found: list[str] = []
    for connection in home.connections().values():
        if not connection.embedded:
            known = (cheap_model_of(connection), connection.model)
            found += [*(model for model in known if model), *trials.models(connection.name)]
    return found


def _save(home: Home, number: int) -> None:
    def work() -> str:
        seen: tuple[Mapping[str, Any], ...] = st.session_state.get(_SEEN, ())
        fields = {name: value for name, value in _fields().items() if value not in (None, "", (), False)}
        if "to" not in fields:
            at = len(seen) + 1 if number == NEW else number + 1
            raise BadInput(f"Rule {at} goes nowhere yet: choose a model for “Goes to”, or type its id.")
        if number == NEW:
            wanted = [*enumerate(seen), (None, fields)]
        else:
            wanted = [(at, fields if at == number else table) for at, table in enumerate(seen)]
        home.save_routes(seen, wanted)
        close()
        return "The rule holds from the next message on."

    saving.attempt(WHERE, work)


def _fields() -> dict[str, Any]:
    entered = saving.entered
    words = [word.strip() for word in re.split(r"[,，、\n]", entered("route_words") or "")]
    return {
        "name": typed(entered("route_name")),
        "to": typed(entered("route_to") or ""),
        "model": _pattern(entered("route_model")),
        "connection": _pattern(entered("route_connection")),
        "at_most": entered("route_at_most"),
        "without_code": entered("route_without_code"),
        "words": [word for word in words if word] or None,
    }


def _pattern(text: str | None) -> str | None:
    cleaned = typed(text or "")
    return None if cleaned in ("", "*") else cleaned


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
