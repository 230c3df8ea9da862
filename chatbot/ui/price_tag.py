"""What a reply cost, and on a click how that figure came to be."""

from datetime import date, datetime
from decimal import Decimal

import streamlit as st

from chatbot.core.bill import bill, short
from chatbot.core.money import Usage
from chatbot.core.pricing import Cost
from chatbot.core.what_if import Used
from chatbot.engine.view import Shown
from chatbot.store.values import Call
from chatbot.ui import callbacks, what_if
from chatbot.ui.words import sentence

_BUCKETS = {
    "input": "Input",
    "cached": "Cached",
    "cache_write": "Cache write",
    "output": "Output",
}
_SOURCES = {
    "reported": "The provider reported this cost with the reply.",
    "override": "Worked out from your own prices.",
    "computed": "Worked out from the tokens that the server reported and the vendor's public prices.",
    "local": "This model runs on this machine: nobody bills it.",
    "free": "Nothing was used.",
    "estimated": "Estimated: the server did not say what was used. It may have billed more.",
    "unknown": "The cost is not known.",
}


def draw(shown: Shown) -> None:
    """One element: the figure, to click on; nothing where nothing was used."""
    words = short(bill(call.cost for call in shown.calls))
    if not words:
        st.empty()
        return
    st.button(
        f":small[:gray[{sentence(words)}]]",
        key=f"cost-{shown.id}",
        type="tertiary",
        help="How this figure came to be",
        on_click=callbacks.show_cost,
        args=(shown.id,),
    )


def arithmetic(shown: Shown) -> None:
    """Bucket by bucket what every call of the reply came to, and who says so."""
    for number, call in enumerate(shown.calls, 1):
        if len(shown.calls) > 1:
            st.caption(f"Call {number} of {len(shown.calls)}: {call.outcome}")
        _one(call)
    if len(shown.calls) > 1:
        whole = bill(call.cost for call in shown.calls)
        st.caption(f"Together {sentence(short(whole))}")
    what_if.draw(
        "This reply",
        lambda: [_used(call) for call in shown.calls if call.cost.source != "free"],
        bill(call.cost for call in shown.calls),
        key=f"what-if-{shown.id}",
        used=list(dict.fromkeys((call.connection, call.base_url, call.model_asked) for call in shown.calls)),
    )
    st.button("Close", key=f"close-cost-{shown.id}", on_click=callbacks.cancel)


def _used(call: Call) -> Used:
    usage = call.usage or Usage()
    return Used(
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_tokens,
        usage.cache_write_tokens,
        call.cost.source == "estimated",
    )


def _one(call: Call) -> None:
    cost = call.cost
    if cost.lines:
        rows = ["| | Tokens | $/M | $ |", "|:--|--:|--:|--:|"]
        rows += [
            f"| {_BUCKETS[line.bucket]} | {line.tokens:,} | {_plain(line.rate * 10**9)} | {_plain(line.nanodollars)} |"
            for line in cost.lines
        ]
        rows.append(f"| **Sum** | | | **{_plain(Decimal(cost.nanodollars or 0))}** |")
        st.markdown("\n".join(rows))
    elif cost.nanodollars and cost.source == "reported":
        st.markdown(sentence(f"${_plain(Decimal(cost.nanodollars))}"))
    words = [_SOURCES[cost.source], cost.why]
    if cost.origin and cost.source != "reported":
        words.append(_who_says(cost, call.started))
    if call.held is not None and (cost.nanodollars or 0) > call.held:
        held = _plain(Decimal(call.held))
        words.append(
            f"Your limits had ${held} set aside for it: the server used more than it was asked to use at most."
        )
    st.caption(sentence(" ".join(word for word in words if word)))


def _who_says(cost: Cost, at: datetime) -> str:
    """Where the prices are from, how old they were, and for what."""
    listed = f" for {cost.model}" if cost.model else ""
    dated = f", of {aged(cost.dated, at.date())}" if cost.dated else ""
    tier = f", tier {cost.tier or 'standard'}" if cost.source != "override" or cost.tier else ""
    return f"Prices: {cost.origin}{dated},{listed}{tier}, as they were on {at:%Y-%m-%d}."


def aged(day: date, on: date) -> str:
    """A day and how long ago it was.

    >>> aged(date(2026, 11, 10), date(2026, 11, 25)), aged(date(2026, 11, 25), date(2026, 11, 25))
    ('2026-11-10, 15 days old', '2026-11-25, less than a day old')
    """
    days = (on - day).days
    if days <= 0:
        return f"{day}, less than a day old"
    return f"{day}, {days:,} day{'' if days == 1 else 's'} old"


def _plain(nanodollars: Decimal) -> str:
    """Dollars in full, to the last digit that is not 0."""
    return f"{(nanodollars / 10**9).normalize():f}"
