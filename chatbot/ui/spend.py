"""What was spent, in the sidebar: this chat, today, this month, in the reader's own days."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.core.bill import Bill, made_of, short
from chatbot.core.errors import ByteBotError
from chatbot.engine.engine import Engine
from chatbot.ui import clock
from chatbot.ui.open_chat import OpenChat
from chatbot.ui.words import sentence


def place() -> DeltaGenerator:
    """One element at the foot of the sidebar, to be filled now and again when a reply has ended."""
    return st.sidebar.empty()


def fill(slot: DeltaGenerator, engine: Engine, chat: OpenChat) -> None:
    """Write the sums; nothing where nothing was ever used."""
    today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        ledger = engine.ledger
        month = ledger.total(since=today.replace(day=1))
        sums: dict[str, Bill] = {}
        if chat.conversation is not None:
            sums["This chat"] = ledger.total(conversation=chat.conversation)
        sums |= {"Today": ledger.total(since=today), "This month": month}
    except ByteBotError:
        slot.empty()  # the history says for itself that it cannot be read
        return
    # Of days on which nobody billed anything there is nothing to say.
    shown = ((name, bill) for name, bill in sums.items() if bill.local < bill.calls or name == "This chat")
    lines = [_line(name, bill) for name, bill in shown if bill.calls]
    if lines:
        slot.caption("  \n".join(lines), help="What the models were paid. A reply's own figure opens its arithmetic.")
    else:
        slot.empty()


def _line(name: str, bill: Bill) -> str:
    parts = made_of(bill)
    return sentence(f"{name} {short(bill)}" + (f" ({parts})" if parts and bill.known else ""))
