"""What was spent: on what, when, with which prompts and models, and what it would have been elsewhere."""

from functools import partial

import streamlit as st

from chatbot.ui import cost_file, cost_filters, cost_page, cost_watch, session

session.guard("pages/costs.py")

with st.container(key="costs-head", horizontal=True, vertical_alignment="center", gap="small"):
    st.title("Costs", width="stretch")
    watched = st.container(width="content")
ledger = cost_page.read()
with watched:
    cost_watch.draw(ledger.known.mark)
if not ledger.known.calls["used"].any():
    cost_page.nothing_yet()
    st.stop()

with st.container(key="costs-choice", horizontal=True, vertical_alignment="center", gap="small"):
    chosen, name = cost_filters.draw(ledger.known, ledger.names, ledger.now.date(), ledger.conversation)
    sums = ledger.sums(chosen)
    st.download_button(
        "Download CSV",
        partial(cost_file.whole, ledger.known, ledger.names, sums),
        file_name=f"costs-{ledger.now:%Y-%m-%d}.csv",
        mime="text/csv",
        icon=":material/download:",
        on_click="ignore",
        help="One row for each call that is shown",
    )
cost_page.one_chat(ledger)
if sums.calls.empty:
    cost_page.nothing_here(ledger, chosen)
    st.stop()
cost_page.draw(ledger, sums, chosen, name)
