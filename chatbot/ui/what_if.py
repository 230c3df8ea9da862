"""What the same usage would cost on another model: a choice and one sentence, wherever usage is shown."""

from collections.abc import Callable, Sequence

import streamlit as st

from chatbot.core.bill import Bill, dollars, short
from chatbot.core.blocks import label
from chatbot.core.errors import ByteBotError
from chatbot.core.labels import one_line
from chatbot.core.what_if import Used
from chatbot.engine.what_if import HELP, Choice, choices, what_if
from chatbot.ui import session
from chatbot.ui.words import cost, sentence


def draw(
    what: str, usage: Callable[[], Sequence[Used]], paid: Bill, *, key: str, used: Sequence[tuple[str, str, str]] = ()
) -> None:
    """`what`: "This reply" and the like; `usage` is asked for once a model is chosen. `used`: models of the ledger."""
    try:
        offered = choices(session.home().connections().values(), used)
    except ByteBotError:
        return  # the settings page says what is wrong with them
    if not offered:
        return
    chosen = st.selectbox(
        "On another model",
        offered,
        index=None,
        key=key,
        format_func=lambda choice: one_line(f"{choice.model} · {choice.connection}", 60),
        placeholder="Choose a model",
        help=HELP,
    )
    if chosen is not None:
        _answer(what, chosen, usage(), paid)


def _answer(what: str, choice: Choice, usage: Sequence[Used], paid: Bill) -> None:
    there = what_if(usage, choice, session.engine().price)
    model = f"**{label(choice.model, 60)}**"
    if there.why:
        st.caption(sentence(f"{what} on {choice.model}: {there.why}"))
        return
    st.markdown(f"{sentence(what)} on {model}: **{cost(short(there.bill))}** instead of {cost(short(paid))}.")
    words = "At today's standard prices"
    if there.origin:
        words += f" ({there.origin})"
    if there.bill.unpriced:
        count = there.bill.unpriced
        words += f"; {count:,} call{'' if count == 1 else 's'} without a known usage not counted"
    elif paid.unpriced:
        words += "; of what was paid, not everything is known"
    elif there.bill.nanodollars < paid.nanodollars:
        words += f"; {dollars(paid.nanodollars - there.bill.nanodollars)} less"
    elif there.bill.nanodollars > paid.nanodollars:
        words += f"; {dollars(there.bill.nanodollars - paid.nanodollars)} more"
    st.caption(sentence(f"{words}. Models count words differently."))
