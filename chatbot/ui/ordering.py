"""Stars, tags, the archive and a branch of its own, from within a chat."""

from collections.abc import Sequence

import streamlit as st

from chatbot.engine.branching import branch as branched
from chatbot.ui import session
from chatbot.ui.callbacks import told
from chatbot.ui.moving import go_to
from chatbot.ui.open_chat import Note, current, undo_until


@told
def star(message: int) -> None:
    chat = current()
    if chat.conversation is not None:
        chat.calm()
        session.engine_of(chat).store.stars.star(chat.conversation, message)


@told
def unstar(messages: Sequence[int]) -> None:
    """`messages`: all segments of a reply, whichever has the star."""
    current().calm()
    for message in messages:
        session.engine_of(current()).store.stars.unstar(message)


@told
def branch(message: int) -> None:
    """Open what was said up to this message as a chat of its own."""
    chat, engine = current(), session.engine()
    if chat.conversation is not None and chat.temporary is None:
        made = branched(engine.store, chat.conversation, message)
        engine.catch_up()
        go_to(made)
        current().note = Note(sentence="This is a chat of its own, with all that was said up to there.")


@told
def archive(conversation: str) -> None:
    """Out of the list; it stays open here, and a new message takes it back."""
    session.engine().store.history.archive([conversation])
    current().calm()
    current().note = Note(sentence="Archived.", archived=True, conversation=conversation, until=undo_until())


@told
def unarchive(conversation: str) -> None:
    session.engine().store.history.unarchive([conversation])
    current().calm()


@told
def tag(conversation: str, widget: str) -> None:
    """The tags are those that are chosen in the widget now; names that are new are made."""
    tags = session.engine().store.tags
    names = [str(name) for name in st.session_state.get(widget) or ()]
    wanted = {" ".join(name.split()).casefold() for name in names}
    for had in tags.of([conversation]).get(conversation, ()):
        if had.name.casefold() not in wanted:
            tags.take([conversation], had.id)
    for name in names:
        tags.give([conversation], name)
