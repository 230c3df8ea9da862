"""The history page's conversations: the shelves, what narrows them down, a page of them, and what is done to many."""

import math

import streamlit as st

from chatbot.core.errors import ByteBotError
from chatbot.engine.engine import Engine
from chatbot.store.values import Order, Shelf, Wanted
from chatbot.ui import (
    history_filters,
    history_hits,
    history_many,
    history_note,
    history_rows,
    history_tags,
    history_trash,
)
from chatbot.ui.history_picked import Picked, picked
from chatbot.ui.words import sentence

PAGE = 20
_ORDERS: dict[Order, str] = {"used": "Last used", "oldest": "Oldest first", "title": "By title"}
_SHELVES = {"listed": "Conversations", "archived": "Archive", "trash": "Trash", "starred": "Starred"}
_EMPTY = {
    "listed": "Nothing here yet. Conversations appear here with their first message.",
    "archived": "Nothing is archived. Conversations that you archive leave the list beside the chat; searching finds them.",
    "trash": "The trash is empty. What you delete lies here for 30 days and can be taken back.",
    "starred": "No message has a star. Give one from the menu under a message, to come back to it.",
}
_SHELF, _ORDER, _AT = "history-shelf", "history-order", "history-page"


def draw(engine: Engine) -> None:
    """The whole tab."""
    asked = history_filters.search()
    typed = asked.typed
    with st.container(key="history-choice", horizontal=True, vertical_alignment="center", gap="small"):
        shelf: str = (
            st.segmented_control(
                "Show",
                list(_SHELVES),
                default="listed",
                required=True,
                key=_SHELF,
                format_func=_SHELVES.__getitem__,
                label_visibility="collapsed",
                disabled=bool(typed),  # searching looks on all of them but the trash
                on_change=_changed,
                persist_state="session",  # who opened a conversation comes back to where it was found
            )
            or "listed"
        )
        try:
            chosen = history_filters.draw(engine, searching=bool(typed), on_change=_changed)
        except ByteBotError as error:
            st.error(sentence(error.sentence), icon=":material/error:")
            return
        order: Order = st.selectbox(
            "Order",
            list(_ORDERS),
            key=_ORDER,
            format_func=_ORDERS.__getitem__,
            label_visibility="collapsed",
            width=150,
            disabled=shelf not in ("listed", "archived") or bool(typed),
            persist_state="session",
        )
        history_tags.edit(engine)
    try:
        if typed:
            history_hits.found(engine, asked, chosen.filters)
            return
        if shelf == "starred":
            history_hits.starred(engine, _EMPTY["starred"])
        else:
            _shelf(engine, chosen.wanted, shelf, order)  # type: ignore[arg-type]
    except ByteBotError as error:
        st.error(sentence(error.sentence), icon=":material/error:")
    asked.first(listed=f"{shelf} {st.session_state.get(_AT, 1)}")


def _shelf(engine: Engine, anywhere: Wanted, shelf: Shelf, order: Order) -> None:
    history_note.draw()
    wanted = history_filters.on_shelf(anywhere, shelf)
    count = engine.store.history.count(wanted)
    branches = engine.store.history.deleted_branches(limit=1) if shelf == "trash" else []
    if shelf == "trash" and (count or branches or history_trash.told()):
        history_trash.head(engine)
    if not count:
        if not branches:
            unfiltered = wanted == Wanted(shelf=shelf)
            st.caption(_nothing(engine, shelf) if unfiltered else "Nothing here is like that. Change the filter.")
        if shelf == "trash":
            history_trash.branches(engine)
        return
    pages = math.ceil(count / PAGE)
    at = min(int(st.session_state.get(_AT, 1)), pages)
    lines = engine.store.history.lines(wanted, order=order, limit=PAGE, offset=(at - 1) * PAGE)
    chosen: Picked = picked()
    chosen.keep_to(shelf)
    history_many.draw(engine, chosen, lines, wanted, count)
    history_rows.draw(lines, engine.store.tags.of([line.id for line in lines]), chosen)
    if pages > 1:
        st.pagination(pages, default=at, key=_AT, width="stretch", persist_state="session")
    if shelf == "trash":
        history_trash.branches(engine)


def _nothing(engine: Engine, shelf: Shelf) -> str:
    """Why a shelf is empty; of the list also where its conversations went."""
    for other in ("archived", "trash") if shelf == "listed" else ():
        if count := engine.store.history.count(Wanted(shelf=other)):
            there = "1 conversation is" if count == 1 else f"{count:,} conversations are"
            return (
                f"Nothing is in the list. {there} in the {_SHELVES[other].lower()}: choose *{_SHELVES[other]}* above."
            )
    return _EMPTY[shelf]


def _changed() -> None:
    """Something else is shown now: from its first page, with nothing chosen."""
    st.session_state.pop(_AT, None)
    picked().clear()
    history_trash.forget()
