"""Going somewhere: to another chat, to a message far up, to another version. Callbacks, as those beside them."""

from chatbot.engine.view import way_to, way_to_version
from chatbot.ui import session
from chatbot.ui.callbacks import fresh_key, told
from chatbot.ui.open_chat import LAST, bring_into_sight, current, draw_around, open_conversation, open_new
from chatbot.ui.session import engine_of


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
    draw_around(chat, way)
    chat.found = bring_into_sight(chat, way)


@told
def switch(version: int) -> None:
    """Stand on the newest message below another version."""
    chat = current()
    engine = engine_of(chat)
    if chat.conversation is None:
        return
    chat.calm()
    far = chat.until is not None
    way = way_to_version(engine.store, chat.conversation, version)
    draw_around(chat, way)
    if far or chat.until is not None:  # what is drawn begins elsewhere now
        bring_into_sight(chat, way)
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
