"""The costs page: what it is drawn from, its parts in order, and what it says when there is nothing."""

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

import streamlit as st

from chatbot.core.bill import made_of, short
from chatbot.core.blocks import label
from chatbot.core.errors import ByteBotError
from chatbot.ui import clock, cost_figures, cost_filters, cost_tables, session, what_if
from chatbot.ui.cost_range import day_of, days_of, in_words, written
from chatbot.ui.cost_sums import Chosen, Names, Sums, sums_of
from chatbot.ui.remembered import Known, Remembered
from chatbot.ui.words import sentence

CHAT = "chat"
"""In the page's address: the one conversation that is shown."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """One moment of the ledger, in the reader's zone."""

    known: Known
    names: Names
    zone: tzinfo
    now: datetime
    conversation: str | None

    def sums(self, chosen: Chosen) -> Sums:
        return sums_of(self.known, self.names, self.zone, chosen)


def read() -> Ledger:
    """As it is now; a page that says why when it cannot be read."""
    engine = session.engine()
    try:
        with st.spinner("Reading the ledger…"):  # seen only where that takes a while: once, in a ledger of years
            known = remembered().now()
        tags = engine.store.tags.names()
        names = {id: (*name, *tags.get(id, ())) for id, name in engine.store.conversations.names().items()}
    except ByteBotError as error:
        st.error(sentence(error.sentence), icon=":material/error:")
        st.stop()
    return Ledger(known, names, clock.zone(), clock.now(), st.query_params.get(CHAT))


@st.cache_resource(show_spinner=False)
def remembered() -> Remembered:
    """The calls of this server's ledger, for all its pages."""
    return Remembered(session.engine().ledger)


def draw(ledger: Ledger, sums: Sums, chosen: Chosen, name: str) -> None:
    """Everything below the choice; `name` is that of the range."""
    whole = sums.whole()
    month = ledger.sums(replace(chosen, days=days_of("This month", ledger.now.date())))
    if cost_figures.only_local(whole):
        st.caption("All of this was answered on this machine: nobody bills it.")
    cost_figures.draw(sums, month, ledger.now, name=in_words(chosen.days) if name == "Custom" else name)
    cost_figures.over_time(sums)
    with st.grid(2, min_column_width=340, gap="small"):
        cost_tables.bills("By model", sums.by("answered"), what="Model")
        cost_tables.conversations(sums.top_conversations(cost_tables.FEW), sums.namesakes(cost_tables.TITLE))
        cost_tables.buckets(sums.by_bucket(), whole)
        cost_tables.bills("By purpose", sums.by("purpose"), what="Purpose", help=_PURPOSES)
        cost_tables.replies(sums.replies(10))
        cost_tables.bills("By system prompt", sums.by_prompt(), what="Begins with", help=_PROMPTS)
        cost_tables.bills("By connection", sums.by("connection"), what="Connection")
        with st.container(border=True, height="stretch"):
            subject = "These calls" if ledger.conversation is None else "This chat"
            st.markdown("**What would it have cost elsewhere?**")
            what_if.draw(subject, sums.used, whole, key="costs-what-if", used=sums.models_used())


_PURPOSES = (
    "A retry follows a call of the same reply that was refused or did not come back. A title is the call that asks a model "
    "to name a conversation."
)
_PROMPTS = "The system prompt that each reply was made with. Of replies that were deleted, and of temporary chats, it is not kept."


def one_chat(ledger: Ledger) -> None:
    """When a single chat is shown: which, and the way back."""
    if ledger.conversation is None:
        return
    title = ledger.names.get(ledger.conversation, ("a deleted conversation", ""))[0]
    with st.container(key="costs-chat", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"Only **{label(title)}**", width="content")
        st.button("Show all chats", key="costs-all-chats", type="tertiary", on_click=_all_chats)


def nothing_yet() -> None:
    """The page of a ledger without a call."""
    st.markdown("**Nothing was spent yet.**")
    st.markdown(
        "Each call to a model appears here as soon as it has ended: replies, titles and retries, with the tokens that were "
        "used, what they cost and who says so. Models that run on this machine appear too, as local: nobody bills them."
    )
    st.page_link("pages/chat.py", label="Begin a chat", icon=":material/chat:")


def nothing_here(ledger: Ledger, chosen: Chosen) -> None:
    """The choice is empty, the ledger is not: what there is, and the way to it."""
    everything = ledger.sums(Chosen())
    whole, days = everything.whole(), everything.days
    first, last = day_of(int(days.min())), day_of(int(days.max()))
    narrowed = chosen.models or chosen.connections or chosen.begun_in or chosen.tags or chosen.conversation
    filtered = " with this choice of models, connections or chats" if narrowed else ""
    st.markdown(f"**No calls in {in_words(chosen.days)}{filtered}.**")
    parts = made_of(whole)
    span = f"on {written(first)}" if first == last else f"from {in_words((first, last))}"
    st.markdown(
        sentence(
            f"There {'is 1 call' if whole.calls == 1 else f'are {whole.calls:,} calls'} {span}: {short(whole)} in all"
            + (f" ({parts})." if parts else ".")
        )
    )
    st.button("Show everything", key="costs-everything", on_click=_everything)


def _everything() -> None:
    cost_filters.show_all()
    _all_chats()


def _all_chats() -> None:
    if CHAT in st.query_params:
        del st.query_params[CHAT]
