"""The figures at the top of the costs page, and spending over time."""

from datetime import date, datetime, timedelta

import pandas as pd
import streamlit as st

from chatbot.core.bill import Bill, dollars, short
from chatbot.core.forecast import METHOD, month_of, projection
from chatbot.core.pricing import NANO
from chatbot.ui.cost_range import in_words, written
from chatbot.ui.cost_sums import Sums
from chatbot.ui.cost_tables import amount, digits, parts
from chatbot.ui.words import UNKNOWN, sentence

_DAYS = 62  # shown one by one; longer ranges are drawn by month
_IN_A_ROW = 4  # figures
_MODELS = 5  # with a colour of their own


def draw(sums: Sums, month: Sums, now: datetime, *, name: str) -> None:
    """`month`: the same choice, of this month; `name`: the range's."""
    whole, so_far, saved = sums.whole(), month.whole(), sums.saved()
    days = sum(bill.nanodollars > 0 for bill in month.by_day().values())
    ahead = projection(so_far.nanodollars, days=days, now=now)
    end = (month_of(now)[1] - timedelta(days=1)).date()
    figures: list[tuple[str, str, str | None]] = [(name, short(whole), None)]
    if name != "This month":
        figures.append(("This month so far", short(so_far) or "$0.00", None))
    projected = UNKNOWN if ahead is None else f"≈ {dollars(ahead)}"
    why = METHOD + (" It is too early to say." if ahead is None else "")
    figures.append((f"By {end.day} {end:%b}", projected, why))
    ways = (("caching", saved, _SAVED), ("cheap models", sums.saved("saved_instead"), _CHEAP))
    figures += [_gained(way, money, why) for way, money, why in ways if money]
    if left_out := sums.saved("saved_left_out"):
        figures.append(("Saved by leaving out", f"≈ {amount(left_out, digits(left_out))}", _LEFT_OUT))
    if len(figures) < _IN_A_ROW:
        figures.append(("Calls", f"{whole.calls:,}", None))
    with st.grid(_IN_A_ROW, min_column_width=180, gap="small"):
        for label, value, help in figures:
            st.metric(sentence(label), sentence(value), help=help, border=True, height="stretch")
    words = parts(whole)
    least = " What is unpriced is in no sum: those begin with >." if whole.unpriced and whole.known else ""
    calls = f"{whole.calls:,} call{'' if whole.calls == 1 else 's'}"
    st.caption(sentence(f"Of {calls}: {words}.{least}" if words else f"{calls}, nothing estimated."))


def _gained(way: str, money: int, why: str) -> tuple[str, str, str]:
    """What it saved, or what it cost more: the label says which, so that nobody has to look for a sign."""
    return f"Saved by {way}" if money > 0 else f"Cost more by {way}", amount(abs(money), digits(abs(money))), why


_SAVED = (
    "What the cached tokens would have cost at the input rate, minus what they did cost; writing them to the cache, where "
    "that costs more than input, is taken off. From the arithmetic stored with each call."
)

_CHEAP = (
    "What the chats' own models would have cost for the same tokens, at the prices of then, minus what the cheap ones did "
    "cost: for titles, and for replies that rules of yours sent to another model."
)
_LEFT_OUT = (
    "What the older messages that were not sent, since they did not fit, would have cost as plain input. Their tokens are a "
    "rough count, and a cache might have held some of them."
)


def over_time(sums: Sums) -> None:
    """Bars by day, or by month where there are many days; one colour for each of the dearest models."""
    days = sums.by_day()
    if not any(bill.nanodollars for bill in days.values()):
        return
    models = [name for name, bill in sums.by("answered") if bill.nanodollars][:_MODELS]
    first, last = sums.span
    monthly = (last - first).days >= _DAYS
    rows: dict[tuple[str, str], int] = {}
    for (day, model), bill in sums.by_day_and_model(models).items():
        key = (_slot(day, monthly), model)
        rows[key] = rows.get(key, 0) + bill.nanodollars
    slots = dict.fromkeys(_slot(first + timedelta(days=step), monthly) for step in range((last - first).days + 1))
    table = pd.DataFrame(
        [(slot, rows.get((slot, model), 0) / NANO, model) for slot in slots for model in [*models, "others"]],
        columns=["Day", "Dollars", "Model"],
    )
    table = table[
        (table["Model"] != "others") | bool(any(money for (_, name), money in rows.items() if name == "others"))
    ]
    dearest = max(days, key=lambda day: days[day].nanodollars)
    with st.container(border=True):
        st.markdown(f"**By {'month' if monthly else 'day'}**")
        st.bar_chart(
            table,
            x="Day",
            y="Dollars",
            color="Model",
            x_label="",
            y_label="Dollars",
            sort=False,
            height=260,
            alt=f"Spending from {in_words((first, last))}, {short(sums.whole())} in all; the dearest day was "
            f"{written(dearest)} with {dollars(days[dearest].nanodollars)}",
        )


def _slot(day: date, monthly: bool) -> str:
    return f"{day:%b %Y}" if monthly else f"{day.day} {day:%b}"


def only_local(bill: Bill) -> bool:
    return 0 < bill.calls == bill.local
