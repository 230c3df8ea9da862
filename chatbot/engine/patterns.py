"""How the conversations go over time: the same figures for the page and the terminal."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from chatbot.core.prompt_names import prompt_names
from chatbot.store.patterns import LENGTHS, QUARTER, Said
from chatbot.store.store import Store

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LENGTH_NAMES = (*(f"under {most:,}" for most in LENGTHS), f"{LENGTHS[-1]:,} and more")
_CHATS = (2, 5, 10, 20, 50)
CHAT_NAMES = ("1–2", "3–5", "6–10", "11–20", "21–50", "more than 50")
_ENDINGS = {
    "complete": "whole",
    "length": "reached a limit",
    "stopped": "stopped by you",
    "cut": "cut off",
    "failed": "failed",
    "filtered": "withheld",
    "refused": "declined",
    "blocked": "not sent",
    "tool_limit": "too many tools",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPattern:
    """Seconds and tokens per second; None where nobody measured. `p90`: nine of ten were at least as quick."""

    model: str
    replies: int
    median: float | None
    p90: float | None
    speed: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """Pairs are (of you, of ByteBot). `by_hour[weekday][hour]` counts messages of both; days and hours are the reader's."""

    conversations: int
    messages: int
    by_day: dict[date, tuple[int, int]]
    by_hour: tuple[tuple[int, ...], ...]
    lengths: dict[str, tuple[int, int]]
    chats: dict[str, int]
    endings: dict[str, int]
    models: tuple[ModelPattern, ...]
    prompts: dict[str, int]


def patterns(
    store: Store, zone: tzinfo | None, since: datetime | None = None, until: datetime | None = None
) -> Pattern:
    """Of the messages made in this time; `zone` None: this machine's."""
    said = store.patterns.read(since, until)
    days: dict[date, list[int]] = {}
    hours = [[0] * 24 for _ in WEEKDAYS]
    for quarter, role, count in said.times:
        moment = datetime.fromtimestamp(int(quarter) * QUARTER, UTC).astimezone(zone)
        days.setdefault(moment.date(), [0, 0])[role != "user"] += count
        hours[moment.weekday()][moment.hour] += count
    lengths = {name: [0, 0] for name in LENGTH_NAMES}
    for kind, role, count in said.lengths:
        lengths[LENGTH_NAMES[kind]][role != "user"] += count
    chats = Counter(next((at for at, most in enumerate(_CHATS) if count <= most), len(_CHATS)) for count in said.chats)
    names = prompt_names(prompt for prompt, _ in said.prompts)
    endings = sorted(said.endings, key=lambda row: -row[1])
    return Pattern(
        conversations=len(said.chats),
        messages=sum(count for _, _, count in said.times),
        by_day={day: (days[day][0], days[day][1]) for day in sorted(days)},
        by_hour=tuple(map(tuple, hours)),
        lengths={name: (pair[0], pair[1]) for name, pair in lengths.items()},
        chats={name: chats.get(at, 0) for at, name in enumerate(CHAT_NAMES)},
        endings={_ENDINGS.get(state, state): count for state, count in endings},
        models=_models(said),
        prompts={names[prompt]: count for prompt, count in said.prompts},
    )


def _models(said: Said) -> tuple[ModelPattern, ...]:
    first: dict[str, list[float]] = {}
    speeds: dict[str, list[float]] = {}
    for model, waited, whole, tokens in said.replies:
        first.setdefault(model, []).append(waited)
        writing = (whole or 0.0) - waited
        if tokens and tokens > 1 and writing >= 0.05:  # in less, a speed means nothing
            speeds.setdefault(model, []).append((tokens - 1) / writing)
    return tuple(
        ModelPattern(
            model=model,
            replies=count,
            median=quantile(first.get(model, ()), 0.5),
            p90=quantile(first.get(model, ()), 0.9),
            speed=quantile(speeds.get(model, ()), 0.5),
        )
        for model, count in said.models
    )


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest of the values that so large a share of them does not exceed; None of none.

    >>> quantile([4, 1, 3, 2], 0.5), quantile([4, 1, 3, 2], 0.9), quantile([], 0.5)
    (2, 4, None)
    """
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None
