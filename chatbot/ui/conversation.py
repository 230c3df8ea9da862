"""The column of messages: what is stored first, then the replies that are being written, each followed to its end."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import zip_longest

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.core.errors import ByteBotError
from chatbot.core.events import Failed
from chatbot.engine.engine import Engine
from chatbot.engine.view import Shown, View
from chatbot.ui import foot, message, moving
from chatbot.ui.live_reply import follow
from chatbot.ui.message import Places
from chatbot.ui.meter import Meter
from chatbot.ui.open_chat import OpenChat, put
from chatbot.ui.reading import Reading
from chatbot.ui.seats import clear
from chatbot.ui.spend import Spend


def draw(column: DeltaGenerator, view: View, chat: OpenChat, engine: Engine, spent: Spend) -> None:
    """Blocks while a reply is being written; a click or a rerun ends it at any time."""
    live: list[tuple[Shown, Places]] = []
    with column:
        _earlier(view)
        for place, (shown, below) in enumerate(zip_longest(view.shown, view.shown[1:])):
            newest = below is not None and below.row.id == chat.said
            places = message.draw(shown, chat, last=_last(shown, view), place=place, newest=newest)
            if places is not None:
                live.append((shown, places))
        drawn = 1 + len(view.shown) + _later(view)
        clear(chat.drawn - drawn)
        chat.drawn = drawn
    # Esc stops the one that is being followed; all the same, every reply can be stopped from the start.
    for number, (shown, places) in enumerate(live):
        foot.live(places.foot, shown, here=engine.live(shown.row.id) is not None, esc=number == 0)
    for number, (shown, places) in enumerate(live):
        if number:
            foot.live(places.foot, shown, here=engine.live(shown.row.id) is not None, esc=True, again=True)
        over = _follow(shown, places, chat, engine, spent, last=_last(shown, view))
        put(over)


def empty_below(column: DeltaGenerator, chat: OpenChat, drawn: int) -> None:
    """Clear what the last run drew in the column beyond its first `drawn` elements."""
    with column:
        clear(chat.drawn - drawn)
    chat.drawn = drawn


def _earlier(view: View) -> None:
    """Always one element, so that the messages keep their places."""
    with st.container(key="earlier", horizontal=True, horizontal_alignment="center"):
        if view.earlier:
            st.button(
                f"Earlier messages ({view.earlier:,})",
                key="earlier-button",
                icon=":material/expand_less:",
                type="tertiary",
                on_click=moving.earlier,
            )


def _later(view: View) -> int:
    """Below a stretch far up; gives how many elements that took."""
    if not view.later:
        return 0
    with st.container(key="later", horizontal=True, horizontal_alignment="center"):
        st.button(
            f"Later messages ({len(view.later):,})",
            key="later-button",
            icon=":material/expand_more:",
            type="tertiary",
            on_click=moving.later,
            args=(view.later,),
        )
        st.button(
            "To the newest",
            key="newest-button",
            icon=":material/keyboard_double_arrow_down:",
            type="tertiary",
            on_click=moving.newest,
        )
    return 1


def _last(shown: Shown, view: View) -> bool:
    """Nothing follows it, so it can be gone on with."""
    return not view.later and shown is view.shown[-1]


def _follow(shown: Shown, places: Places, chat: OpenChat, engine: Engine, spent: Spend, *, last: bool) -> Shown:
    reading = Reading(engine.follow(shown.row.id), before=shown.before, reasoned_before=shown.reasoned_before)
    asked = shown.row.created

    def waited() -> float:
        return (datetime.now(UTC) - asked).total_seconds()

    meter = Meter(places.foot.cost, spent, engine, shown.row.id)
    lead = follow(reading, places.body, places.foot.words, waited=waited, tick=meter.tick)
    over = _settled(shown, reading, engine)
    lead.thought(over.row.thinking)
    # In place, without a rerun: a stored reply is drawn just so.
    foot.draw(over, chat, last=last, into=places.foot)
    with suppress(ByteBotError):  # where the history takes nothing, the reply itself says so
        engine.store.conversations.seen(over.row.conversation)
    if over.state == "blocked" and chat.sent == over.row.id:
        st.rerun()  # what was said goes back into the input, which has been drawn
    return over


def _settled(shown: Shown, reading: Reading, engine: Engine) -> Shown:
    """The reply as it is stored now that it is over; what the page saw of it where the store could not take it."""
    row, calls = shown.row, shown.calls
    with suppress(ByteBotError), engine.store.moment():
        row = engine.store.conversations.messages([row.id]).get(row.id, row)
        calls = tuple(call for made in engine.paid([one.id for one in shown.rows]).values() for call in made)
    if row.state in ("waiting", "running"):
        ending = reading.ending
        error = ending.sentence if isinstance(ending, Failed) else None
        row = replace(row, state="cut", error=error)
    rows = (*shown.rows[:-1], row)
    return replace(
        shown,
        calls=calls,
        rows=rows,
        text="".join(part.text for part in rows),
        reasoning="".join(part.reasoning for part in rows),
    )
