"""A page of conversations: a box to choose each, its name to open it, its tags, and what there is to know of it."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import streamlit as st

from chatbot.core.bill import short
from chatbot.core.blocks import label
from chatbot.store.tags import Tag
from chatbot.store.values import HistoryLine
from chatbot.ui import clock, moving
from chatbot.ui.begun_in import BEGUN_IN
from chatbot.ui.history_picked import Picked
from chatbot.ui.words import cost, sentence

_NAME = 90  # characters of a title
KEPT_FOR = timedelta(days=30)


def draw(lines: Sequence[HistoryLine], tags: Mapping[str, tuple[Tag, ...]], chosen: Picked) -> None:
    with st.container(key="history-rows", gap="xsmall"):
        for line in lines:
            _row(line, tags.get(line.id, ()), chosen)


def _row(line: HistoryLine, tags: Sequence[Tag], chosen: Picked) -> None:
    title = line.title or "(no title)"
    with st.container(key=f"history-{line.id}", horizontal=True, gap="small", vertical_alignment="center", wrap=False):
        st.checkbox(
            f"Choose {label(title)}",
            line.id in chosen.ids,
            key=f"pick-{line.id}-{chosen.round}",
            label_visibility="collapsed",
            on_change=chosen.turn,
            args=(line.id,),
        )
        with st.container(gap=None):
            if line.deleted is not None:
                st.markdown(label(title, _NAME))
            elif st.button(
                label(title, _NAME),
                key=f"open-{line.id}",
                icon=":material/keep:" if line.pinned else None,
                type="tertiary",
                wrap=False,  # a second line would be centred
                help=None if len(title) <= _NAME else sentence(title),
            ):
                moving.go_to(line.id)
                st.switch_page("pages/chat.py", query_params={"c": line.id})
            grey = " · ".join(about(line, clock.now()))
            if tags:  # in a caption they would be as faint as the rest of it
                st.markdown(f"{' '.join(map(badge, tags))} :small[:gray[{grey}]]")
            else:
                st.caption(grey)


def badge(tag: Tag) -> str:
    """A tag as a small coloured sign."""
    return f":{tag.colour}-badge[{label(tag.name)}]"


def about(line: HistoryLine, now: datetime) -> list[str]:
    """What there is to know of it, in the order in which people look for it."""
    found = [f"{line.messages:,} message{'' if line.messages == 1 else 's'}"]
    if line.live:
        found.insert(0, "being answered")
    if line.starred:
        found.append(f":material/star: {line.starred}")
    if line.model:
        found.append(label(line.model, 40))
    if spent := short(line.bill):
        found.append(cost(spent))
    if line.tag not in ("browser", ""):
        found.append(f"begun in {BEGUN_IN.get(line.tag, label(line.tag))}")
    if line.deleted is not None:
        left = max(0, math.ceil((line.deleted + KEPT_FOR - now) / timedelta(days=1)))
        found.append(f"deleted {ago(line.deleted, now)}, gone for good in {left} day{'' if left == 1 else 's'}")
    else:
        found.append(ago(line.updated, now))
    return found


def ago(moment: datetime, now: datetime) -> str:
    """When it was, the coarser the longer ago.

    >>> now = datetime.fromisoformat("2026-11-26T12:00:00+01:00")
    >>> [ago(now - timedelta(minutes=minutes), now) for minutes in (0, 5, 150, 1_500, 60 * 24 * 9)]
    ['just now', '5 min ago', '2 h ago', 'yesterday', '2026-11-17']
    """
    local = moment.astimezone(now.tzinfo)
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    days = (now.date() - local.date()).days
    if not days:
        return f"{minutes // 60} h ago"
    if days == 1:
        return "yesterday"
    return f"{days} days ago" if days < 7 else f"{local:%Y-%m-%d}"
