"""What the costs page shows, chosen at its top."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from chatbot.core.labels import one_line
from chatbot.ui.cost_range import RANGES, Range, days_of
from chatbot.ui.cost_sums import NO_TAG, Chosen, Names
from chatbot.ui.remembered import Known

_RANGE, _CUSTOM = "costs-range", "costs-days"
_LISTS = ("costs-models", "costs-connections", "costs-tags")
_TAGS = {"browser": "the browser", "terminal": "the terminal", "script": "a script", NO_TAG: "no conversation any more"}


def draw(known: Known, names: Names, today: date, conversation: str | None) -> tuple[Chosen, Range]:
    """The choice, and the name of its range of days."""
    name: Range = st.selectbox("Days", RANGES, key=_RANGE, label_visibility="collapsed", width=160)
    custom: Sequence[date] = ()
    if name == "Custom":
        start = today.replace(day=1)
        picked = st.date_input(
            "From and to", (start, today), key=_CUSTOM, format="YYYY-MM-DD", label_visibility="collapsed", width=240
        )
        custom = picked if isinstance(picked, tuple) else (picked,)
    wanted = sum(bool(st.session_state.get(key)) for key in _LISTS)
    with st.popover(f"Filter ({wanted})" if wanted else "Filter", icon=":material/filter_alt:"):
        models = _list("Models", known.names["answered"], _LISTS[0])
        connections = _list("Connections", known.names["connection"], _LISTS[1])
        tags = st.multiselect(
            "Begun in", list(_TAGS), key=_LISTS[2], format_func=_TAGS.__getitem__, placeholder="Anywhere"
        )
    days = days_of(name, today, custom)
    return Chosen(days=days, models=models, connections=connections, tags=tags, conversation=conversation), name


def _list(name: str, options: Sequence[str], key: str) -> list[str]:
    return st.multiselect(name, sorted(options), key=key, format_func=one_line, placeholder="All")


def show_all() -> None:
    """Every call of every chat."""
    st.session_state[_RANGE] = "All"
    for key in _LISTS:
        st.session_state[key] = []
