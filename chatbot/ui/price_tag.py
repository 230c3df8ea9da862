"""What a reply cost, and on a click how that figure came to be."""

from decimal import Decimal

import streamlit as st

from chatbot.core.arithmetic import BUCKETS, per_million, plain, who_says
from chatbot.core.bill import bill, short
from chatbot.core.money import Usage
from chatbot.core.what_if import Used
from chatbot.engine.view import Shown
from chatbot.store.spending import AGAIN
from chatbot.store.values import Call
from chatbot.ui import callbacks, what_if
from chatbot.ui.words import UNKNOWN, sentence

_HELP = {
    "local": "It cost nothing: the model runs on this machine",
    UNKNOWN: "What it cost is not known; a click says why",
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
        help=_HELP.get(words, "How this figure came to be"),
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
        used=list(
            dict.fromkeys(
                (call.connection, call.base_url, call.model_asked) for call in shown.calls if call.outcome not in AGAIN
            )
        ),
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
            f"| {BUCKETS[line.bucket]} | {line.tokens:,} | {per_million(line.rate)} | {plain(line.nanodollars)} |"
            for line in cost.lines
        ]
        rows.append(f"| **Sum** | | | **{plain(Decimal(cost.nanodollars or 0))}** |")
        st.markdown("\n".join(rows))
    elif cost.nanodollars and cost.source == "reported":
        st.markdown(sentence(f"${plain(Decimal(cost.nanodollars))}"))
    st.caption(sentence(who_says(cost, call.started, call.held)))
