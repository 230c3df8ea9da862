"""What the menu of a chat opens: the chat as a file, as Markdown to be copied, and its tags.

Each is drawn only while it is open, so that it costs nothing whenever the page is drawn without it.
"""

from collections.abc import Callable
from functools import partial

import streamlit as st

from chatbot.core.errors import ByteBotError
from chatbot.core.text import visible
from chatbot.engine.exports import FORMATS
from chatbot.store.values import Conversation
from chatbot.ui import downloads, export_form, ordering, session
from chatbot.ui.copy_button import copy_button
from chatbot.ui.open_chat import Dialog, OpenChat, current
from chatbot.ui.session import engine_of
from chatbot.ui.words import sentence

_LAID_OPEN = "markdown laid open"  # in the session: of which conversation
_MOST = 500_000  # characters that a browser still lays out in a moment


def begin(dialog: Dialog) -> None:
    """Open it."""
    current().calm()
    current().dialog = dialog


def draw(chat: OpenChat, conversation: Conversation) -> None:
    """The one that is open."""
    if chat.dialog is not None:
        _DIALOGS[chat.dialog](chat, conversation)


def _end() -> None:
    current().dialog = None


@st.dialog("Download", icon=":material/download:", on_dismiss=_end)
def _download(chat: OpenChat, conversation: Conversation) -> None:
    """This chat as a file in the format that is wanted."""
    engine = engine_of(chat)
    form = export_form.rest(export_form.format("chat", export_form.Form("md")), "chat")
    st.download_button(
        f"Download as {FORMATS[form.format].short}",
        partial(downloads.file, engine, conversation.id, chat.head, form),
        file_name=downloads.name(conversation, form.format),
        mime=FORMATS[form.format].mime,
        key="chat-download",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )


@st.dialog("As Markdown", width="large", icon=":material/content_copy:", on_dismiss=_end)
def _markdown(chat: OpenChat, conversation: Conversation) -> None:
    """The branch that is shown, with the button of Streamlit's code block that copies it."""
    try:
        form = export_form.Form("md")
        text = downloads.file(engine_of(chat), conversation.id, chat.head, form).decode()
    except ByteBotError as error:
        st.error(sentence(error.sentence), icon=":material/error:")
        return
    if len(text) > _MOST:
        st.caption(f"It has {len(text):,} characters, too many to be shown here. Download it from the same menu.")
        return
    shown = visible(text)
    if shown == text or st.session_state.get(_LAID_OPEN) == chat.conversation:
        st.caption("The button at the top right of the block copies all of it.")
        st.code(text, language=None, wrap_lines=True, height=420)
        return
    # Streamlit's button would copy what is shown.
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.caption("Characters that would not be seen have their names here; the button copies them as they are.")
        copy_button(text, key=f"copy-markdown-{conversation.id}", on_refused=partial(_lay_open, chat))
    with st.container(height=420):
        st.text(shown)


def _lay_open(chat: OpenChat) -> None:
    """The browser would not give its clipboard: the block is copied by hand, so it holds the text itself."""
    st.session_state[_LAID_OPEN] = chat.conversation


@st.dialog("Tags", icon=":material/label:", on_dismiss=_end)
def _tags(chat: OpenChat, conversation: Conversation) -> None:
    """Those that are there to be chosen from, and room for a new one."""
    try:
        tags = session.engine().store.tags
        known, given = tags.all(), tags.of([conversation.id]).get(conversation.id, ())
    except ByteBotError as error:
        st.error(sentence(error.sentence), icon=":material/error:")
        return
    # Its own key for each state, so that what another window changed is shown.
    key = f"chat-tags-{conversation.id}-{'-'.join(str(tag.id) for tag in given)}"
    st.multiselect(
        "Tags of this chat",
        [tag.name for tag in known],
        [tag.name for tag in given],
        key=key,
        placeholder="Choose a tag, or type a new one and press Enter",
        accept_new_options=True,
        on_change=ordering.tag,
        args=(conversation.id, key),
    )
    st.caption("The History page shows them, and finds conversations by them.")


_DIALOGS: dict[Dialog, Callable[[OpenChat, Conversation], None]] = {
    "download": _download,
    "markdown": _markdown,
    "tags": _tags,
}
