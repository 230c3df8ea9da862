"""Going somewhere: to another chat, to a message far up, to another version. Callbacks, as those beside them."""

from chatbot.engine.view import Way, way_to, way_to_version
from chatbot.ui import session
from chatbot.ui.callbacks import fresh_key, told
from chatbot.ui.open_chat import LAST, OpenChat, current, open_conversation, open_new
from chatbot.ui.session import engine_of

_ABOVE = 2  # messages drawn above one that was gone to, so that it is seen what it was about


def go_to(conversation: str | None) -> None:
    """Open a conversation of the list, or a new chat."""
    options = session.home().default_options()
    if conversation is None:
        open_new(options)
    else:
        open_conversation(conversation, options)


@told
def jump(conversation: str, message: int | None) -> None:
    """Open a conversation at the message that was found, on its branch and with it drawn."""
    engine, options = session.engine(), session.home().default_options()
    if message is None:
        open_conversation(conversation, options)
        return
    way = way_to(engine.store, conversation, message)
    engine.store.conversations.set_head(conversation, way.head)
    chat = open_conversation(conversation, options)
    _draw_around(chat, way)
    chat.found = way.path[way.at].first.id
    chat.sight = (chat.found, fresh_key())


@told
def switch(version: int) -> None:
    """Stand on the newest message below another version."""
    chat = current()
    engine = engine_of(chat)
    if chat.conversation is None:
        return
    chat.calm()
    way = way_to_version(engine.store, chat.conversation, version)
    _draw_around(chat, way)
    engine.store.conversations.set_head(chat.conversation, way.head)


def earlier() -> None:
    """Draw as many older messages again."""
    current().last += LAST


def later(below: tuple[int, ...]) -> None:
    """Draw as many of those that come after, where only a stretch far up is drawn; `below` as View.later."""
    chat = current()
    chat.last += min(LAST, len(below))
    chat.until = below[LAST - 1] if len(below) > LAST else None
    # Who clicked was at the end of the page, where Streamlit stays.
    chat.sight = (below[0], fresh_key())


def newest() -> None:
    """Back to where the chat goes on."""
    chat = current()
    chat.last, chat.until = LAST, None


def _draw_around(chat: OpenChat, way: Way) -> None:
    """Stand on the branch of a message and draw it: with the newest ones, or where it is far up, with those about it.

    All from there to the end would be drawn for seconds in a long chat, and again with each click.
    """
    end = way.at + LAST - _ABOVE
    chat.head, chat.last = way.head, LAST
    chat.until = way.path[end - 1].first.id if end < len(way.path) else None
