"""The sums of the costs page as small tables, their numbers aligned."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import streamlit as st

from chatbot.core.bill import Bill, made_of, short
from chatbot.core.blocks import label
from chatbot.core.pricing import NANO
from chatbot.store.spending import DELETED
from chatbot.ui.cost_range import written
from chatbot.ui.cost_sums import Reply
from chatbot.ui.words import cost as cost_words

FEW = 8  # rows of a table; what is below is summed up in one
TITLE = 28  # characters of a conversation's
_NAME = 44
_KINDS = {
    "input": "Input",
    "cached": "Cached input",
    "cache_write": "Written to the cache",
    "reasoning": "Reasoning",
    "output": "Output",
    "unsplit": "Billed as a whole",
}


def digits(most: int) -> int:
    """Decimals for a column of amounts, by the largest one: so that all of it can be compared at a glance."""
    return 4 if most < 10 * NANO else 2


def amount(nanodollars: int, decimals: int) -> str:
    """Dollars with so many decimals; what is less than the last of them is never shown as nothing.

    >>> amount(12_345_678, 4), amount(1_000_000, 2), amount(0, 2), amount(-12_345_678, 4)
    ('$0.0123', '< $0.01', '$0.00', '−$0.0123')
    """
    least = NANO // 10**decimals
    if 0 < nanodollars < least // 2:
        return f"< ${least / NANO:.{decimals}f}"
    sign = "−" if nanodollars < 0 else ""
    return f"{sign}${abs(nanodollars) / NANO:,.{decimals}f}"


def figure(bill: Bill, decimals: int) -> str:
    """A bill in a column: as `short` says it, but with the column's decimals."""
    words = short(bill)
    if not words or "$" not in words:
        return words
    sign = words[:2] if words[0] in "≈>" else ""
    return sign + amount(bill.nanodollars, decimals)


def bills(title: str, rows: Sequence[tuple[str, Bill]], *, what: str, help: str = "") -> None:
    """A card with a name, its calls and its cost in each row."""
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{title}**", help=help or None)
        shown = fold(rows)
        decimals = digits(max((bill.nanodollars for _, bill in shown), default=0))
        lines = [(label(name, _NAME), f"{bill.calls:,}", cost_words(figure(bill, decimals))) for name, bill in shown]
        _table((what, "Calls", "Cost"), lines)


def buckets(found: dict[str, tuple[int, int]], whole: Bill) -> None:
    """A card with what kinds of tokens there were. `whole`: the bill that they are the parts of."""
    with st.container(border=True, height="stretch"):
        st.markdown(
            "**By kind of token**",
            help="Reasoning is part of what a model writes and costs what output costs: its money is its share of the "
            "output's tokens. Where a provider names only the whole cost of a call, it is not split.",
        )
        decimals = digits(max(money for _, money in found.values()))
        lines = [
            (_KINDS[name], f"{tokens:,}" if name != "unsplit" else "", cost_words(of_kind(money, whole, decimals)))
            for name, (tokens, money) in found.items()
            if tokens or money
        ]
        _table(("Tokens", "Count", "Cost"), lines)


def of_kind(nanodollars: int, whole: Bill, decimals: int) -> str:
    """What one kind of token cost in all: what nobody priced is never nothing.

    >>> of_kind(0, Bill(calls=1, unpriced=1), 4), of_kind(0, Bill(calls=1, local=1), 4), of_kind(0, Bill(calls=1), 4)
    ('—', 'local', '$0.0000')
    >>> of_kind(12_345_678, Bill(nanodollars=12_345_678, calls=2, unpriced=1), 4)
    '> $0.0123'
    """
    if nanodollars or not (whole.unpriced or whole.local):
        return ("> " if whole.unpriced else "") + amount(nanodollars, decimals)
    return "—" if whole.unpriced else "local"


def conversations(rows: Sequence[tuple[str | None, str, Bill]], namesakes: Mapping[str, datetime]) -> None:
    """A card whose rows open the conversation; `namesakes`: those that only the time of their first call tells apart."""
    minutes = len({f"{moment:%Y %j %H:%M}" for moment in namesakes.values()}) == len(namesakes)
    with st.container(border=True, height="stretch"):
        st.markdown(
            "**By conversation**",
            help="Grey rows open nothing: *no conversation* is temporary chats and tests of a connection, a deleted "
            "conversation's money was spent all the same, and *others* are those that cost less. Where two are called the "
            "same, each says when its first call was made.",
        )
        decimals = digits(max((bill.nanodollars for *_, bill in rows), default=0))
        for id, title, bill in rows:
            calls = f"{bill.calls:,} call{'' if bill.calls == 1 else 's'}"
            if (begun := namesakes.get(id or "")) is not None:
                calls = f"{written(begun.date())[:-5]} {begun:{'%H:%M' if minutes else '%H:%M:%S'}} · {calls}"
            _linked(id, label(title, 20 if begun else TITLE), calls, figure(bill, decimals))


def replies(rows: Sequence[Reply]) -> None:
    """A card with the dearest replies; each opens its conversation."""
    if not rows:
        return
    with st.container(border=True, height="stretch"):
        st.markdown("**The dearest replies**", help="All calls of a reply together.")
        decimals = digits(max((reply.bill.nanodollars for reply in rows), default=0))
        for reply in rows:
            told = f"{written(reply.day)[:-5]} · {reply.model}"
            _linked(
                reply.conversation, label(reply.title or DELETED, 20), label(told, 26), figure(reply.bill, decimals)
            )


def fold(rows: Sequence[tuple[str, Bill]]) -> list[tuple[str, Bill]]:
    """The first rows, and all others in one."""
    if len(rows) <= FEW + 1:
        return list(rows)
    rest = rows[FEW:]
    return [*rows[:FEW], (f"{len(rest):,} others", sum((bill for _, bill in rest), Bill()))]


def _linked(conversation: str | None, words: str, told: str, cost: str) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        gone = conversation is None  # a link that leads nowhere, so that all rows begin at the same place
        st.page_link(
            "pages/chat.py",
            label=words or "untitled",
            icon="",
            query_params={} if conversation is None else {"c": conversation},
            disabled=gone,
            width="stretch",
        )
        st.caption(told, width="content")
        st.markdown(cost_words(cost), width="content")


def _table(head: tuple[str, str, str], rows: Iterable[tuple[str, str, str]]) -> None:
    lines = [f"| {' | '.join(head)} |", "|:--|--:|--:|"]
    st.markdown("\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)]))


def parts(bill: Bill) -> str:
    """What a sum is made of, local calls among it; "" where all is exactly known."""
    local = f"{bill.local:,} local" if 0 < bill.local < bill.calls else ""
    return ", ".join(filter(None, (made_of(bill), local)))
