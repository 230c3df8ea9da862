"""What stands under a reply: how it ended and the way out, its numbers, its branches, its menu."""

from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.engine.view import Shown
from chatbot.ui import callbacks, menus, phone, price_tag, way_out
from chatbot.ui.copy_button import copy_button
from chatbot.ui.open_chat import OpenChat
from chatbot.ui.words import ended, sentence, under


@dataclass(frozen=True, slots=True)
class Foot:
    """The places under a reply, the same whether it is being written or over, so that nothing moves when it ends."""

    above: DeltaGenerator
    words: DeltaGenerator
    cost: DeltaGenerator
    branches: DeltaGenerator
    copy: DeltaGenerator
    menu: DeltaGenerator
    below: DeltaGenerator


def places() -> Foot:
    """All of them, empty, to be filled later."""
    above = st.empty()
    with _row():
        words, cost, branches, copy, menu = (st.empty() for _ in range(5))
    return Foot(above, words, cost, branches, copy, menu, below=st.empty())


def draw(shown: Shown, chat: OpenChat, *, last: bool, into: Foot | None = None) -> None:
    """Under a reply that is over: `into` its places if there are some, else here, in the same structure."""
    with into.above if into else nullcontext():
        _above(shown, last=last, empty=into is not None)
    with nullcontext() if into else _row():
        with into.words if into else nullcontext():
            st.caption(sentence(under(shown.rows)), width="stretch")
        with into.cost if into else nullcontext():
            price_tag.draw(shown)
        with into.branches if into else nullcontext():
            if len(shown.versions) > 1:
                menus.switch(shown)
            elif not into:
                st.empty()
        with into.copy if into else nullcontext():
            if shown.text:
                refused = partial(callbacks.show_raw, shown.id)
                copy_button(shown.text, key=f"copy-{shown.id}", on_refused=refused, here=chat.here(shown.id))
            elif not into:
                st.empty()
        with into.menu if into else nullcontext():
            menus.reply_menu(shown)
    with into.below if into else nullcontext():
        _below(shown, chat, empty=into is not None)


def _row() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False)


def _above(shown: Shown, *, last: bool, empty: bool) -> None:
    """`empty`: there is nothing there now."""
    how, notes = ended(shown.row), shown.row.notes
    if how is None and not notes:
        if not empty:
            st.empty()
        return
    with st.container(gap="xsmall"):
        for note in notes:
            st.caption(f":material/info: {sentence(note)}")
        if how is not None:
            way_out.draw(how, shown, last=last)


def _below(shown: Shown, chat: OpenChat, *, empty: bool) -> None:
    if chat.raw == shown.id:
        with st.container():
            raw_text(shown)
    elif chat.costing == shown.id:
        with st.container():
            price_tag.arithmetic(shown)
    elif chat.choosing == shown.id:
        with st.container():
            way_out.choose_model(shown, chat)
    elif not empty:
        st.empty()


def live(foot: Foot, shown: Shown, *, here: bool, esc: bool, again: bool = False) -> None:
    """Under a reply that is being written: Stop. `here`: by this process; `esc`: the key is this one's; `again`: it
    stands there, without the key.
    """
    words = "Next in line." if shown.state == "waiting" and not esc else ""
    if not here:
        words = "Being answered in another window."
    if words:
        foot.words.caption(words, width="content")
    elif again:
        foot.words.empty()
    foot.menu.button(
        "Stop",
        key=f"stop-{shown.row.id}{'-esc' if esc else ''}",
        icon=":material/stop_circle:",
        shortcut=phone.shortcut("Esc") if esc else None,
        on_click=callbacks.stop,
        args=(shown.row.id,),
    )


def raw_text(shown: Shown) -> None:
    """The text as it was written, where the browser would not copy it."""
    st.caption("This browser gives its clipboard only on https or on this machine. Copy the text from here.")
    st.code(shown.text, language=None, wrap_lines=True)
    st.button("Close", key=f"close-raw-{shown.id}", on_click=callbacks.cancel)
