"""The row above a conversation: its title, and the menu for it as a whole."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.core.blocks import label
from chatbot.engine.exports import FORMATS
from chatbot.store.values import Conversation
from chatbot.ui import as_markdown, callbacks, downloads, ordering, renaming, session, temporary
from chatbot.ui.open_chat import OpenChat
from chatbot.ui.seats import clear
from chatbot.ui.session import engine_of

_TEMPORARY = ":material/visibility_off: Temporary chat: nothing is stored. It is gone when you leave it, reload or close the tab."


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
            if chat.copying:
                clear(2)  # an open menu would lie over the dialog
            else:
                _menu(conversation, chat)
                clear(1)
    if conversation is not None and chat.copying:
        as_markdown.show(chat, conversation.id)
    if chat.temporary is None:
        st.empty()
    else:
        st.caption(_TEMPORARY)
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
    with (
        st.popover(":material/more_horiz:", type="tertiary", help="Menu of this chat"),
        st.container(gap=None),
    ):
        kept = chat.temporary is None
        if kept:
            _item("Rename", "edit", "rename", partial(callbacks.begin_rename, "head"))
            pin = "Unpin" if conversation.pinned else "Pin"
            _item(pin, "keep", "pin", partial(callbacks.pin, conversation.id, not conversation.pinned))
            if conversation.archived is None:
                _item("Archive", "archive", "archive", partial(ordering.archive, conversation.id))
            else:
                _item("Back to the list", "unarchive", "archive", partial(ordering.unarchive, conversation.id))
            _tags(conversation)
        _item("Copy as Markdown…", "content_copy", "copy", as_markdown.begin)
        for format in ("md", "csv", "html", "json"):
            _download(conversation, chat, format)
        if not kept:
            _item("End this chat", "close", "end", partial(callbacks.go_to, None))
            return
        if st.button("Costs of this chat", key="chat-costs", icon=":material/payments:", type="tertiary"):
            st.switch_page("pages/costs.py", query_params={"chat": conversation.id})
        _item("Delete", "delete", "delete", partial(callbacks.delete_conversation, conversation.id))


def _tags(conversation: Conversation) -> None:
    tags = session.engine().store.tags
    known, given = tags.all(), tags.of([conversation.id]).get(conversation.id, ())
    # Its own key for each state, so that what another window changed is shown.
    key = f"chat-tags-{conversation.id}-{'-'.join(str(tag.id) for tag in given)}"
    st.multiselect(
        "Tags",
        [tag.name for tag in known],
        [tag.name for tag in given],
        key=key,
        label_visibility="collapsed",
        placeholder="Tags",
        accept_new_options=True,
        on_change=ordering.tag,
        args=(conversation.id, key),
    )


def _item(words: str, icon: str, name: str, act: Callable[[], None]) -> None:
    st.button(words, key=f"chat-{name}", icon=f":material/{icon}:", type="tertiary", on_click=act)


def _download(conversation: Conversation, chat: OpenChat, format: str) -> None:
    kind = FORMATS[format]
    st.download_button(
        f"Download as {kind.short}",
        partial(downloads.file, engine_of(chat), conversation.id, chat.head, format),
        file_name=downloads.name(conversation, format),
        mime=kind.mime,
        key=f"chat-{format}",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )
