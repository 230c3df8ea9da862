"""The history page's patterns: how the conversations go over time."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

import pandas as pd
import streamlit as st

from chatbot.core.blocks import label
from chatbot.core.errors import ByteBotError
from chatbot.engine.engine import Engine
from chatbot.engine.patterns import WEEKDAYS, Pattern, patterns
from chatbot.ui import clock
from chatbot.ui.cost_range import RANGES, Days, Range, days_of, in_words
from chatbot.ui.words import UNKNOWN, seconds, sentence

_RANGE = "patterns-range"
_CHOICES: tuple[Range, ...] = tuple(name for name in RANGES if name not in ("Custom", "Today"))
_DAYS = 92  # shown one by one; longer ranges are drawn by month
_FEWEST_DAYS = 7  # so that the bar of a first day is not as wide as the chart
_FEW = 8  # models and prompts in a table


def draw(engine: Engine) -> None:
    """The whole tab."""
    name: Range = st.selectbox(
        "Days", _CHOICES, _CHOICES.index("Last 30 days"), key=_RANGE, label_visibility="collapsed", width=160
    )
    zone = clock.zone()
    first, last = days_of(name, clock.now().date())
    since = datetime.combine(first, time(), zone) if first else None
    until = datetime.combine(last + timedelta(days=1), time(), zone) if last else None
    try:
        found = patterns(engine.store, zone, since, until)
    except ByteBotError as error:
        st.error(sentence(error.sentence), icon=":material/error:")
        return
    if not found.messages:
        st.caption(
            "Nothing was said in these days. When there is something, this shows when you talk, how long the messages are, "
            "which models answer, how quickly, and how their replies end."
        )
        return
    with st.container(horizontal=True, gap="small"):
        st.metric("Conversations", f"{found.conversations:,}", width="content")
        st.metric("Messages", f"{found.messages:,}", width="content")
        st.metric("Whole replies", _share(found), width="content", help="Of all replies, those that came to their end.")
    _by_day(found, (first, last))
    with st.grid(2, min_column_width=340, gap="small"):
        _by_hour(found)
        _models(found)
        _pairs("Length of messages", "characters", found.lengths)
        _bars("Length of conversations", "messages", found.chats, "Conversations")
        _bars("How replies ended", "", found.endings, "Replies")
        _prompts(found)


def _share(found: Pattern) -> str:
    replies = sum(found.endings.values())
    return f"{found.endings.get('whole', 0) / replies:.0%}" if replies else UNKNOWN


def slots_of(by_day: Mapping[date, tuple[int, int]], days: Days) -> tuple[dict[str, list[int]], bool]:
    """What is shown for all of these days, those without a message too, by day or by month; whether it is by month.

    Where the range has no ends, the messages are it.
    """
    most = timedelta(days=_FEWEST_DAYS - 1)
    if days[0] is None or days[1] is None:
        last = max(by_day)
        first = min(*by_day, last - most)
    else:
        first, last = days[0], max(days[1], days[0] + most)  # a month's first days have the next ones beside them
    monthly = (last - first).days >= _DAYS
    slots: dict[str, list[int]] = {}
    for step in range((last - first).days + 1):
        day = first + timedelta(days=step)
        slot = slots.setdefault(_slot(day, monthly), [0, 0])
        for at, count in enumerate(by_day.get(day, (0, 0))):
            slot[at] += count
    return slots, monthly


def _by_day(found: Pattern, days: Days) -> None:
    slots, monthly = slots_of(found.by_day, days)
    table = pd.DataFrame(
        [(slot, counts[at], who) for slot, counts in slots.items() for at, who in enumerate(("You", "ByteBot"))],
        columns=["Day", "Messages", "Who"],
    )
    busiest = max(slots, key=lambda slot: sum(slots[slot]))
    with st.container(border=True):
        st.markdown(f"**Messages by {'month' if monthly else 'day'}**")
        st.bar_chart(
            table,
            x="Day",
            y="Messages",
            color="Who",
            x_label="",
            sort=False,
            height=240,
            alt=f"Messages in {in_words(days)}: {found.messages:,}; the most in {busiest}, {sum(slots[busiest]):,}",
        )


def _slot(day: date, monthly: bool) -> str:
    return f"{day:%b %Y}" if monthly else f"{day.day} {day:%b}"


def _by_hour(found: Pattern) -> None:
    hours = [sum(day[hour] for day in found.by_hour) for hour in range(24)]
    days = [sum(day) for day in found.by_hour]
    busiest = max(range(24), key=hours.__getitem__)
    with st.container(border=True, height="stretch"):
        st.markdown("**When**")
        st.bar_chart(
            pd.DataFrame({"Hour": [f"{hour:02d}" for hour in range(24)], "Messages": hours}),
            x="Hour",
            y="Messages",
            height=150,
            x_label="hour of the day",
            alt=f"Messages by hour of the day; the most from {busiest:02d}:00 to {busiest:02d}:59, {hours[busiest]:,}",
        )
        most = max(range(7), key=days.__getitem__)
        st.bar_chart(
            pd.DataFrame({"Day": WEEKDAYS, "Messages": days}),
            x="Day",
            y="Messages",
            height=150,
            x_label="day of the week",
            sort=False,
            alt=f"Messages by day of the week; the most on {WEEKDAYS[most]}, {days[most]:,}",
        )


def _models(found: Pattern) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown(
            "**Models**", help="Seconds to the first token: half of the replies, and nine of ten, were as quick."
        )
        rows = [("Model", "Replies", "First token", "90 % within", "tok/s")]
        for one in found.models[:_FEW]:
            speed = UNKNOWN if one.speed is None else f"{one.speed:,.0f}"
            rows.append(
                (
                    _breakable(label(one.model, 32)),
                    f"{one.replies:,}",
                    _kept(seconds(one.median)),
                    _kept(seconds(one.p90)),
                    speed,
                )
            )
        _table(rows)
        if len(found.models) > _FEW:
            st.caption(f"and {len(found.models) - _FEW:,} more, with fewer replies")


def _prompts(found: Pattern) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown("**System prompts**")
        rows = [("Begins with", "Replies")]
        rows += [(label(name, 48), f"{count:,}") for name, count in list(found.prompts.items())[:_FEW]]
        _table(rows)
        if len(found.prompts) > _FEW:
            st.caption(f"and {len(found.prompts) - _FEW:,} more, with fewer replies")


def _breakable(name: str) -> str:
    """A long name with places where a line may end, so that its table stays in its card."""
    return re.sub(r"(?<=[-:/@_.])(?=\w)", "\N{ZERO WIDTH SPACE}", name)


def _kept(words: str) -> str:
    """Never broken into two lines."""
    return words.replace(" ", "\N{NO-BREAK SPACE}")


def _table(rows: Sequence[tuple[str, ...]]) -> None:
    head, *rest = ("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows)
    st.markdown("\n".join([head, "|---" + "|---:" * (len(rows[0]) - 1) + "|", *rest]))


def _pairs(title: str, unit: str, counts: dict[str, tuple[int, int]]) -> None:
    table = pd.DataFrame(
        [(name, pair[at], who) for name, pair in counts.items() for at, who in enumerate(("You", "ByteBot"))],
        columns=["Length", "Messages", "Who"],
    )
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{title}**")
        st.bar_chart(
            table,
            x="Length",
            y="Messages",
            color="Who",
            horizontal=True,
            sort=False,
            x_label=unit,
            height=240,
            alt=f"{title} in {unit}: " + ", ".join(f"{name}: {sum(pair):,}" for name, pair in counts.items()),
        )


def _bars(title: str, unit: str, counts: dict[str, int], what: str) -> None:
    with st.container(border=True, height="stretch"):
        st.markdown(f"**{title}**")
        st.bar_chart(
            pd.DataFrame({"Kind": list(counts), what: list(counts.values())}),
            x="Kind",
            y=what,
            horizontal=True,
            sort=False,
            x_label=unit,
            height=240,
            alt=f"{title}: " + ", ".join(f"{name}: {count:,}" for name, count in counts.items() if count),
        )
