"""OpenAI asked for its bill with an admin key, beside the page. The key stays in the asking thread and ends with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime

import streamlit as st

from chatbot.core.errors import BadInput, ByteBotError
from chatbot.engine.engine import Engine
from chatbot.engine.reconcile import Reconciled, reconcile_online
from chatbot.home.connections import OPENAI_USUAL
from chatbot.home.home import Home
from chatbot.home.keys import read_key
from chatbot.ui.beside import Beside
from chatbot.ui.key_form import key_field, take

_FIELD, _DAYS, _ASKING = "admin_key", "admin_days", "asking_bill"
_QUICK = 0.6  # seconds that a page waits for a quick answer, so that it comes without a flicker


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of comparing: what was found, or why nothing was. `unread`: of each file that cannot be read, why."""

    found: Reconciled | None = None
    problem: str = ""
    unread: tuple[str, ...] = ()


def answer() -> Answer | None:
    """The last answer of this session; None when none was asked for or it is still out."""
    asking: Beside[Answer] | None = st.session_state.get(_ASKING)
    return asking.result if asking is not None else None


def forget() -> None:
    """Something else is to be seen."""
    st.session_state.pop(_ASKING, None)


def draw(engine: Engine, home: Home, begun: Callable[[], None]) -> None:
    """The form. `begun` is called when something is asked for."""
    today = datetime.now(UTC).date()
    with st.form("ask_for_bill", border=False):
        st.caption("An admin key of your organisation may read its bill. It is used once, for this, and kept nowhere.")
        st.date_input("Days (UTC)", (today.replace(day=1), today), max_value=today, key=_DAYS)
        key_field(_FIELD, label="Admin key")
        st.form_submit_button("Ask OpenAI", on_click=_ask, args=(engine, home, begun))


def pending() -> bool:
    """Whether the answer is still out; says so where the answer will be."""
    asking: Beside[Answer] | None = st.session_state.get(_ASKING)
    if asking is None or asking.over:
        return False
    st.info("OpenAI is being asked …", icon=":material/hourglass_top:")
    _watch()
    return True


@st.fragment(run_every=0.5)
def _watch() -> None:
    """Draws the page anew when the answer is there."""
    asking: Beside[Answer] | None = st.session_state.get(_ASKING)
    if asking is None or asking.over:
        st.rerun()


def _ask(engine: Engine, home: Home, begun: Callable[[], None]) -> None:
    """Callback of the form."""
    begun()
    text, days = take(_FIELD), st.session_state.get(_DAYS)
    work = _work(engine, home, text, days if isinstance(days, tuple) else ())
    broken = Answer(problem="Asking failed. The log names the cause.")
    asking = Beside("asking-for-a-bill", work, broken)
    st.session_state[_ASKING] = asking
    asking.wait(_QUICK)


def _work(engine: Engine, home: Home, text: str, days: tuple[date, ...]) -> Callable[[], Answer]:
    def work() -> Answer:
        try:
            if len(days) != 2:
                raise BadInput("Choose a first and a last day.")
            connection = home.connections().get(OPENAI_USUAL.name, OPENAI_USUAL)
            key = read_key(text) if text.strip() else home.admin_key()
            if key is None:
                raise BadInput("The key is empty.")
            return Answer(reconcile_online(engine.ledger, connection, key, first=days[0], last=days[1]))
        except ByteBotError as error:
            return Answer(problem=error.sentence)

    return work
