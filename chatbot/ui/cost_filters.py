"""What the costs page shows, chosen at its top."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from chatbot.core.labels import one_line
from chatbot.ui.begun_in import BEGUN_IN
from chatbot.ui.cost_range import RANGES, Range, days_of
from chatbot.ui.cost_sums import NO_TAG, Chosen, Names
from chatbot.ui.remembered import Known

_RANGE, _CUSTOM = "costs-range", "costs-days"
_LISTS = ("costs-models", "costs-connections", "costs-begun", "costs-tags")
_KEPT: dict[str, Any] = {"persist_state": "session"}  # who looks at a chat comes back to the same figures
_BEGUN_IN = {**BEGUN_IN, NO_TAG: "no conversation any more"}


def draw(known: Known, names: Names, today: date, conversation: str | None) -> tuple[Chosen, Range]:
    """The choice, and the name of its range of days."""
    name: Range = st.selectbox("Days", RANGES, key=_RANGE, label_visibility="collapsed", width=160, **_KEPT)
    custom: Sequence[date] = ()
    if name == "Custom":
        start = today.replace(day=1)
        picked = st.date_input(
            "From and to",
            (start, today),
            key=_CUSTOM,
            format="YYYY-MM-DD",
            label_visibility="collapsed",
            width=240,
            **_KEPT,
        )
        custom = picked if isinstance(picked, tuple) else (picked,)
    wanted = sum(bool(st.session_state.get(key)) for key in _LISTS)
    with st.popover(f"Filter ({wanted})" if wanted else "Filter", icon=":material/filter_alt:"):
        models = _list("Models", known.names["answered"], _LISTS[0])
        connections = _list("Connections", known.names["connection"], _LISTS[1])
        begun_in = st.multiselect(
            "Begun in",
            list(_BEGUN_IN),
            key=_LISTS[2],
            format_func=_BEGUN_IN.__getitem__,
            placeholder="Anywhere",
            **_KEPT,
        )
        given = {tag for name in names.values() for tag in name[2:]}
        tags = _list("Tags", list(given), _LISTS[3]) if given else []
    days = days_of(name, today, custom)
    return Chosen(
        days=days, models=models, connections=connections, begun_in=begun_in, tags=tags, conversation=conversation
    ), name


def _list(name: str, options: Sequence[str], key: str) -> list[str]:
    return st.multiselect(name, sorted(options), key=key, format_func=one_line, placeholder="All", **_KEPT)


def show_all() -> None:
    """Every call of every chat."""
    st.session_state[_RANGE] = "All"
    for key in _LISTS:
        st.session_state[key] = []
