"""What can be done with the conversations that are chosen on the history page."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import streamlit as st

from chatbot.core.errors import ByteBotError
from chatbot.engine.engine import Engine
from chatbot.store.history import History
from chatbot.store.values import HistoryLine, Wanted
from chatbot.ui import history_note, history_tags, history_trash, session
from chatbot.ui.callbacks import title_of
from chatbot.ui.history_picked import Picked

_TITLE = "history-title"
TABS = "history-tabs"
Do = Callable[[Sequence[str]], int]


def draw(engine: Engine, chosen: Picked, lines: Sequence[HistoryLine], wanted: Wanted, count: int) -> None:
    """All of a page are chosen above it; what can be done stands at the foot of the window, in sight all down the list."""
    here = [line.id for line in lines]
    with st.container(key="history-many", horizontal=True, vertical_alignment="center", gap="xsmall"):
        whole = set(here) <= set(chosen.ids)
        st.checkbox(
            "Choose all on this page",
            whole,
            key=f"pick-page-{chosen.round}",
            label_visibility="collapsed",
            on_change=_turn_page,
            args=(chosen, here, whole),
        )
        st.caption(f"{count:,} conversation{'' if count == 1 else 's'}", width="content")
    if not chosen.ids:
        return
    with st.bottom.container(key="history-acts", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{len(chosen.ids):,} chosen**", width="content")
        if whole and len(chosen.ids) < count:
            _button(f"Choose all {count:,}", "done_all", partial(_choose_all, engine, chosen, wanted), "everything")
        _button("Clear", "close", chosen.clear, "nothing")
        _acts(engine, chosen, lines, wanted)


def _acts(engine: Engine, chosen: Picked, lines: Sequence[HistoryLine], wanted: Wanted) -> None:
    history = engine.store.history
    ids = list(chosen.ids)
    if wanted.shelf == "trash":
        _button(
            "Take back", "undo", partial(_many, chosen, ids, history.undelete, "taken back", history.delete), "back"
        )
        history_trash.chosen(engine, ids, chosen.clear)
        return
    if len(ids) == 1:
        line = next((line for line in lines if line.id == ids[0]), None)
        with st.popover("Rename", icon=":material/edit:", type="tertiary"):
            st.text_input("New title", line.title if line else "", key=_TITLE, on_change=_rename, args=(chosen, ids[0]))
    pinned = {line.id for line in lines if line.pinned}
    if set(ids) <= pinned:
        off, on = partial(history.pin, pinned=False), partial(history.pin, pinned=True)
        _button("Unpin", "keep_off", partial(_many, chosen, ids, off, "unpinned", on), "unpin")
    else:
        _button("Pin", "keep", partial(_pin, chosen, ids, history), "pin")
    history_tags.draw(engine, ids)
    if wanted.shelf == "archived":
        out = partial(_many, chosen, ids, history.unarchive, "back in the list", history.archive)
        _button("Back to the list", "unarchive", out, "unarchive")
    else:
        put = partial(_many, chosen, ids, history.archive, "archived", history.unarchive)
        _button("Archive", "archive", put, "archive")
    _button("Export…", "file_export", _export, "export")
    gone = partial(_many, chosen, ids, engine.delete_many, "deleted", history.undelete)
    _button("Delete", "delete", gone, "delete")


def _export() -> None:
    st.session_state[TABS] = "Import and export"


def _button(words: str, icon: str, act: Callable[[], Any], name: str) -> None:
    st.button(words, key=f"many-{name}", icon=f":material/{icon}:", type="tertiary", on_click=act)


def _many(chosen: Picked, ids: Sequence[str], act: Do, done: str, undo: Do | None = None) -> None:
    try:
        count = act(ids)
    except ByteBotError as error:
        history_note.refuse(error)
        return
    back = partial(undo, ids) if undo else None
    history_note.say(f"{count:,} conversation{'' if count == 1 else 's'} {done}.", back)
    chosen.clear()


def _pin(chosen: Picked, ids: Sequence[str], history: History) -> None:
    """Taken back, those that were pinned before stay so."""
    try:
        before = history.pinned(ids)
    except ByteBotError as error:
        history_note.refuse(error)
        return
    new = [id for id in ids if id not in before]
    _many(chosen, ids, partial(history.pin, pinned=True), "pinned", lambda _: history.pin(new, pinned=False))


def _turn_page(chosen: Picked, here: list[str], whole: bool) -> None:
    if not whole:
        chosen.add(here)
        return
    for id in here:
        chosen.ids.pop(id, None)
    chosen.round += 1


def _choose_all(engine: Engine, chosen: Picked, wanted: Wanted) -> None:
    try:
        chosen.add(engine.store.history.ids(wanted))
    except ByteBotError as error:
        history_note.refuse(error)


def _rename(chosen: Picked, id: str) -> None:
    try:
        session.engine().store.conversations.rename(id, title_of(st.session_state.get(_TITLE)))
    except ByteBotError as error:
        history_note.refuse(error)
    else:
        history_note.say("Renamed.")
        chosen.clear()
