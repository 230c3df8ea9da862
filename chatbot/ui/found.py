"""What was found, in place of the list of conversations: the sentences with the words in them, under their titles."""

from collections.abc import Iterable

import streamlit as st

from chatbot.core.blocks import label
from chatbot.core.errors import ByteBotError
from chatbot.core.query import Part
from chatbot.engine.engine import Engine
from chatbot.store.search import WINDOW
from chatbot.store.values import Hit
from chatbot.ui import clock, moving, search_field
from chatbot.ui.search_field import Asked
from chatbot.ui.seats import clear
from chatbot.ui.words import NAME, sentence

WHERE = {"tag": "tag", "prompt": "system prompt"}
"""Where it stands that is neither a title nor a message, in words."""
_KEY = "search"
_TYPED = "looked for"  # in the session
_PAGE = 20
_MANY, _TALL = 4, 430  # hits beyond which the list scrolls in itself, and its height in pixels then
_LONG = 90  # characters of a sentence; it stands in three lines then
_SHOWN = "hits shown"  # in the session: what was typed, and how many hits of it are shown
_DRAWN = "hits drawn here"  # in the session: elements of the list


def asked() -> Asked:
    """The field beside the chat."""
    return search_field.draw(_KEY, kept=_TYPED, placeholder="Search everything said")


def draw(engine: Engine, asked: Asked) -> None:
    """The places where it stands; a click goes there."""
    typed = asked.typed
    shown = _shown(typed)
    try:
        hits = engine.store.search.find(typed, limit=shown + 1, long=_LONG)
        whole = engine.store.search.whole
    except ByteBotError as error:
        st.caption(sentence(error.sentence))
        asked.first()
        return
    with st.container(key="found", gap="xxsmall", border=False, height=_TALL if len(hits) > _MANY else "content"):
        drawn = 0
        for group in groups(hits[:shown]):
            drawn += _group(group)
        if len(hits) > shown:
            st.button("More", key="more-hits", icon=":material/expand_more:", type="tertiary", on_click=_more)
            drawn += 1
        for words in notes(typed, hits, whole=whole):
            st.caption(words)
            drawn += 1
        clear(st.session_state.get(_DRAWN, 0) - drawn)
        st.session_state[_DRAWN] = drawn
    asked.first(hits, message="hit-", conversation="found-")


def notes(typed: str, hits: list[Hit], *, whole: bool) -> Iterable[str]:
    """What is to be said below what was found."""
    if not hits and len(typed) < 3:
        yield f"Nothing found among the newest {WINDOW:,} messages. With three characters, all of them are searched."
    elif not hits:
        yield f"Nothing found for “{label(typed, most=60)}”. Try fewer or shorter words."
    if not whole:
        yield "Older messages are still being indexed; some may be missing here."


def groups(hits: list[Hit]) -> list[list[Hit]]:
    """The hits of each conversation together, in the order in which the conversations come."""
    found: dict[str, list[Hit]] = {}
    for hit in hits:
        found.setdefault(hit.conversation, []).append(hit)
    return list(found.values())


def _group(hits: list[Hit]) -> int:
    """One conversation; gives how many elements that took."""
    first = hits[0]
    title = marked(first.snippet) if first.where == "title" else label(first.title, most=NAME)
    st.button(
        title,
        key=f"found-{first.conversation}",
        icon=":material/chat_bubble:",
        type="tertiary",
        on_click=moving.jump,
        args=(first.conversation, None),
    )
    named = [hit for hit in hits if hit.where in WHERE]
    for hit in named:
        st.caption(f"{marked(hit.snippet)} :small[:gray[{WHERE[hit.where]}]]")
    said = [hit for hit in hits if hit.message is not None]
    for hit in said:
        day = f"{hit.when.astimezone(clock.zone()):%Y-%m-%d}"
        who = "You" if hit.role == "user" else "ByteBot"
        st.button(
            f"{marked(hit.snippet)} :small[:gray[{who}, {day}]]",
            key=f"hit-{hit.message}",
            type="tertiary",
            on_click=moving.jump,
            args=(hit.conversation, hit.message),
        )
    return 1 + len(named) + len(said)


def marked(parts: Iterable[Part]) -> str:
    """The snippet as a label, what was found in bold. The colour's brackets let the bold begin and end anywhere."""
    return "".join(
        f":primary[**{label(part.text, most=400)}**]" if part.found else _with_its_spaces(part.text) for part in parts
    )


def _with_its_spaces(text: str) -> str:
    words = label(text, most=400)
    before, after = (" " if text[:1].isspace() else ""), (" " if words and text[-1:].isspace() else "")
    return f"{before}{words}{after}"


def _shown(typed: str) -> int:
    before, count = st.session_state.get(_SHOWN, ("", _PAGE))
    if before != typed:
        count = _PAGE
        st.session_state[_SHOWN] = (typed, count)
    return int(count)


def _more() -> None:
    typed, count = st.session_state[_SHOWN]
    st.session_state[_SHOWN] = (typed, count + _PAGE)
