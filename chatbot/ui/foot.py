"""What stands under a message: how it ended and the way out, its numbers, its branches, its menu."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.engine.view import Shown
from chatbot.ui import callbacks, models, session
from chatbot.ui.callbacks import fresh_key
from chatbot.ui.clock import zone
from chatbot.ui.copy_button import copy_button
from chatbot.ui.open_chat import OpenChat
from chatbot.ui.seats import clear
from chatbot.ui.words import ended, explained, sentence, under, way_outs

_MOST_WAYS = 3  # out of how a reply ended


@dataclass(frozen=True, slots=True)
class Foot:
    """The places under a reply, the same whether it is being written or over, so that nothing moves when it ends."""

    above: DeltaGenerator
    words: DeltaGenerator
    branches: DeltaGenerator
    copy: DeltaGenerator
    menu: DeltaGenerator
    below: DeltaGenerator


def places() -> Foot:
    """All of them, empty, to be filled later."""
    above = st.empty()
    with _row():
        words, branches, copy, menu = (st.empty() for _ in range(4))
    return Foot(above, words, branches, copy, menu, below=st.empty())


def draw(shown: Shown, chat: OpenChat, *, last: bool, into: Foot | None = None) -> None:
    """Under a reply that is over: `into` its places if there are some, else here, in the same structure."""
    with into.above if into else nullcontext():
        _above(shown, last=last)
    with nullcontext() if into else _row():
        with into.words if into else nullcontext():
            st.caption(sentence(under(shown.rows)), width="stretch")
        with into.branches if into else nullcontext():
            if len(shown.siblings) > 1:
                switch(shown)
            else:
                st.empty()
        with into.copy if into else nullcontext():
            if shown.text:
                copy_button(shown.text, key=f"copy-{shown.id}", on_refused=partial(callbacks.show_raw, shown.id))
            else:
                st.empty()
        with into.menu if into else nullcontext():
            _reply_menu(shown)
    with into.below if into else nullcontext():
        _below(shown, chat)


def _row() -> DeltaGenerator:
    return st.container(horizontal=True, vertical_alignment="center", gap="xsmall", wrap=False)


def _above(shown: Shown, *, last: bool) -> None:
    how, notes = ended(shown.row), shown.row.notes
    if how is None and not notes:
        st.empty()
        return
    with st.container(gap="xsmall"):
        for note in notes:
            st.caption(f":material/info: {sentence(note)}")
        if how is not None:
            _how_it_ended(how, shown, last=last)


def _below(shown: Shown, chat: OpenChat) -> None:
    if chat.raw == shown.id:
        with st.container():
            raw_text(shown)
    elif chat.choosing == shown.id:
        with st.container():
            _choose_model(shown, chat)
    else:
        st.empty()


def live(foot: Foot, shown: Shown, *, here: bool, esc: bool) -> None:
    """Under a reply that is being written: Stop. `here`: by this process; `esc`: the key is this one's."""
    words = "Next in line." if shown.state == "waiting" and not esc else ""
    if not here:
        words = "Being answered in another window."
    if words:
        foot.words.caption(words, width="content")
    else:
        foot.words.empty()
    foot.menu.button(
        "Stop",
        key=f"stop-{shown.row.id}{'-esc' if esc else ''}",
        icon=":material/stop_circle:",
        shortcut="Esc" if esc else None,
        on_click=callbacks.stop,
        args=(shown.row.id,),
    )


def label_lines(text: str) -> str:
    """Several lines for a tooltip, each made safe."""
    return "\n\n".join(sentence(line) for line in text.split("\n\n"))


def switch(shown: Shown) -> None:
    """‹ 2/3 ›"""
    count = len(shown.siblings)
    at = shown.siblings.index(shown.id)
    before, after = shown.siblings[at - 1], shown.siblings[(at + 1) % count]
    with st.container(horizontal=True, vertical_alignment="center", gap=None, width="content"):
        _arrow("‹", f"back-{shown.id}", "The version before", before, at == 0)
        st.caption(f"{at + 1}/{count}", width="content")
        _arrow("›", f"forth-{shown.id}", "The version after", after, at == count - 1)


