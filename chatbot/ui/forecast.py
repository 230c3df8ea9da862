"""The line under the input: what the next message would send and cost, before its own words."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.core.bill import dollars
from chatbot.core.errors import ByteBotError
from chatbot.core.labels import one_line
from chatbot.engine.ahead import ByRule, Forecast
from chatbot.engine.engine import Engine
from chatbot.ui.open_chat import OpenChat
from chatbot.ui.words import sentence

_HELP = """\
**Tokens** are what would be sent before your own words: the system prompt and as much of this chat as fits. Without ≈ \
they are the server's own count of the last request and its reply.

**The range** runs from a middling reply of this model to one that nine of ten do not pass, never beyond the longest \
reply that is set. What you type comes on top.

**By rule**: what it costs if one of your rules sends it to that model; your words decide whether one does.

It is what the call would cost at today's prices; what it did cost stands under the reply."""


def place(chat: OpenChat) -> DeltaGenerator:
    """One element below the input, to be filled anew when nothing is being written; till then it says what it said."""
    slot: DeltaGenerator = st.bottom.empty()
    if chat.ahead:
        slot.caption(chat.ahead, help=_HELP)
    return slot


def fill(slot: DeltaGenerator, engine: Engine, chat: OpenChat) -> None:
    """Write what is known; nothing for a model on this machine."""
    try:
        ahead = engine.ahead.next(chat.conversation, chat.head, chat.options)
    except ByteBotError:
        said = ""
    else:
        said = sentence(words(ahead)) if ahead is not None and chat.options.model else ""
    if said == chat.ahead:
        return
    chat.ahead = said
    if said:
        slot.caption(said, help=_HELP)
    else:
        slot.empty()


def words(ahead: Forecast) -> str:
    """The forecast in one line.

    >>> from chatbot.core.pricing import Cost, unknown
    >>> from chatbot.core.tokens import Outputs
    >>> def known(nanodollars: int) -> Cost: return Cost(nanodollars=nanodollars, source="computed")
    >>> outputs = Outputs(low=300, high=900, known=True)
    >>> words(Forecast(input_tokens=1310, exact=True, outputs=outputs, least=known(281_000), most=known(581_000),
    ...                per_thousand=known(22_500)))
    '1,310 tokens + your words · $0.0003–$0.0006 · < $0.0001 per 1,000 characters more'
    >>> words(Forecast(input_tokens=20, exact=False, outputs=outputs, least=unknown(""), most=unknown(""),
    ...                per_thousand=unknown("")))
    '≈ 20 tokens + your words · price unknown'
    """
    return " · ".join([*_own(ahead), *(f"by rule {one_line(one.model)}: {_range(one)}" for one in ahead.by_rule)])


def _own(ahead: Forecast) -> list[str]:
    """With the chat's own model."""
    about = "" if ahead.exact else "≈ "
    parts = [f"{about}{ahead.input_tokens:,} tokens + your words"]
    least, most, more = (cost.nanodollars for cost in (ahead.least, ahead.most, ahead.per_thousand))
    if least is None or most is None or more is None:
        return [*parts, "price unknown"]
    parts.append(_range(ahead) if ahead.outputs.known else f"{dollars(least)} to at most {dollars(most)}")
    parts.append(f"{dollars(more)} per 1,000 characters more")
    return parts


def _range(one: Forecast | ByRule) -> str:
    least, most = one.least.nanodollars, one.most.nanodollars
    if least is None or most is None:
        return "price unknown"
    low, high = dollars(least), dollars(most)
    return low if low == high else f"{low}–{high}"


def uncached(engine: Engine, chat: OpenChat, *, edited: int | None = None) -> str:
    """What an edit, or the system prompt as it is now, costs because the vendor's cache no longer fits; "" for nothing."""
    if chat.conversation is None:
        return ""
    try:
        lost = engine.ahead.uncached(chat.conversation, chat.head, chat.options, edited=edited)
    except ByteBotError:
        return ""
    if lost is None or not lost.nanodollars:
        return ""
    what = "this message" if edited is not None else "this chat"
    why = "once it is changed" if edited is not None else "since the system prompt has changed"
    more = dollars(lost.nanodollars)
    return sentence(
        f"≈ {lost.tokens:,} tokens of {what} lie in the vendor's cache and are billed in full {why}: about {more} more."
    )
