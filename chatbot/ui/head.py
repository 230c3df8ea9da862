"""The row above a conversation: its title, and the menu for it as a whole."""

from collections.abc import Callable
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.core.blocks import label
from chatbot.store.values import Conversation
from chatbot.transfer.csv_file import to_csv
from chatbot.transfer.markdown import to_markdown
from chatbot.transfer.values import file_name
from chatbot.ui import callbacks, downloads, ordering, renaming, session
from chatbot.ui.open_chat import OpenChat
from chatbot.ui.seats import clear


def draw(conversation: Conversation | None, chat: OpenChat) -> DeltaGenerator | None:
    """One keyed row, always there; gives the title, should another one come."""
    title: DeltaGenerator | None = None
    with st.container(key="head", horizontal=True, vertical_alignment="center", gap="small", wrap=False):
        if conversation is None:
            clear(3)
        elif chat.renaming and chat.renaming.where == "head":
            renaming.draw(conversation, chat.renaming)
            clear(2)
        else:
            title = st.subheader(label(conversation.title), anchor=False, width="stretch")
            _menu(conversation, chat)
            clear(1)
    return title


def _menu(conversation: Conversation, chat: OpenChat) -> None:
    with (
        st.popover(":material/more_horiz:", type="tertiary", help="Menu of this chat"),
        st.container(gap=None),
    ):
        _item("Rename", "edit", "rename", partial(callbacks.begin_rename, "head"))
        pin = "Unpin" if conversation.pinned else "Pin"
        _item(pin, "keep", "pin", partial(callbacks.pin, conversation.id, not conversation.pinned))
        if conversation.archived is None:
            _item("Archive", "archive", "archive", partial(ordering.archive, conversation.id))
        else:
            _item("Back to the list", "unarchive", "archive", partial(ordering.unarchive, conversation.id))
        _tags(conversation)
        branch = partial(downloads.whole, session.engine(), conversation.id, chat.head)
        _download("Download as Markdown", conversation, partial(branch, to_markdown), "md", "text/markdown")
        _download("Download as CSV", conversation, partial(branch, to_csv), "csv", "text/csv")
        everything = partial(downloads.everything, session.engine(), conversation.id)
        _download("Download as JSON", conversation, everything, "json", "application/json")
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


def _download(words: str, conversation: Conversation, file: Callable[[], bytes], ending: str, mime: str) -> None:
    st.download_button(
        words,
        file,
        file_name=file_name(downloads.heading(conversation), ending),
        mime=mime,
        key=f"chat-{ending}",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )
