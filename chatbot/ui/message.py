"""Drawing one message. A stored one and one that is being written have the same structure, element for element."""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.core.blocks import drawable, split
from chatbot.core.text import facing, visible
from chatbot.engine.view import Shown
from chatbot.ui import callbacks, foot, forecast, menus, phone, way_out
from chatbot.ui.copy_button import copy_button
from chatbot.ui.foot import Foot
from chatbot.ui.open_chat import OpenChat, current
from chatbot.ui.seats import seat
from chatbot.ui.session import engine_of
from chatbot.ui.words import thought_for

MOST_DRAWN = 20_000
"""Characters of a person's message; a browser takes seconds to lay out a megabyte."""
_NAMES = {"user": "You", "assistant": "ByteBot"}
_FOUND = ":material/search:"
_STARRED = ":material/star:"
_AVATARS = {"user": ":material/person:", "assistant": ":material/forum:"}


@dataclass(frozen=True, slots=True)
class Places:
    """Where a reply is drawn."""

    body: DeltaGenerator
    foot: Foot


def draw(shown: Shown, chat: OpenChat, *, last: bool, place: int, newest: bool = False) -> Places | None:
    """Draw a message; of one that is being written only the empty places, which are given back.

    `last`: nothing follows it, so it can be gone on with. `place`: its number in the column. `newest`: it was said just
    now, so it is to be seen.
    """
    role = "user" if shown.role == "user" else "assistant"
    with (
        st.chat_message(_NAMES[role], avatar=_avatar(shown, chat)),
        seat(chat.seats, place, (shown.id, chat.editing == shown.id, last and role == "user")),
    ):
        if role == "user":
            _draw_user(shown, chat, newest=newest, lone=last)
            return None
        body = st.container(key=f"body-{shown.id}")
        under = st.container(key=f"foot-{shown.id}", gap="xsmall")
    if shown.live:
        with under:
            return Places(body, foot.places())
    with body:
        _draw_reply(shown)
    with under:
        foot.draw(shown, chat, last=last)
    return None


def _avatar(shown: Shown, chat: OpenChat) -> str:
    if shown.id == chat.found:
        return _FOUND
    return _STARRED if shown.starred else _AVATARS["user" if shown.role == "user" else "assistant"]


def _draw_reply(shown: Shown) -> None:
    if shown.reasoning.strip():
        with st.status(thought_for(shown.row.thinking), state="complete", type="compact"):
            for raw in split(shown.reasoning):
                st.markdown(drawable(raw))
    else:
        st.empty()
    for raw in split(shown.text):
        st.markdown(drawable(raw))


def _draw_user(shown: Shown, chat: OpenChat, *, newest: bool, lone: bool) -> None:
    if chat.editing == shown.id:
        _draw_edit(shown)
        return
    short = len(shown.text) < 60 and "\n" not in shown.text
    alignment: Literal["center", "top"] = "center" if short else "top"
    with st.container(key=f"said-{shown.id}", horizontal=True, vertical_alignment=alignment, gap="xsmall", wrap=False):
        _words(shown.text)
        # In a row of their own: beside a long text they stand at its top, and they are of different heights.
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content", wrap=False):
            if len(shown.versions) > 1:
                menus.switch(shown)
            else:
                st.empty()
            copy_button(
                shown.text,
                key=f"copy-{shown.id}",
                on_refused=partial(callbacks.show_raw, shown.id),
                here=chat.here(shown.id),
                newest=str(chat.said) if newest else "",
            )
            menus.user_menu(shown, lone=lone)
    if chat.raw == shown.id:
        foot.raw_text(shown)
    if lone:
        way_out.lone(shown)


def _words(text: str) -> None:
    """What a person said, as they said it: no Markdown."""
    if len(text) <= MOST_DRAWN:
        st.text(_as_said(text), width="stretch")
        return
    with st.container():
        st.text(_as_said(text[:MOST_DRAWN]) + "…", width="stretch")
        st.caption(f"The first {MOST_DRAWN:,} of {len(text):,} characters. All of them are kept, and copied.")


def _as_said(text: str) -> str:
    return "\n".join(map(facing, visible(text).split("\n")))


def _draw_edit(shown: Shown) -> None:
    widget = f"edit-{shown.id}"
    with st.container(key=f"said-{shown.id}"):
        st.text_area("Edit your message", shown.text, key=widget, height="content", label_visibility="collapsed")
        if said := forecast.uncached(engine_of(current()), current(), edited=shown.id):
            st.caption(said)
        with st.container(horizontal=True, horizontal_alignment="right", gap="small"):
            st.button("Cancel", key=f"cancel-{shown.id}", on_click=callbacks.cancel)
            st.button(
                "Save and send",
                key=f"save-{shown.id}",
                type="primary",
                shortcut=phone.shortcut("Ctrl+Enter"),
                on_click=callbacks.save_edit,
                args=(shown.id, widget, callbacks.fresh_key()),
            )
