"""What was spent, in the sidebar: this chat, today, this month, in the reader's own days; and the limits it is held to."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.core.bill import Bill, bill, dollars, made_of, short
from chatbot.core.budgets import Standing, limit_words, passed, warning
from chatbot.core.errors import ByteBotError
from chatbot.core.pricing import Cost
from chatbot.engine.engine import Engine
from chatbot.engine.view import View
from chatbot.ui import clock
from chatbot.ui.open_chat import OpenChat
from chatbot.ui.words import sentence

_KEY = "limits seen"  # in the session: where the limits stood when they were last drawn
_WARNED = 80  # per cent from which a limit is marked
_WHERE = {"month": "this month", "day": "today", "conversation": "in this chat"}


class Spend:
    """One element of the sidebar, to be filled now, while a reply is written and when it has ended."""

    def __init__(self, engine: Engine) -> None:
        self._slot: DeltaGenerator = st.sidebar.empty()
        self._engine = engine
        self._sums: dict[str, Bill] = {}
        self._limits: Sequence[Standing] = ()
        self._drawn: object = None

    def look(self, chat: OpenChat, view: View | None) -> None:
        """Read the sums anew and draw them; nothing where nothing was ever used."""
        today = clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        ledger = self._engine.ledger
        known = chat.conversation if chat.temporary is None else None
        branches = known is not None and view is not None and view.branches
        try:
            # The bill of a temporary chat names no conversation, and its replies' numbers are those of others there.
            here, branch, times = ledger.totals(
                known, view.replies if view and branches else (), today, today.replace(day=1)
            )
            if chat.temporary is not None and chat.temporary.anonymous is not None:
                here = chat.temporary.anonymous.total()
            self._limits = ledger.budgets.standings(conversation=chat.conversation, model=chat.options.model)
        except ByteBotError:
            self._slot.empty()  # the history says for itself that it cannot be read
            return
        self._sums = {"This chat": here} if chat.conversation is not None else {}
        self._sums |= {"This branch": branch} if branches else {}
        self._sums |= dict(zip(("Today", "This month"), times, strict=True))
        self._warn()
        self.draw()

    def draw(self, running: Cost | None = None) -> None:
        """Write the sums, with what a reply has come to that is still being written."""
        more = bill([running]) if running is not None else Bill()
        # Of days on which nobody billed anything there is nothing to say.
        shown = {name: sum + more for name, sum in self._sums.items() if sum.local < sum.calls or more.calls}
        if chat := self._sums.get("This chat"):
            shown = {"This chat": chat + more, **shown}
        lines = [_line(name, sum) for name, sum in shown.items() if sum.calls]
        bars = [_bar(standing, more.nanodollars) for standing in self._limits]
        if (lines, bars) == self._drawn:
            return
        self._drawn = (lines, bars)
        if not lines and not bars:
            self._slot.empty()
            return
        with self._slot.container(gap="small"):
            if lines:
                st.caption("  \n".join(lines), help="What the models were paid. The Costs page shows it all.")
            for share, words in bars:
                st.progress(share, text=words)

    def _warn(self) -> None:
        """A word when a mark of a limit was passed since this tab last looked."""
        before: Sequence[Standing] | None = st.session_state.get(_KEY)
        for standing in passed(before, self._limits) if before is not None else ():
            st.toast(sentence(warning(standing)), icon=":material/warning:")
        st.session_state[_KEY] = self._limits


def _line(name: str, bill: Bill) -> str:
    parts = made_of(bill)
    return sentence(f"{name} {short(bill)}" + (f" ({parts})" if parts and bill.known else ""))


def _bar(standing: Standing, running: int) -> tuple[float, str]:
    """How full a limit is, 0 to 1, and the words beside it."""
    budget, spent = standing.budget, standing.spent + running
    where = _WHERE.get(budget.kind) or f"for {budget.subject} this month"
    words = sentence(f"{dollars(spent)} of {limit_words(budget.limit)} {where}")
    icon = ":material/warning: " if standing.percent >= _WARNED else ""
    return min(1.0, spent / budget.limit if budget.limit else 1.0), f":small[{icon}{words}]"
