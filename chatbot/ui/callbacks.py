"""What a click or Enter does. Streamlit runs these before it draws the page anew, so the page shows what they did.

Each begins or changes something in the engine and says so in the open chat. A failure is a sentence above the input;
what was typed goes back to where it was.
"""

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import wraps
from typing import Any, Literal

import streamlit as st

from chatbot.core.budgets import Budget
from chatbot.core.errors import BadInput, ByteBotError
from chatbot.core.text import typed
from chatbot.engine.actions import Action, Answer, Continue, Edit, Regenerate, Retry, Say
from chatbot.engine.view import way_to
from chatbot.store.conversations import LONGEST_TITLE
from chatbot.ui import open_chat, session
from chatbot.ui.open_chat import (
    Note,
    OpenChat,
    Renaming,
    begin,
    bring_into_sight,
    current,
    draw_around,
    open_conversation,
    open_new,
    undo_until,
)
from chatbot.ui.session import engine_of

INPUT = "input"


def fresh_key() -> str:
    """Fixed when a button is drawn: two clicks on one drawing are one turn."""
    return uuid.uuid4().hex


def told(callback: Callable[..., None]) -> Callable[..., None]:
    """What goes wrong in the callback becomes a sentence above the input."""

    @wraps(callback)
    def run(*args: Any, **named: Any) -> None:
        try:
            callback(*args, **named)
        except ByteBotError as error:
            settings = error.way_out in ("settings", "data_folder")
            current().note = Note(sentence=error.sentence, settings=settings)

    return run


def send() -> None:
    """Enter in the input. Each submit is a turn of its own, below what this tab had seen."""
    text: str = st.session_state[INPUT] or ""
    current().calm()
    try:
        _start(open_chat.saying(text, engine_of(current())), key=fresh_key())
        current().sent = current().head
    except ByteBotError as error:
        st.session_state[INPUT] = text
        current().note = Note(sentence=error.sentence, settings=error.way_out in ("settings", "data_folder"))


@told
def suggest(text: str, key: str) -> None:
    current().calm()
    _start(lambda chat: Say(text, parent=chat.head), key=key)


@told
def stop(reply: int) -> None:
    engine_of(current()).stop(reply)


@told
def stop_all(conversation: str) -> None:
    """Stop every reply that is being written in a conversation, from beside it."""
    engine = session.engine()
    for reply in engine.store.turns.live(conversation):
        engine.stop(reply)


@told
def continue_reply(reply: int, key: str) -> None:
    current().calm()
    _start(Continue(reply), key=key)


@told
def retry(reply: int, key: str) -> None:
    current().calm()
    _start(Retry(reply), key=key)


@told
def answer(message: int, key: str) -> None:
    current().calm()
    _start(Answer(message), key=key)


@told
def regenerate(reply: int, key: str, widget: str | None = None) -> None:
    """`widget`: the picker that says with which model."""
    model = typed(str(st.session_state.get(widget) or "")) if widget else ""
    current().calm()
    _start(Regenerate(reply, model or None), key=key)


def begin_edit(message: int) -> None:
    current().calm()
    current().editing = message


def save_edit(message: int, widget: str, key: str) -> None:
    """The message said anew, beside the old one; what was typed stays open when that fails."""
    text = str(st.session_state.get(widget) or "")
    try:
        _start(Edit(message, text), key=key)
    except ByteBotError as error:
        current().note = Note(sentence=error.sentence)
    else:
        current().calm()


def choose_model(reply: int) -> None:
    current().calm()
    current().choosing = reply


def show_cost(reply: int) -> None:
    """Open the arithmetic behind a reply's cost, or close it."""
    chat = current()
    opened = chat.costing == reply
    chat.calm()
    chat.costing = None if opened else reply


def show_raw(message: int) -> None:
    """The browser would not give its clipboard: lay the text open."""
    current().raw = message


def cancel() -> None:
    current().calm()


@told
def delete_message(message: int) -> None:
    chat = current()
    if chat.conversation is None:
        return
    chat.calm()
    engine, conversation, far = engine_of(chat), chat.conversation, chat.until is not None
    tree = engine.store.conversations.tree(conversation)
    below = tree.count_below(message)
    token = engine.delete_message(conversation, message)
    with_them = f", with the {below:,} below it" if below > 1 else ", with the one below it" if below else ""
    sentence = f"Deleted{with_them}."
    chat.note = Note(sentence=sentence, token=token, conversation=conversation, message=message, until=undo_until())
    chat.head = chat.until = None
    above = tree.by_id[message].parent
    if far and above is not None:
        with suppress(ByteBotError):  # it is deleted all the same, and its Undo must stay
            way = way_to(engine.store, conversation, above)
            draw_around(chat, way)
            bring_into_sight(chat, way)


