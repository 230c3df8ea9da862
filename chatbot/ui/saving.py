"""What a settings widget's callback does: try, then say that it holds or what is wrong with it."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from chatbot.core.errors import ByteBotError
from chatbot.home.setting import Value
from chatbot.ui import session
from chatbot.ui.words import sentence

_REFUSED = "settings_refused"  # in the session: where -> what was wrong
_ANEW = "settings_anew"  # in the session: a widget's key -> how often it began anew
_FILLED = "settings_filled"  # in the session: the key of a form's field -> what it begins with


def attempt(where: str, work: Callable[[], str | None] | Callable[[], None]) -> bool:
    """Do the work of a callback and say its words in passing; false when it was refused, `refusal(where)` says why."""
    never_mind(where)
    try:
        words = work()
    except ByteBotError as error:
        st.session_state.setdefault(_REFUSED, {})[where] = error.sentence
        return False
    if words:
        session.said(words)
    return True


def refused(where: str) -> bool:
    """Whether the last attempt was made here and failed."""
    return where in st.session_state.get(_REFUSED, {})


def refusal(where: str) -> None:
    """What was wrong with the last attempt, if it was made here."""
    if refused(where):
        st.error(sentence(st.session_state[_REFUSED][where]), icon=":material/error:")


def never_mind(where: str) -> None:
    """Drop what was wrong here, and in its parts (`where:part`): it was put right or left."""
    told: dict[str, str] = st.session_state.get(_REFUSED, {})
    for place in [place for place in told if place == where or place.startswith(f"{where}:")]:
        del told[place]


def source(value: Value) -> str:
    """Who fixed a setting, as a caption; empty when this page can change it."""
    return f"Set by {value.variable} ({value.source}), so it cannot be changed here." if value.fixed else ""


def follow(key: str, current: object, *, where: str) -> str:
    """The key of a widget that shows what holds; it must have `current` as its own default, too.

    What a person typed and was refused stays in it, to be put right. Where something else holds by now, since another
    window or an editor changed it, the key is a new one, so that the widget begins anew. (To set the widget's value
    instead would be one message, which Streamlit drops when the page is drawn again before it has left: the browser would
    show nothing, send that back with the next click, and the setting would be lost.)
    """
    name = key_of(key)
    if name in st.session_state and st.session_state[name] != current and not refused(where):
        anew(key)
    return key_of(key)


def key_of(key: str) -> str:
    """The key that the widget has now."""
    count = st.session_state.get(_ANEW, {}).get(key, 0)
    return f"{key}~{count}" if count else key


def anew(key: str) -> None:
    """Let the widget begin anew, with what holds."""
    counts: dict[str, int] = st.session_state.setdefault(_ANEW, {})
    counts[key] = counts.get(key, 0) + 1


def fill(values: Mapping[str, object]) -> None:
    """Let the fields of a form, which takes `field` for each, begin anew with these values; for a callback."""
    for key, value in values.items():
        anew(key)
        st.session_state.setdefault(_FILLED, {})[key] = value


def field(key: str) -> tuple[str, Any]:
    """The key of a form's field, and what it begins with."""
    return key_of(key), st.session_state.get(_FILLED, {}).get(key)


def entered(key: str) -> Any:
    """What stands in a form's field, for a callback."""
    return st.session_state[key_of(key)]
