"""The menu of a message, and the switch between its versions."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from chatbot.engine.view import Shown
from chatbot.ui import callbacks, moving, ordering
from chatbot.ui.callbacks import fresh_key
from chatbot.ui.clock import zone
from chatbot.ui.open_chat import current
from chatbot.ui.words import explained, lines_of

THUMB = 32  # pixels; as wide as the sign alone, it would be missed on a phone


def switch(shown: Shown) -> None:
    """‹ 2/3 ›"""
    count = len(shown.versions)
    at = shown.versions.index(shown.row.id)
    before, after = shown.versions[at - 1], shown.versions[(at + 1) % count]
    with st.container(horizontal=True, vertical_alignment="center", gap=None, width="content"):
        _arrow("left", f"back-{shown.id}", "The version before", before, at == 0)
        st.caption(f"{at + 1}/{count}", width="content")
        _arrow("right", f"forth-{shown.id}", "The version after", after, at == count - 1)


def _arrow(side: str, key: str, help: str, target: int, disabled: bool) -> None:
    st.button(
        f":material/chevron_{side}:",
        key=key,
        help=help,
        type="tertiary",
        disabled=disabled,
        width=THUMB,
        on_click=moving.switch,
        args=(target,),
    )


def user_menu(shown: Shown, *, lone: bool) -> None:
    """What can be done with what a person said. `lone`: it has no reply."""
    choices: dict[str, tuple[str, Callable[[], None]]] = {
        "Answer": (":material/forum: Get a reply", partial(callbacks.answer, shown.id, fresh_key())),
        "Edit": (":material/edit: Edit", partial(callbacks.begin_edit, shown.id)),
        "Star": _star(shown),
        "Delete": (":material/delete: Delete", partial(callbacks.delete_message, shown.id)),
    }
    if not lone:
        del choices["Answer"]
    menu(f"menu-{shown.id}", choices, help="Menu of this message")


def reply_menu(shown: Shown) -> None:
    """What can be done with a reply; pointing at it tells its numbers at length."""
    choices: dict[str, tuple[str, Callable[[], None]]] = {
        "Regenerate": (":material/refresh: Regenerate", partial(callbacks.regenerate, shown.id, fresh_key())),
        "Other model": (":material/swap_horiz: With another model…", partial(callbacks.choose_model, shown.id)),
        "Star": _star(shown),
        "Branch": (":material/alt_route: Branch to a new chat", partial(ordering.branch, shown.row.id)),
        "Delete": (":material/delete: Delete", partial(callbacks.delete_message, shown.own)),
    }
    if current().temporary is not None:  # its words go nowhere
        del choices["Branch"]
    menu(f"menu-{shown.id}", choices, help=lines_of(explained(shown.rows, zone())))


def _star(shown: Shown) -> tuple[str, Callable[[], None]]:
    if shown.starred:
        return ":material/star_border: Take the star off", partial(ordering.unstar, tuple(row.id for row in shown.rows))
    return ":material/star: Star", partial(ordering.star, shown.id)


def menu(key: str, choices: dict[str, tuple[str, Callable[[], None]]], *, help: str) -> str | None:
    """A button that opens a menu: of each choice its name, what stands there, and what it does. Gives what was chosen."""
    labels = {name: words for name, (words, _) in choices.items()}
    chosen: str | None = st.menu_button(
        ":material/more_horiz:",
        list(choices),
        key=key,
        help=help,
        type="tertiary",
        format_func=labels.__getitem__,
        on_click=callbacks.menu,
        args=(key, {name: act for name, (_, act) in choices.items()}),
    )
    return chosen
