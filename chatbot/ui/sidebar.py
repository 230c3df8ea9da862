"""The sidebar: a new chat, the conversations by day, and what this chat is held with."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.core.blocks import label
from chatbot.engine.engine import Engine
from chatbot.engine.view import View
from chatbot.store.values import Line
from chatbot.ui import callbacks, clock, found, fresh, menus, moving, ordering, phone, renaming, session, this_chat
from chatbot.ui.open_chat import OpenChat
from chatbot.ui.seats import clear, seat
from chatbot.ui.session import engine_of
from chatbot.ui.spend import Spend
from chatbot.ui.words import MARKED_NAME, NAME, NEW_ANSWER, OPEN_NAME, by_day, lines_of, news, told_apart

_PAGE = 15  # each costs a third of a millisecond at every run; the History page has them all
_TALLEST = 250  # pixels beyond which the list scrolls in itself
_HEADING, _ROW, _GAP = 22.4, 40, 4  # pixels, as Streamlit draws them
_SHOWN = "lines"  # in the session: how many conversations are shown
_DRAWN = "lines drawn here"  # in the session: elements of the list, headings and all


@dataclass(frozen=True, slots=True)
class Places:
    """What may change while the page stands: the open conversation's name, and what was spent."""

    name: DeltaGenerator | None
    spent: Spend


def draw(engine: Engine, chat: OpenChat, view: View | None) -> Places:
    """Everything beside the chat."""
    with st.sidebar, engine.store.moment():
        st.button(
            "New chat",
            key="new",
            icon=":material/add:",
            shortcut=phone.shortcut("Ctrl+Shift+O"),
            width="stretch",
            on_click=moving.go_to,
            args=(None,),
        )
        asked = found.asked()
        with seat(chat.seats, "list", bool(asked.typed)):
            if asked.typed:
                fresh.drawn([])
                found.draw(engine, asked)
                name = None
            else:
                asked.first()
                name = _conversations(engine, chat)
        st.divider()
        spent = Spend(engine)  # above what is set once: it is to be seen while it moves
        spent.look(chat, view)
    with st.sidebar:  # which may wait a moment for a server's list of models
        this_chat.draw(engine_of(chat), chat)
        phone.arrived(session.visit(), chat.slot)
    return Places(name, spent)


def _conversations(engine: Engine, chat: OpenChat) -> DeltaGenerator | None:
    name: DeltaGenerator | None = None
    wanted = st.session_state.setdefault(_SHOWN, _PAGE)
    lines = engine.store.conversations.lines(limit=wanted + 1)
    fresh.drawn(lines[:wanted])
    groups = by_day(lines[:wanted], clock.now())
    # Whole while one has its form in it: the form's end would be out of sight.
    height = "content" if chat.renaming and chat.renaming.where == "list" else _height(groups)
    with st.container(key="conversations", gap="xxsmall", height=height, border=False):
        drawn = 0
        for heading, group in groups:
            st.caption(heading)
            drawn += 1 + len(group)
            for line in group:
                name = _line(line, chat) or name
        if len(lines) > wanted:
            st.button("More", key="more-lines", icon=":material/expand_more:", type="tertiary", on_click=_more)
            drawn += 1
        clear(st.session_state.get(_DRAWN, 0) - drawn)
        st.session_state[_DRAWN] = drawn
    if height == "content":
        st.empty()
    else:  # a phone shows no scroll bar
        count = f"the newest {wanted}" if len(lines) > wanted else f"all {len(lines)} conversations"
        st.caption(f":material/unfold_more: Scroll for {count}")
    return name


def _height(groups: list[tuple[str, list[Line]]]) -> int | Literal["content"]:
    """So tall that the last conversation in sight is whole; half of one would look broken."""
    end = whole = 0.0
    for _, group in groups:
        end += _HEADING + _GAP
        for _ in group:
            end += _ROW + _GAP
            if end > _TALLEST:
                return math.ceil(whole)
            whole = end
    return "content"


def _line(line: Line, chat: OpenChat) -> DeltaGenerator | None:
    """One conversation; gives the name of the open one."""
    if line.id == chat.conversation and chat.renaming and chat.renaming.where == "list":
        with st.container(key="open-line"):
            renaming.draw(line, chat.renaming)
            clear(1)
        return None
    if line.id == chat.conversation:
        with st.container(key="open-line", horizontal=True, vertical_alignment="center", gap=None, wrap=False):
            name = st.markdown(f":small[**{label(line.title, most=OPEN_NAME)}**]", width="stretch")
            _menu(line)
        return name
    if line.live:
        with st.container(
            key=f"live-{line.id}", horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False
        ):
            _name(line, icon=":material/more_horiz:", said=" :small[:gray[answering]]")
            st.button(
                ":material/stop_circle:",
                key=f"stop-{line.id}",
                help="Stop what is being written there",
                type="tertiary",
                width=menus.THUMB,
                on_click=callbacks.stop_all,
                args=(line.id,),
            )
    elif line.unseen:
        word = news(line.ended)
        icon = ":material/mark_chat_unread:" if word == NEW_ANSWER else ":material/error:"
        _name(line, icon=icon, said=f" :small[:gray[{word}]]")
    else:
        _name(line)
    return None


def _name(line: Line, *, icon: str | None = None, said: str = "") -> None:
    """Its name, which opens it; with a mark and a word about it."""
    st.button(
        label(line.title, most=MARKED_NAME if said else NAME) + said,
        key=f"line-{line.id}",
        icon=icon,
        help=lines_of(told_apart(line, clock.zone())),
        type="tertiary",
        on_click=moving.go_to,
        args=(line.id,),
    )


def _menu(line: Line) -> None:
    pin = "Unpin" if line.pinned else "Pin"
    choices: dict[str, tuple[str, Callable[[], None]]] = {
        "Rename": (":material/edit: Rename", partial(callbacks.begin_rename, "list")),
        "Pin": (f":material/keep: {pin}", partial(callbacks.pin, line.id, not line.pinned)),
        "Archive": (":material/archive: Archive", partial(ordering.archive, line.id)),
        "Delete": (":material/delete: Delete", partial(callbacks.delete_conversation, line.id)),
    }
    menus.menu("line-menu", choices, help="Menu of the open conversation")


def _more() -> None:
    st.session_state[_SHOWN] += _PAGE
