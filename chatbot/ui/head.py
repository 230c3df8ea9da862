"""The row above a conversation: its title, and the menu for it as a whole."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.core.blocks import label
from chatbot.store.values import Conversation
from chatbot.ui import callbacks, chat_dialogs, menus, moving, ordering, renaming, temporary
from chatbot.ui.open_chat import OpenChat
from chatbot.ui.seats import clear

_COSTS = "Costs"
_TEMPORARY = ":material/visibility_off: Temporary chat: nothing is stored. It is gone when you leave it, reload or close the tab."

_ARCHIVED = ":material/archive: Archived: it is not in the list. A new message takes it back there."


def draw(conversation: Conversation | None, chat: OpenChat) -> DeltaGenerator | None:
    """One keyed row, always there; gives the title, should another one come."""
    title: DeltaGenerator | None = None
    with st.container(key="head", horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        if conversation is None:
            _kept_or_not(chat)
            clear(2)
        elif chat.renaming and chat.renaming.where == "head":
            renaming.draw(conversation, chat.renaming)
            clear(2)
        else:
            title = st.subheader(label(conversation.title), anchor=False, width="stretch")
            _menu(conversation, chat)
            clear(1)
    if conversation is not None:
        chat_dialogs.draw(chat, conversation)
    if chat.temporary is not None:
        st.caption(_TEMPORARY)
    elif conversation is not None and conversation.archived is not None:
        st.caption(_ARCHIVED)
    else:
        st.empty()
    return title


def _kept_or_not(chat: OpenChat) -> None:
    """One element, on a new chat."""
    widget = f"temporary-{chat.slot}"
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.toggle(
            "Temporary chat",
            chat.temporary is not None,
            key=widget,
            help="Nothing said in it is stored; only what it cost is counted, without its words.",
            on_change=temporary.set_temporary,
            args=(widget,),
        )


def _menu(conversation: Conversation, chat: OpenChat) -> None:
    choices: dict[str, tuple[str, Callable[[], None]]] = {}
    if chat.temporary is None:
        pinned, archived = conversation.pinned, conversation.archived is not None
        pin = partial(callbacks.pin, conversation.id, not pinned)
        shelf = partial(ordering.unarchive if archived else ordering.archive, conversation.id)
        choices = {
            "Rename": (":material/edit: Rename", partial(callbacks.begin_rename, "head")),
            "Pin": (f":material/keep: {'Unpin' if pinned else 'Pin'}", pin),
            "Archive": (":material/unarchive: Back to the list" if archived else ":material/archive: Archive", shelf),
            "Tags": (":material/label: Tags…", partial(chat_dialogs.begin, "tags")),
        }
    choices |= {
        "Download": (":material/download: Download…", partial(chat_dialogs.begin, "download")),
        "Copy": (":material/content_copy: Copy as Markdown…", partial(chat_dialogs.begin, "markdown")),
    }
    if chat.temporary is None:
        gone = partial(callbacks.delete_conversation, conversation.id)
        choices |= {
            # A page is not changed in a callback, but below.
            _COSTS: (":material/payments: Costs of this chat", lambda: None),
            "Delete": (":material/delete: Delete", gone),
        }
    else:
        choices["End"] = (":material/close: End this chat", partial(moving.go_to, None))
    chosen = menus.menu("head-menu", choices, help="Menu of this chat")
    if chosen == _COSTS:
        st.switch_page("pages/costs.py", query_params={"chat": conversation.id})
