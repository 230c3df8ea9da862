"""The field to search in, and what narrows the history down."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

import streamlit as st

from chatbot.core.labels import one_line
from chatbot.core.pricing import NANO
from chatbot.engine.engine import Engine
from chatbot.store.tags import Tag
from chatbot.store.values import Filters, Shelf, Wanted
from chatbot.ui import clock, search_field
from chatbot.ui.begun_in import BEGUN_IN
from chatbot.ui.search_field import Asked

_PLACEHOLDER = "Search everything said, titles and all"
_SINCE, _UNTIL, _MODEL, _TAGS = "history-since", "history-until", "history-model", "history-tags"
_BEGUN, _STARRED, _COST, _ROLE, _CODE = (f"history-{one}" for one in ("begun", "starred", "cost", "role", "code"))
_ALL = (_SINCE, _UNTIL, _MODEL, _TAGS, _BEGUN, _STARRED, _COST, _ROLE, _CODE)
_OF_MESSAGES = (_ROLE, _CODE)  # they narrow down what is found, not which conversations there are
_ROLES = {"user": "you", "assistant": "ByteBot"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """The same choice, for conversations and for what was said in them."""

    wanted: Wanted
    filters: Filters


def search() -> Asked:
    """The field on the History page."""
    return search_field.draw("history-search", kept="history looked for", placeholder=_PLACEHOLDER)


def draw(engine: Engine, *, searching: bool, on_change: Callable[[], None]) -> Chosen:
    """A button that opens all of them, and says how many are set."""
    changed: dict[str, Any] = {"on_change": on_change, "persist_state": "session"}
    wanted = sum(bool(st.session_state.get(key)) for key in _ALL if searching or key not in _OF_MESSAGES)
    with st.popover(f"Filter ({wanted})" if wanted else "Filter", icon=":material/filter_alt:"):
        with st.container(horizontal=True, gap="small"):
            since: date | None = st.date_input("From", None, key=_SINCE, format="YYYY-MM-DD", width=150, **changed)
            until: date | None = st.date_input("To", None, key=_UNTIL, format="YYYY-MM-DD", width=150, **changed)
        tags = {tag.id: tag for tag in engine.store.tags.all()}
        if tags:
            st.multiselect(
                "Tags, all of them", list(tags), key=_TAGS, format_func=lambda id: name_of(tags, id), **changed
            )
        models = engine.store.history.models()
        if models:
            st.selectbox(
                "Answered by", models, index=None, key=_MODEL, format_func=one_line, placeholder="Any model", **changed
            )
        st.selectbox(
            "Begun in",
            list(BEGUN_IN),
            index=None,
            key=_BEGUN,
            format_func=BEGUN_IN.__getitem__,
            placeholder="Anywhere",
            **changed,
        )
        st.number_input("Cost more than ($)", 0.0, value=None, step=0.01, format="%.4f", key=_COST, **changed)
        st.checkbox("With a star", key=_STARRED, **changed)
        st.selectbox(
            "Said by" if searching else "Said by, once you search",
            list(_ROLES),
            index=None,
            key=_ROLE,
            format_func=_ROLES.__getitem__,
            placeholder="Anybody",
            disabled=not searching,
            **changed,
        )
        code = "With code" if searching else "With code, once you search"
        st.checkbox(code, key=_CODE, disabled=not searching, **changed)
        if wanted:
            st.button("Clear all", key="history-clear", type="tertiary", on_click=_clear, args=(on_change,))
    return _chosen(since, until, tags, clock.zone())


def on_shelf(wanted: Wanted, shelf: Shelf) -> Wanted:
    return replace(wanted, shelf=shelf)


def name_of(tags: dict[int, Tag], id: int) -> str:
    return one_line(tags[id].name) if id in tags else "a deleted tag"


def _chosen(since: date | None, until: date | None, tags: dict[int, Tag], zone: tzinfo) -> Chosen:
    state = st.session_state
    first = datetime.combine(since, time(), zone) if since else None
    end = datetime.combine(until + timedelta(days=1), time(), zone) if until else None
    cost = state.get(_COST)
    over = None if cost is None else round(cost * NANO)
    given = tuple(id for id in state.get(_TAGS) or () if id in tags)
    wanted = Wanted(
        since=first,
        until=end,
        model=state.get(_MODEL),
        tags=given,
        begun_in=state.get(_BEGUN),
        starred=bool(state.get(_STARRED)),
        cost_over=over,
    )
    filters = Filters(
        since=first,
        until=end,
        model=state.get(_MODEL),
        role=state.get(_ROLE),
        tags=given,
        begun_in=state.get(_BEGUN),
        has_code=bool(state.get(_CODE)),
        starred=bool(state.get(_STARRED)),
        cost_over=over,
    )
    return Chosen(wanted, filters)


def _clear(then: Callable[[], None]) -> None:
    for key in _ALL:
        st.session_state.pop(key, None)
    then()
