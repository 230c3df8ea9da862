"""Limits on what is spent, in the settings: what there are, where they stand, another one."""

from collections.abc import Sequence
from datetime import UTC, datetime

import streamlit as st

from chatbot.core.bill import dollars
from chatbot.core.budgets import KINDS, Budget, Kind, about, limit_words, read_limit, read_subject
from chatbot.core.errors import BadInput, ByteBotError
from chatbot.engine.engine import Engine
from chatbot.ui import clock, session
from chatbot.ui.words import sentence

_FOR: dict[Kind, str] = {
    "month": "Each month",
    "day": "Each day",
    "conversation": "Each conversation",
    "model": "A model, each month",
}
_WRONG = "limit refused"  # in the session: in which box, and why the last one could not be set
_MOST_CHANGES = 20


def draw(engine: Engine) -> None:
    """The whole tab."""
    budgets = engine.ledger.budgets
    st.caption(
        "A reply that might pass a limit is not asked for. What it can cost at most is set aside before it leaves; when it "
        "has ended, the rest comes back. Browser, terminal and scripts are held to the same limits."
    )
    try:
        known = budgets.all()
        changes = budgets.changes()
    except ByteBotError as error:
        st.error(sentence(error.sentence), icon=":material/error:")
        return
    for budget in known:
        _one(engine, budget)
    if not known:
        st.info(
            "There is no limit yet. Set one below; you can raise it or take it away at any time.",
            icon=":material/savings:",
        )
    _another(known)
    if changes:
        with st.expander(f"Every change ({len(changes):,})"):
            for change in changes[:_MOST_CHANGES]:
                moment = change.moment.astimezone(clock.zone())
                before, after = (_amount(limit) for limit in (change.before, change.after))
                what = about(Budget(id=0, kind=change.kind, subject=change.subject, limit=0))
                st.caption(sentence(f"{moment:%Y-%m-%d %H:%M} · {what}: {before} → {after}"))


def _amount(limit: int | None) -> str:
    return "none" if limit is None else limit_words(limit)


def _one(engine: Engine, budget: Budget) -> None:
    """One limit: what it is for, where it stands, another amount."""
    with st.container(border=True, key=f"limit-{budget.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            name = about(budget)
            st.markdown(f"**{sentence(name[0].upper() + name[1:])}**", width="stretch")
            st.text_input(
                "Limit in dollars",
                _in_box(budget),
                key=_widget(budget),
                icon=":material/attach_money:",
                label_visibility="collapsed",
                width=160,
                on_change=_change,
                args=(budget,),
            )
            st.button(
                "Remove",
                key=f"limit-remove-{budget.id}",
                icon=":material/delete:",
                type="tertiary",
                on_click=_remove,
                args=(budget.id,),
            )
        _refused(str(budget.id))
        if budget.kind == "conversation" and not budget.subject:
            st.caption("Where a conversation stands is shown beside it, in the chat.")
            return
        period = budget.subject if budget.kind == "conversation" else budget.current(datetime.now(UTC))
        standing = engine.ledger.budgets.standing(budget, period)
        held = f" · {dollars(standing.held)} held for replies being written" if standing.held else ""
        words = f"{dollars(standing.spent)} spent, {standing.percent} %{held} · days of {budget.zone}"
        share = min(1.0, standing.spent / budget.limit) if budget.limit else 1.0
        st.progress(share, text=f":small[{sentence(words)}]")


def _refused(where: str) -> None:
    """Why what was asked for in this box was refused, once."""
    place, wrong = st.session_state.get(_WRONG, ("", ""))
    if wrong and place == where:
        del st.session_state[_WRONG]
        st.error(sentence(wrong), icon=":material/error:")


def _another(known: Sequence[Budget]) -> None:
    """A limit of a kind that is not there yet; those that are there are changed in their own box."""
    there = {budget.kind for budget in known if not budget.subject}
    kinds = [kind for kind in KINDS if kind not in there]
    with st.container(border=True, key="limit-new"):
        words = "Another limit for" if known else "A limit for"
        widget = f"limit-kind-{len(kinds)}"
        kind = st.selectbox(words, kinds, format_func=_FOR.__getitem__, key=widget)
        if kind == "model":
            st.text_input("Its name", key="limit-model", placeholder="such as gpt-6-luna, or gpt-6-* for all of these")
        st.text_input("Limit in dollars", key="limit-amount", icon=":material/attach_money:", placeholder="10")
        st.button("Set limit", key="limit-set", type="primary", on_click=_set, args=(widget,))
        _refused("")


def _set(widget: str) -> None:
    budgets = session.engine().ledger.budgets
    kind: Kind = st.session_state[widget]
    name = str(st.session_state.get("limit-model") or "") if kind == "model" else ""
    try:
        limit = read_limit(str(st.session_state.get("limit-amount") or ""))
        subject = read_subject(kind, name)
        for budget in budgets.all():
            if (budget.kind, budget.subject.casefold()) == (kind, subject.casefold()):
                words = f"There is a limit for {about(budget)} already, {limit_words(budget.limit)}."
                raise BadInput(f"{words} Change it in its own box.")
        budgets.set(kind, limit, subject=subject, zone=clock.zone_name())
    except ByteBotError as error:
        st.session_state[_WRONG] = ("", error.sentence)
        return
    st.session_state["limit-amount"] = ""
    session.said("The limit is set.")


def _change(budget: Budget) -> None:
    widget = _widget(budget)
    try:
        limit = read_limit(str(st.session_state.get(widget) or ""))
        session.engine().ledger.budgets.set(budget.kind, limit, subject=budget.subject, zone=budget.zone)
    except ByteBotError as error:
        st.session_state[_WRONG] = (str(budget.id), error.sentence)
        st.session_state[widget] = _in_box(budget)  # what holds, not what was refused
        return
    session.said(f"The limit is {limit_words(limit)} now.")


def _remove(budget: int) -> None:
    try:
        session.engine().ledger.budgets.remove(budget)
    except ByteBotError as error:
        st.session_state[_WRONG] = (str(budget), error.sentence)
        return
    session.said("The limit is gone.")


def _widget(budget: Budget) -> str:
    # With the amount in it: what another window sets is shown.
    return f"limit-amount-{budget.id}-{budget.limit}"


def _in_box(budget: Budget) -> str:
    return limit_words(budget.limit).removeprefix("$").replace(",", "")