def _arrow(sign: str, key: str, help: str, target: int, disabled: bool) -> None:
    st.button(sign, key=key, help=help, type="tertiary", disabled=disabled, on_click=callbacks.switch, args=(target,))


def user_menu(shown: Shown) -> None:
    _menu(
        f"menu-{shown.id}",
        {
            "Edit": (":material/edit: Edit", partial(callbacks.begin_edit, shown.id)),
            "Delete": (":material/delete: Delete", partial(callbacks.delete_message, shown.id)),
        },
        help="Menu of this message",
    )


def _reply_menu(shown: Shown) -> None:
    choices: dict[str, tuple[str, Callable[[], None]]] = {
        "Regenerate": (":material/refresh: Regenerate", partial(callbacks.regenerate, shown.id, fresh_key())),
        "Other model": (":material/swap_horiz: With another model…", partial(callbacks.choose_model, shown.id)),
        "Delete": (":material/delete: Delete", partial(callbacks.delete_message, shown.id)),
    }
    _menu(f"menu-{shown.id}", choices, help=label_lines(explained(shown.rows, zone())))


def _menu(key: str, choices: dict[str, tuple[str, Callable[[], None]]], *, help: str) -> None:
    labels = {name: words for name, (words, _) in choices.items()}
    st.menu_button(
        ":material/more_horiz:",
        list(choices),
        key=key,
        help=help,
        type="tertiary",
        format_func=labels.__getitem__,
        on_click=callbacks.menu,
        args=(key, {name: act for name, (_, act) in choices.items()}),
    )


def raw_text(shown: Shown) -> None:
    """The text as it was written, where the browser would not copy it."""
    st.caption("This browser gives its clipboard only on https or on this machine. Copy the text from here.")
    st.code(shown.text, language=None, wrap_lines=True)
    st.button("Close", key=f"close-raw-{shown.id}", on_click=callbacks.cancel)


def _how_it_ended(how: str, shown: Shown, *, last: bool) -> None:
    ways = way_outs(shown) if last else ()
    icon = ":material/error: " if shown.state == "failed" else ""
    beside = len(how) < 50
    if not beside:
        st.caption(f"{icon}{sentence(how)}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if beside:
            st.caption(f"{icon}{sentence(how)}", width="content")
        for way in ways:
            _way_out(way, shown)
        clear(_MOST_WAYS - len(ways))


def _way_out(way: str, shown: Shown) -> None:
    reply, key = shown.row.id, fresh_key()
    match way:
        case "continue":
            _button("Continue", "continue", shown, callbacks.continue_reply, (reply, key))
        case "retry":
            _button("Try again", "retry", shown, callbacks.retry, (reply, key))
        case "edit" if shown.first.parent is not None:
            _button("Edit message", "edit-above", shown, callbacks.begin_edit, (shown.first.parent,))
        case "model":
            _button("Choose another model", "other-model", shown, callbacks.choose_model, (shown.id,))
        case "raise_limit":
            limit = 2 * int(shown.row.options.get("max_output") or 4096)
            _button(f"Raise the limit to {limit:,}", "raise", shown, callbacks.raise_limit, (reply, key, limit))
        case "settings":
            st.page_link("pages/settings.py", label="Open settings", icon=":material/settings:", width="content")
        case _:
            pass


def _button(words: str, name: str, shown: Shown, act: Callable[..., None], args: tuple[object, ...]) -> None:
    st.button(words, key=f"{name}-{shown.row.id}", on_click=act, args=args)


def _choose_model(shown: Shown, chat: OpenChat) -> None:
    widget = f"other-{shown.id}"
    offered = models.offered(session.engine(), session.home(), chat.options.connection, besides=chat.options.model)
    with st.container(key=f"choose-{shown.id}", horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Regenerate with",
            offered,
            index=None,
            key=widget,
            accept_new_options=True,
            placeholder="Choose a model or type its id",
        )
        st.button(
            "Regenerate",
            key=f"regenerate-{shown.id}",
            type="primary",
            on_click=callbacks.regenerate,
            args=(shown.id, fresh_key(), widget),
        )
        st.button("Cancel", key=f"cancel-choice-{shown.id}", on_click=callbacks.cancel)