@told
def delete_conversation(conversation: str) -> None:
    session.engine().delete(conversation)
    note = Note(sentence="Deleted.", whole=True, conversation=conversation, until=undo_until())
    if current().conversation == conversation:
        open_new(session.home().default_options(), note=note)
    else:
        current().note = note


@told
def undo(note: Note) -> None:
    """Take back what was deleted, and stand where it is."""
    chat = current()
    if note.conversation is None:
        return
    chat.note = None
    if note.archived:
        session.engine().store.history.unarchive([note.conversation])
        return
    if note.whole:
        session.engine().store.conversations.undelete(note.conversation)
    elif note.token is not None:
        engine_of(chat).store.conversations.undelete_message(note.token)
        if chat.temporary is not None:  # to open it anew would be to leave it
            chat.head = None
            return
    chat = open_conversation(note.conversation, session.home().default_options())
    if note.message is not None:
        way = way_to(session.engine().store, note.conversation, note.message)
        draw_around(chat, way)
        bring_into_sight(chat, way)


def rename(conversation: str, widget: str) -> None:
    """Take the name; what is refused stays in its field, with the reason under it."""
    chat = current()
    if chat.renaming is None:
        return
    try:
        engine = engine_of(chat) if conversation == chat.conversation else session.engine()
        engine.store.conversations.rename(conversation, title_of(st.session_state.get(widget)))
    except ByteBotError as error:
        chat.renaming = replace(chat.renaming, refused=error.sentence)
    else:
        chat.renaming = None


def title_of(typed: object) -> str:
    """A title as it was typed. The store would cut a longer one, and nobody would be told."""
    title = " ".join(str(typed or "").split())
    if len(title) > LONGEST_TITLE:
        raise BadInput(f"The title has {len(title):,} characters; the most is {LONGEST_TITLE}. Shorten it.")
    return title


@told
def pin(conversation: str, pinned: bool) -> None:
    session.engine().store.conversations.pin(conversation, pinned)


def menu(widget: str, choices: dict[str, Callable[[], None]]) -> None:
    """A menu button was used: do what was chosen."""
    chosen = choices.get(str(st.session_state.get(widget)))
    if chosen is not None:
        chosen()


def begin_rename(where: Literal["head", "list"]) -> None:
    current().calm()
    current().renaming = Renaming(where)


@told
def set_options(**changed: object) -> None:
    """This chat's options from now on: stored with it, or kept by this tab until it begins."""
    chat = current()
    chat.options = replace(chat.options, **changed)  # type: ignore[arg-type]
    if chat.conversation is not None:
        engine_of(chat).store.conversations.set_options(chat.conversation, chat.options)


@told
def raise_limit(reply: int, key: str, limit: int) -> None:
    """Twice the output, and the same again."""
    set_options(max_output=limit)
    current().calm()
    _start(Retry(reply), key=key)


@told
def raise_budget(reply: int, key: str, budget: Budget, limit: int) -> None:
    """A higher limit, and the same again."""
    session.engine().ledger.budgets.set(budget.kind, limit, subject=budget.subject, zone=budget.zone)
    _again(reply, key)


@told
def use_model(reply: int, key: str, model: str) -> None:
    """The same again by another model, which this chat has from now on."""
    set_options(model=model)
    _again(reply, key, model)


@told
def send_unpriced(reply: int, key: str) -> None:
    """The same again, although nobody knows what it costs; so from now on in this chat."""
    set_options(allow_unpriced=True)
    _again(reply, key)


def _again(reply: int, key: str, model: str | None = None) -> None:
    """Another try with a message whose words had been put back into the input."""
    chat = current()
    if chat.put_back == reply:
        st.session_state[INPUT] = ""
        chat.put_back = None
    chat.calm()
    _start(Retry(reply, model), key=key)


def _start(action: Action | Callable[[OpenChat], Action], *, key: str) -> None:
    begin(current(), engine_of(current()), action if callable(action) else lambda _: action, key=key)
