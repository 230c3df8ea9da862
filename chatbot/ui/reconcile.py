"""A provider's bill beside ours: a file is dropped, and each day and model says what differs and why."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from chatbot.core.bill import dollars, made_of
from chatbot.core.cause import Explained
from chatbot.core.errors import ByteBotError
from chatbot.core.reconcile import in_full
from chatbot.engine.engine import Engine
from chatbot.engine.reconcile import Reconciled, connections, reconcile_files
from chatbot.home.home import Home
from chatbot.ui import asking_bill
from chatbot.ui.words import UNKNOWN, sentence

_FILES, _OF, _FOUND = "bill_files", "bill_of", "bill_found"
_VENDORS = "Those to the provider of the bill"
_MANY = 8  # rows from which on those that agree may be left out
_WHERE = """\
Where providers have it:

- **OpenAI**: platform.openai.com, *Usage*; export under *Costs* (money) and under *Activity* (tokens). Drop both.
- **Anthropic**: the Console, *Cost* and *Usage*; *Export* on each page. Drop both.
- **OpenRouter**: *Activity*, the menu of the page, *Export*, *CSV*.
- **Anybody else**: any table with columns for the day, the model and the cost or the tokens.
"""


def draw(engine: Engine, home: Home) -> None:
    """The whole piece, below a heading of its own. An uploaded file is read in memory and kept nowhere."""
    st.subheader("Compare with a provider's bill", anchor=False)
    st.caption(
        "Drop the export of a provider: each day and model shows what they billed, what is here, and why it differs."
    )
    files = st.file_uploader(
        "Cost or usage exports",
        type=["csv", "tsv", "txt"],
        accept_multiple_files=True,
        key=_FILES,
        on_change=asking_bill.forget,
        help="A cost export and a usage export of the same days are one bill. They are compared here and kept nowhere.",
    )
    try:
        used = connections(engine.ledger)
    except ByteBotError as error:
        st.error(sentence(error.sentence), icon=":material/error:")
        return
    answer = asking_bill.answer()
    if asking_bill.pending():
        pass
    elif answer is not None:
        _shown(answer.found, answer.problem)
    elif files:
        _shown(*_compared(engine, files, _choose(used)))
    else:
        st.markdown(_WHERE)
    with st.expander("Ask OpenAI with an admin key", icon=":material/key:"):
        asking_bill.draw(engine, home, _start_anew)


def _start_anew() -> None:
    st.session_state.pop(_FOUND, None)


def _choose(used: Sequence[str]) -> str | None:
    """The connection that the bill is of; None: those of the vendor that it names."""
    if len(used) < 2:
        return None
    chosen: str = st.selectbox("Calls to compare with", [_VENDORS, *used], key=_OF)
    return None if chosen == _VENDORS else chosen


def _compared(engine: Engine, files: Sequence[Any], of: str | None) -> tuple[Reconciled | None, str]:
    """Once for the same files: a large one takes seconds to read, and a page is drawn at every click."""
    asked = (*(file.file_id for file in files), of)
    kept: tuple[object, Reconciled | None, str] | None = st.session_state.get(_FOUND)
    if kept is not None and kept[0] == asked:
        return kept[1], kept[2]
    found, problem = None, ""
    try:
        with st.spinner("Comparing …"):
            found = reconcile_files(engine.ledger, [(file.name, file) for file in files], connection=of)
    except ByteBotError as error:
        problem = error.sentence
    st.session_state[_FOUND] = (asked, found, problem)
    return found, problem


def _shown(found: Reconciled | None, problem: str) -> None:
    if found is None:
        st.error(sentence(problem), icon=":material/error:")
        return
    here = found.counted.nanodollars if found.counted.known else None
    with st.container(horizontal=True, gap="small"):
        for name, value, sign in (
            ("Billed", found.billed, False),
            ("Here", here, False),
            ("Difference", found.difference, True),
        ):
            exact = sentence(in_full(value, signed=sign))
            st.metric(name, _short(value, signed=sign), width="content", help=exact if value else None)
    st.markdown(sentence(summary(found)))
    rows = found.rows
    if found.agreeing and found.agreeing < len(rows) and len(rows) > _MANY and st.toggle("Only what differs"):
        rows = tuple(row for row in rows if row.cause != "agrees")
    if rows:
        st.dataframe(
            [cells(row) for row in rows],
            hide_index=True,
            column_config=_columns(found),
            alt="By day and model: billed, here, the difference and its likely cause",
        )
    if found.others:
        sums = ", ".join(f"{amount / 10**9:,.2f} {name}" for name, amount in found.others.items())
        st.caption(sentence(f"Not compared, since it is not in dollars: {sums}."))


def _short(nanodollars: int | None, *, signed: bool) -> str:
    """A sum as a headline; every digit is in its help."""
    if not nanodollars:
        return UNKNOWN if nanodollars is None else dollars(0)
    sign = "−" if nanodollars < 0 else "+" if signed else ""
    return sign + dollars(abs(nanodollars))


def summary(found: Reconciled) -> str:
    """One or two sentences over the table."""
    whose = found.vendor or "The bill"
    days = f"on {found.first}" if found.first == found.last else f"from {found.first} to {found.last}"
    count = len(found.rows)
    if not count:
        return f"{whose} billed nothing {days}, and nothing is here."
    agree = "All agree." if found.agreeing == count else f"{found.agreeing:,} of {count:,} rows agree."
    parts = made_of(found.counted)
    made = f" Of ours, {parts}." if parts else ""
    return f"{whose} {days} (UTC), beside the calls over {', '.join(found.connections)}. {agree}{made}"


def cells(row: Explained) -> dict[str, str]:
    """A row of the table; amounts with every digit, as text, since a float would round them."""
    pair, ours, tokens = row.pair, row.pair.ours, row.pair.token_difference
    return {
        "Day (UTC)": str(pair.day),
        "Model": pair.model or UNKNOWN,
        "Billed": in_full(pair.billed) if pair.theirs else UNKNOWN,
        "Here": in_full(ours.bill.nanodollars) if ours and ours.bill.known else UNKNOWN,
        "Difference": in_full(pair.difference, signed=True),
        "Tokens": "" if tokens is None else f"{tokens:+,}".replace("-", "−") if tokens else "0",
        "Of ours": made_of(ours.bill) if ours else "",
        "Why": row.sentence,
    }


def _columns(found: Reconciled) -> dict[str, Any]:
    column = st.column_config.TextColumn
    right: dict[str, Any] = {
        "Billed": column(alignment="right"),
        "Here": column(alignment="right"),
        "Difference": column(alignment="right", help="What they billed more than is here"),
        "Tokens": column(alignment="right", help="What they counted more than is here"),
        "Of ours": column(width=110, help="Calls that are estimated or have no price"),
        "Why": column(width=520, help="The likeliest cause that the figures tell"),
    }
    if not any(row.pair.token_difference is not None for row in found.rows):
        right["Tokens"] = None
    if not made_of(found.counted):
        right["Of ours"] = None
    return right
