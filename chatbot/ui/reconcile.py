"""A provider's bill beside ours: a file is dropped, and each day and model says what differs and why."""

import re
from collections.abc import Sequence
from typing import Any, Literal

import streamlit as st

from chatbot.core.bill import dollars, made_of
from chatbot.core.cause import Explained
from chatbot.core.errors import BadInput, ByteBotError
from chatbot.core.reconcile import AT_LEAST, AT_MOST, apart, here, in_full
from chatbot.engine.engine import Engine
from chatbot.engine.reconcile import ReadBill, Reconciled, connections, read_bill, reconcile_bills
from chatbot.home.home import Home
from chatbot.ui import asking_bill
from chatbot.ui.asking_bill import Answer
from chatbot.ui.words import UNKNOWN, sentence

_FILES, _OF, _FOUND = "bill_files", "bill_of", "bill_found"
_VENDORS = "Those to the provider of the bill"
_LEAST = 50_000  # nano-dollars, of which a headline's four decimals say something
_LETTERS = 38  # of a sentence, that surely fit into one line of its column
_HIGH = 68  # pixels of a row with three lines; Streamlit wraps words in rows higher than 64
_TALL = 600  # pixels of a table of many such rows
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
        _shown(answer)
    elif files:
        _shown(_compared(engine, files, _choose(used)))
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


def _compared(engine: Engine, files: Sequence[Any], of: str | None) -> Answer:
    """Once for the same files: a large one takes seconds to read, and a page is drawn at every click."""
    asked = (*(file.file_id for file in files), of)
    kept: tuple[object, Answer] | None = st.session_state.get(_FOUND)
    if kept is not None and kept[0] == asked:
        return kept[1]
    with st.spinner("Comparing …"):
        answer = _answer(engine, files, of)
    st.session_state[_FOUND] = (asked, answer)
    return answer


def _answer(engine: Engine, files: Sequence[Any], of: str | None) -> Answer:
    """A file that cannot be read does not stand in the way of the others."""
    bills, unread = list[ReadBill](), list[str]()
    for file in files:
        try:
            bills.append(read_bill(file, file.name))
        except BadInput as error:
            unread.append(error.sentence)
    if not bills:
        return Answer(unread=tuple(unread))
    try:
        found = reconcile_bills(engine.ledger, bills, connection=of)
    except ByteBotError as error:
        return Answer(problem=error.sentence, unread=tuple(unread))
    return Answer(found, unread=tuple(unread))


def _shown(answer: Answer) -> None:
    found = answer.found
    for wrong in filter(None, (*answer.unread, answer.problem)):
        st.error(sentence(wrong), icon=":material/error:")
    if found is None:
        return
    if answer.unread:
        st.caption("What is below is of the other files.")
    _headlines(found)
    st.markdown(sentence(summary(found)))
    rows = found.rows
    if found.agreeing and found.agreeing < len(rows) and len(rows) > _MANY and st.toggle("Only what differs"):
        rows = tuple(row for row in rows if row.cause != "agrees")
    if rows:
        _table(found, rows)
    if found.others:
        sums = ", ".join(f"{amount / 10**9:,.2f} {name}" for name, amount in found.others.items())
        st.caption(sentence(f"Not compared, since it is not in dollars: {sums}."))


def _headlines(found: Reconciled) -> None:
    """The whole of each side; every digit is in the help."""
    ours = found.counted
    least, most = (AT_LEAST, AT_MOST) if ours.unpriced else ("", "")
    with st.container(horizontal=True, gap="small"):
        for name, value, bound, sign in (
            ("Billed", found.billed, "", False),
            ("Here", ours.nanodollars if ours.known else None, least, False),
            ("Difference", found.difference, most, True),
        ):
            words = UNKNOWN if value is None else bound + _short(value, signed=sign)
            exact = sentence(bound + in_full(value, signed=sign))
            st.metric(name, words, width="content", help=exact if value else None)


def _short(nanodollars: int, *, signed: bool) -> str:
    """A sum as a headline; in full where it is less than its last digit.

    >>> _short(1_234_500_000_000, signed=True), _short(-12_345_678, signed=True), _short(20_000, signed=False)
    ('+$1,234.50', '−$0.0123', '$0.00002')
    """
    if abs(nanodollars) < _LEAST:
        return in_full(nanodollars, signed=signed)
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


def _table(found: Reconciled, rows: Sequence[Explained]) -> None:
    """Where a sentence takes more than a line, every row is high enough for all of it."""
    lines = [cells(row) for row in rows]
    long = any(len(line["Why"]) > _LETTERS or "(" in line["Here"] for line in lines)
    counted = any(row.pair.token_difference is not None for row in found.rows)
    st.dataframe(
        lines,
        hide_index=True,
        row_height=_HIGH if long else None,
        height="content" if len(lines) <= _MANY else _TALL if long else "auto",
        column_config=_columns(wrapped=long, counted=counted),
        alt="By day and model: billed, here, the difference and its likely cause",
    )


def cells(row: Explained) -> dict[str, str]:
    """A row of the table; amounts with every digit, as text, since a float would round them."""
    pair, tokens = row.pair, row.pair.token_difference
    ours = pair.ours.bill if pair.ours else None
    # A count stays beside its word.
    parts = re.sub(r"(?<=\d) ", "\N{NO-BREAK SPACE}", made_of(ours)) if ours else ""
    return {
        "Day (UTC)": str(pair.day),
        "Model": pair.model or UNKNOWN,
        "Billed": in_full(pair.billed) if pair.theirs else UNKNOWN,
        "Here": here(ours) + (f" ({parts})" if parts else ""),
        "Difference": apart(pair.difference, ours),
        "Tokens": "" if tokens is None else f"{tokens:+,}".replace("-", "−") if tokens else "0",
        "Why": row.sentence,
    }


def _columns(*, wrapped: bool, counted: bool) -> dict[str, Any]:
    """Where words are wrapped, as wide as a page of 1280 pixels has room for beside the sidebar; where it has more, all grow."""

    def column(width: int | None = None, *, right: bool = False, help: str | None = None) -> Any:
        alignment: Literal["right"] | None = "right" if right else None
        return st.column_config.TextColumn(width=width if wrapped else None, alignment=alignment, help=help)

    return {
        "Day (UTC)": column(84),
        "Model": column(112),
        "Billed": column(right=True),
        "Here": column(98, right=True, help="With the calls that are estimated or have no price"),
        "Difference": column(112, right=True, help="What they billed more than is here"),
        "Tokens": column(right=True, help="What they counted more than is here") if counted else None,
        "Why": column(236, help="The likeliest cause that the figures tell"),
    }
