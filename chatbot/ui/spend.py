"""What was spent, in the sidebar: this chat, today, this month, in the reader's own days; and the limits it is held to."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.core.bill import Bill, bill
from chatbot.core.budgets import Standing, passed, warning
from chatbot.core.errors import ByteBotError
from chatbot.core.pricing import Cost
from chatbot.core.spend import of_limit, sum_lines
from chatbot.engine.engine import Engine
from chatbot.engine.spend import sums
from chatbot.engine.view import View
from chatbot.ui import clock
from chatbot.ui.open_chat import OpenChat
from chatbot.ui.words import sentence

_KEY = "limits seen"  # in the session: where the limits stood when they were last drawn
_WARNED = 80  # per cent from which a limit is marked


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
        anonymous = chat.temporary.anonymous if chat.temporary is not None else None
        branch = view.replies if anonymous is None and view is not None and view.branches else ()
        try:
            with self._engine.store.moment():
                self._sums = sums(
                    ledger, chat.conversation, branch, today=today, month=today.replace(day=1), anonymous=anonymous
                )
                self._limits = ledger.budgets.standings(conversation=chat.conversation, model=chat.options.model)
        except ByteBotError:
            self._slot.empty()  # the history says for itself that it cannot be read
            return
        self._warn()
        self.draw()

    def draw(self, running: Cost | None = None) -> None:
        """Write the sums, with what a reply has come to that is still being written."""
        more = bill([running]) if running is not None else Bill()
        lines = [sentence(line) for line in sum_lines(self._sums, more)]
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


def _bar(standing: Standing, running: int) -> tuple[float, str]:
    """How full a limit is, 0 to 1, and the words beside it."""
    budget, spent = standing.budget, standing.spent + running
    words = sentence(of_limit(standing, running))
    icon = ":material/warning: " if standing.percent >= _WARNED else ""
    return min(1.0, spent / budget.limit if budget.limit else 1.0), f":small[{icon}{words}]"
