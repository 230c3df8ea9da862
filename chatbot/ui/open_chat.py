"""The chat that this tab has open: which conversation, which branch of it, what is being done to it."""

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import streamlit as st

from chatbot.core.errors import ByteBotError, NotFound
from chatbot.core.settings import Options
from chatbot.engine.actions import Action, Say
from chatbot.engine.engine import Engine
from chatbot.engine.view import Shown, View, Way
from chatbot.ui.seats import Seats

LAST = 24  # messages drawn at first: what a thousand cost more than twenty is drawing them
MOST = 90  # and at most, before the oldest drawn ones are put away again
_ABOVE = 2  # messages drawn above one that was gone to, so that it is seen what it was about
UNDO_FOR = 10.0  # seconds
WITHIN_LIMITS = ("raise_budget", "unpriced")
"""Ways out of a reply that was not asked for because of a limit."""
_WENT_ON = (
    "This chat went on in another window meanwhile. Your message stands beside that, not below it: the switch at your "
    "message leads there."
)
_KEY = "chat"
_HISTORY = "messages"


Dialog = Literal["download", "markdown", "tags"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence above the input, until the next thing is done. `token`: what takes a deletion back."""

    sentence: str
    settings: bool = False
    """The settings page is the way out."""
    token: str | None = None
    conversation: str | None = None
    message: int | None = None
    """What was deleted of the conversation."""
    whole: bool = False
    """The whole conversation was deleted."""
    archived: bool = False
    """The conversation was put into the archive."""
    until: float | None = None
    """time.monotonic() after which it is gone."""
    drawn: bool = False
    """It was seen, so its time runs."""


@dataclass(frozen=True, slots=True)
class Renaming:
    """The open conversation is being renamed in its head or in the list. `refused`: why the last name was not taken."""

    where: Literal["head", "list"]
    refused: str = ""


@dataclass(slots=True, weakref_slot=True)
class OpenChat:
    """One in each tab, in st.session_state. `head` None: the branch that the conversation itself stands on."""

    options: Options
    conversation: str | None = None
    temporary: Engine | None = None
    """What keeps this chat's words in memory, where they are to be kept nowhere else."""
    head: int | None = None
    last: int = LAST
    until: int | None = None
    """The message that the drawn ones end with, far up in a long chat; None: they go to the newest."""
    slot: str = field(default_factory=lambda: uuid.uuid4().hex[:8])
    """Part of the keys of this chat's widgets; it stays when a new chat is stored and gets its id."""
    editing: int | None = None
    choosing: int | None = None
    """The reply for which another model is being chosen."""
    costing: int | None = None
    """The reply whose cost is laid open."""
    found: int | None = None
    """The message that a search led to."""
    sight: tuple[int, str] | None = None
    """The message to bring into sight, with a word that is new each time."""
    said: int | None = None
    """The reply that was last asked for in this tab: it and what it answers are brought into sight."""
    raw: int | None = None
    """The message whose text lies open to be copied by hand."""
    dialog: Dialog | None = None
    """What was opened from its menu."""
    sent: int | None = None
    """The reply to what was last sent from the input."""
    put_back: int | None = None
    """The reply that a limit did not let through, while what was said stands in the input again."""
    put_back_below: int | None = None
    """What that message stood below."""
    ahead: str = ""
    """What stands under the input about the next message."""
    renaming: Renaming | None = None
    number: str = ""
    """Why the last number typed beside the chat was not taken."""
    note: Note | None = None
    drawn: int = 0
    """Elements that the last run drew in the column of messages."""
    seats: Seats = field(default_factory=dict)
    beginning: threading.Lock = field(default_factory=threading.Lock)
    url: str | None = None
    url_before: str | None = None
    """What the address may still say while the browser has not heard of a change."""

    @property
    def below(self) -> int | None:
        """Where the next message goes: to the place of the one that was put back, else below the last."""
        return self.put_back_below if self.put_back is not None and self.put_back == self.head else self.head

    def here(self, message: int) -> str:
        """A word that is new each time this message is to be brought into sight; empty for all others."""
        return self.sight[1] if self.sight is not None and message == self.sight[0] else ""

    def calm(self) -> None:
        """Nothing is being edited, chosen or told any more: something else was done."""
        self.editing = self.choosing = self.costing = self.raw = self.note = self.renaming = self.found = self.sight = (
            None
        )
        self.number = ""
        self.dialog = None


def current() -> OpenChat:
    """This tab's chat; `open_new` or `at_address` must have run in it before."""
    chat: OpenChat = st.session_state[_KEY]
    return chat


def open_new(options: Options, *, note: Note | None = None) -> OpenChat:
    """An empty chat, which is stored with its first message."""
    return _replace(OpenChat(options=options, note=note))


def open_conversation(conversation: str, options: Options, *, note: Note | None = None) -> OpenChat:
    """`options`: those of a new chat, should the conversation not be there."""
    return _replace(OpenChat(options=options, conversation=conversation, note=note))


def _replace(chat: OpenChat) -> OpenChat:
    before: OpenChat | None = st.session_state.get(_KEY)
    if before is not None:
        chat.drawn, chat.seats = before.drawn, before.seats
        chat.url, chat.url_before = before.url, before.url_before
        if before.temporary is not None:
            end(before.temporary)
    st.session_state[_KEY] = chat
    return chat


def at_address(options: Options) -> OpenChat:
    """The chat that the page's address names with `?c=`, else the one this tab had open, else a new one.

    `options` are those of a new chat.
    """
    asked = st.query_params.get("c")
    chat: OpenChat | None = st.session_state.get(_KEY)
    if chat is None:
        chat = open_conversation(asked, options) if asked else open_new(options)
        chat.url = asked
    elif asked and asked != chat.conversation and asked not in (chat.url_before, chat.url):
        # The person went there by the address bar, by a link, or back and forth.
        chat = open_conversation(asked, options)
        chat.url = chat.url_before = asked
    elif asked == chat.conversation:
        chat.url = chat.url_before = asked
    return chat


def keep_address(chat: OpenChat) -> None:
    """Let the page's address name the open conversation; nobody else could open a temporary one."""
    named = None if chat.temporary else chat.conversation
    if st.query_params.get("c") == named:
        return
    chat.url_before, chat.url = st.query_params.get("c"), named
    if named is None:
        del st.query_params["c"]
    else:
        st.query_params["c"] = named


def look(engine: Engine, chat: OpenChat, options: Options) -> View | None:
    """One consistent picture of the open conversation, kept in st.session_state as the history; None for a new chat."""
    view: View | None = None
    if chat.conversation is not None:
        try:
            view = engine.view(chat.conversation, chat.head, last=chat.last, until=chat.until, onward=True)
            if view.conversation.unseen and not view.later:
                engine.store.conversations.seen(chat.conversation)
        except NotFound:
            lost = chat.conversation
            st.session_state[_KEY] = chat = _replace(OpenChat(options=options))
            chat.note = Note(
                sentence=f"There is no conversation {lost!r}. It may have been deleted, or its address cut."
            )
        except ByteBotError as error:
            chat.note = Note(sentence=error.sentence)
    st.session_state[_HISTORY] = view.shown if view else ()
    if view is not None:
        chat.head, chat.options = view.head, view.conversation.options
    return view


def saying(text: str, engine: Engine) -> Callable[[OpenChat], Action]:
    """Say it below what this tab has seen, with a note when somebody has said something there meanwhile."""

    def say(chat: OpenChat) -> Action:
        told = chat.conversation is not None and chat.head is not None and chat.put_back is None
        if told and chat.head in engine.store.conversations.tree(chat.conversation or "").children:
            chat.note = Note(sentence=_WENT_ON)
        return Say(text, parent=chat.below)

    return say


def put_back(chat: OpenChat, view: View | None) -> str | None:
    """What was said last from this input, if a limit did not let it through: it goes back there, once."""
    if chat.sent is None or view is None or not view.shown or view.shown[-1].row.id != chat.sent:
        return None
    reply = view.shown[-1]
    if reply.live:
        return None
    chat.sent = None
    if reply.state != "blocked" or reply.row.way_out not in WITHIN_LIMITS or len(view.shown) < 2:
        return None
    said = view.shown[-2]
    chat.put_back, chat.put_back_below = reply.row.id, said.first.parent
    return said.text


def begin(chat: OpenChat, engine: Engine, act: Callable[[OpenChat], Action], *, key: str) -> None:
    """Begin what `act` makes of the chat as it is then, and stand on it.

    One at a time: Streamlit does not wait for the callback of the first of two quick submits before it runs that of the
    second, and both would begin a conversation of their own.
    """
    with chat.beginning:
        action = act(chat)
        turn = engine.start(chat.conversation, action, options=chat.options, key=key)
        chat.conversation, chat.head = turn.conversation, turn.reply
        chat.said = turn.reply
        if isinstance(action, Say):
            # Growing at the end only, so that what is on screen keeps its place; now and then the oldest are put away.
            chat.last = chat.last + 2 if chat.last < MOST and chat.until is None else LAST
        chat.until = None


def draw_around(chat: OpenChat, way: Way) -> None:
    """Stand on the branch of a message and draw it: with the newest ones, or where it is far up, with those about it.

    All from there to the end would be drawn for seconds in a long chat, and again with each click.
    """
    end = way.at + LAST - _ABOVE
    chat.head, chat.last = way.head, LAST
    chat.until = way.path[end - 1].first.id if end < len(way.path) else None


def bring_into_sight(chat: OpenChat, way: Way) -> int:
    """Scroll to the message once it is drawn; gives its id."""
    message = way.path[way.at].first.id
    chat.sight = (message, uuid.uuid4().hex)
    return message


def put(over: Shown) -> None:
    """Take a reply that has ended meanwhile into the history."""
    history: tuple[Shown, ...] = st.session_state[_HISTORY]
    st.session_state[_HISTORY] = tuple(over if shown.id == over.id else shown for shown in history)


def end(temporary: Engine) -> None:
    """Let a temporary chat's words go, beside the page: a reply that is being written is stopped and settled first."""
    threading.Thread(target=temporary.close, name="end-of-temporary-chat", daemon=True).start()


def undo_until() -> float:
    return time.monotonic() + UNDO_FOR
