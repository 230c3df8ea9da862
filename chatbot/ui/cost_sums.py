"""Sums over the remembered calls, each with what it is made of. Money stays whole nano-dollars."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import numpy as np
import pandas as pd

from chatbot.core.bill import Bill
from chatbot.core.labels import one_line
from chatbot.core.prompt_names import NAMING, UNKNOWN_PROMPT, prompt_names
from chatbot.core.what_if import Used
from chatbot.store.spending import AGAIN, DELETED, NONE
from chatbot.ui.cost_range import Days, day_of, number
from chatbot.ui.remembered import BUCKETS, NOTHING, TOKENS, Known

NO_TAG = "none"
_GONE = -2  # in place of a conversation's code: it was deleted
_BILL = ["money", "used", "estimated", "local", "unpriced"]
_MOST_KEPT = 8  # choices whose sums are kept
_LARGEST = 2**62  # sums beyond this are added up as Python's own numbers, which have no end

P = ParamSpec("P")
T = TypeVar("T")
Names = Mapping[str, tuple[str, ...]]
"""Title of each conversation that is there, where it began, and its tags; by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is shown. Empty: everything; `days` in the reader's zone."""

    days: Days = (None, None)
    models: Sequence[str] = ()
    connections: Sequence[str] = ()
    begun_in: Sequence[str] = ()
    tags: Sequence[str] = ()
    """The conversation has one of these."""
    conversation: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply by what it came to. `title` None: its conversation was deleted."""

    conversation: str | None
    title: str | None
    day: date
    model: str
    bill: Bill


def _kept(method: Callable[Concatenate["Sums", P], T]) -> Callable[Concatenate["Sums", P], T]:
    """Works it out once: a page is drawn again far more often than the ledger grows."""

    def once(self: "Sums", /, *args: P.args, **named: P.kwargs) -> T:
        key = (method.__name__, *map(str, args))
        if key not in self.found:
            self.found[key] = method(self, *args, **named)
        found: T = self.found[key]
        return found

    return wraps(method)(once)


def sums_of(known: Known, names: Names, zone: tzinfo, chosen: Chosen) -> "Sums":
    """The sums of this choice, kept with the calls until these are others."""
    key = f"{zone} {chosen}"
    sums: Sums | None = known.kept.get(key)
    if sums is None or sums.names != names:
        while len(known.kept) >= _MOST_KEPT:
            known.kept.pop(next(iter(known.kept)), None)
        sums = known.kept[key] = Sums(known, names, zone, chosen)
    return sums


class Sums:
    """The calls that are chosen, and what they come to."""

    def __init__(self, known: Known, names: Names, zone: tzinfo, chosen: Chosen) -> None:
        self._known = known
        self.names = names
        self.found: dict[tuple[str, ...], Any] = {}
        self.zone = zone
        self._chosen = chosen
        there = known.names["conversation"]
        # One entry for each code, and a last one that -1, no conversation, picks.
        self._there = np.array([id in names for id in there] + [False], dtype=bool)
        shown = known.calls["used"].to_numpy().copy()
        days = known.days(zone)
        first, last = chosen.days
        if first is not None and last is not None:
            shown &= (days >= number(first)) & (days <= number(last))
        for column, wanted in (("answered", chosen.models), ("connection", chosen.connections)):
            if wanted:
                shown &= np.isin(known.calls[column].to_numpy(), self._codes(column, wanted))
        if chosen.begun_in:
            places = [names[id][1] if id in names else NO_TAG for id in there] + [NO_TAG]
            shown &= np.isin(places, list(chosen.begun_in))[known.calls["conversation"].to_numpy()]
        if chosen.tags:
            wanted_tags = set(chosen.tags)
            having = np.array([not wanted_tags.isdisjoint(names.get(id, ())[2:]) for id in there] + [False], dtype=bool)
            shown &= having[known.calls["conversation"].to_numpy()]
        if chosen.conversation is not None:
            shown &= np.isin(known.calls["conversation"].to_numpy(), self._codes("conversation", [chosen.conversation]))
        self.calls = known.calls if shown.all() else known.calls[shown]
        self.days = days[shown]
        self._exact = self._small(["money", *TOKENS])

    def _codes(self, column: str, texts: Sequence[str]) -> list[int]:
        names = self._known.names[column]
        return [names.index(text) for text in texts if text in names]

    def _small(self, columns: Sequence[str]) -> bool:
        most = max((int(self.calls[column].max()) for column in columns if self.calls[column].notna().any()), default=0)
        return most * max(1, len(self.calls)) < _LARGEST

    def _grouped(self, by: Any, columns: Sequence[str]) -> pd.DataFrame:
        table = self.calls[list(columns)]
        if not self._exact:
            table = table.astype(object).fillna(0)
        return table.groupby(np.asarray(by), sort=False).sum()

    def _bills(self, by: Any) -> dict[int, Bill]:
        found = self._grouped(by, _BILL)
        rows = zip(*(found[column].tolist() for column in _BILL), strict=True)
        return {
            int(key): Bill(
                nanodollars=int(money), calls=int(used), estimated=int(about), local=int(local), unpriced=int(unknown)
            )
            for key, (money, used, about, local, unknown) in zip(found.index, rows, strict=True)
        }

    @_kept
    def whole(self) -> Bill:
        """Everything that is shown."""
        return self._bills(np.zeros(len(self.calls), dtype=np.int8)).get(0, Bill())

    @property
    def span(self) -> tuple[date, date]:
        """The days that are shown: those that were chosen, else from the first call to the last."""
        first, last = self._chosen.days
        return first or day_of(int(self.days.min())), last or day_of(int(self.days.max()))

    @_kept
    def by_day(self) -> dict[date, Bill]:
        """Days with calls, in order."""
        return {day_of(day): bill for day, bill in sorted(self._bills(self.days).items())}

    @_kept
    def by_day_and_model(self, models: Sequence[str]) -> dict[tuple[date, str], Bill]:
        """The same for each of these models, and "others" together."""
        codes = self._codes("answered", models)
        width = len(codes) + 1
        place = np.full(len(self._known.names["answered"]) + 1, width - 1)
        place[codes] = range(len(codes))
        found = self._bills(self.days * width + place[self.calls["answered"].to_numpy()])
        called = [*models, "others"]
        return {(day_of(key // width), called[key % width]): bill for key, bill in found.items()}

    @_kept
    def by(self, column: str) -> list[tuple[str, Bill]]:
        """By "answered" (the model), "purpose" or "connection"; the dearest first."""
        names = self._known.names[column]
        return dearest((names[code], bill) for code, bill in self._bills(self.calls[column]).items())

    @_kept
    def by_conversation(self) -> list[tuple[str | None, str, Bill]]:
        """Id (None: there is none to open), title and bill; the dearest first."""
        codes = self.calls["conversation"].to_numpy()
        keys = np.where(self._there[codes] | (codes == NOTHING), codes, _GONE)
        found = sorted(self._bills(keys).items(), key=lambda one: -one[1].nanodollars)
        return [(*self._conversation(code), bill) for code, bill in found]

    @_kept
    def top_conversations(self, most: int) -> list[tuple[str | None, str, Bill]]:
        """The first rows of that, and all others in one."""
        rows = self.by_conversation()
        if len(rows) <= most + 1:
            return rows
        others = sum((bill for *_, bill in rows[most:]), Bill())
        return [*rows[:most], (None, f"{len(rows) - most:,} others", others)]

    @_kept
    def namesakes(self, most: int) -> dict[str, datetime]:
        """Of conversations whose names are alike in so many characters: when the first call was ever made for each."""
        names = {id: one_line(title, most) for id, title, _ in self.by_conversation() if id is not None}
        count = Counter(names.values())
        first = self._known.calls.groupby("conversation")["at"].min()
        return {
            id: datetime.fromtimestamp(int(first[code]) // 1_000_000, UTC).astimezone(self.zone)
            for code, id in enumerate(self._known.names["conversation"])
            if id in names and count[names[id]] > 1
        }

    def _conversation(self, code: int) -> tuple[str | None, str]:
        if code < 0:
            return None, NONE if code == NOTHING else DELETED
        id = self._known.names["conversation"][code]
        return id, self.names[id][0]

    @_kept
    def by_prompt(self) -> list[tuple[str, Bill]]:
        """By the system prompt that the reply was made with, under a short name; the dearest first."""
        texts, purposes = self._known.names["prompt"], self._known.names["purpose"]
        kept = self._there[self.calls["conversation"].to_numpy()]
        keys = np.where(kept, self.calls["prompt"].to_numpy(), NOTHING)
        if "title" in purposes:
            naming = (self.calls["purpose"] == purposes.index("title")) & (self.calls["reply"] == NOTHING)
            keys = np.where(naming, _GONE, keys)
        bills = self._bills(keys)
        found = sorted(bills.items(), key=lambda one: (-one[1].nanodollars, texts[one[0]] if one[0] >= 0 else "None"))
        called = prompt_names(texts[key] for key, _ in found if key >= 0)
        rest = {NOTHING: UNKNOWN_PROMPT, _GONE: NAMING}
        return dearest((called[texts[key]] if key >= 0 else rest[key], bill) for key, bill in found)

    @_kept
    def by_bucket(self) -> dict[str, tuple[int, int]]:
        """Tokens and nano-dollars; buckets exclude each other here. Unsplit has no tokens: a bill as a whole."""
        table = self.calls
        if not self._exact:
            table = table.astype(dict.fromkeys(("money", *(f"money_{name}" for name in BUCKETS), *TOKENS), object))
        count = {name: int(table[name].fillna(0).sum()) for name in TOKENS}
        cached, written = count["cached_tokens"], count["cache_write_tokens"]
        tokens = {
            "input": max(0, count["input_tokens"] - cached - written),
            "cached": cached,
            "cache_write": written,
            "reasoning": count["reasoning_tokens"],
            "output": max(0, count["output_tokens"] - count["reasoning_tokens"]),
            "unsplit": 0,
        }
        return {name: (tokens[name], int(table[f"money_{name}"].sum())) for name in BUCKETS}

    @_kept
    def saved(self, how: str = "saved") -> int:
        """Nano-dollars that cached tokens would have cost more as plain input, less what writing the cache cost more; with
        "saved_instead", that dearer models would have cost more; with "saved_left_out", that older messages would have.
        """
        return sum(self.calls[how].tolist()) if not self._exact else int(self.calls[how].sum())

    @_kept
    def replies(self, most: int) -> list[Reply]:
        """The dearest replies, all calls of one together."""
        rows = self.calls[self.calls["reply"] != NOTHING]
        sums = rows.groupby("reply", sort=False)["money"].sum().nlargest(most)
        top = rows[rows["reply"].isin(sums[sums > 0].index)]
        day = pd.Series(self.days, index=self.calls.index).loc[top.index]
        found = []
        for _, calls in top.groupby("reply"):
            last = calls.iloc[-1]
            id, title = self._conversation(int(last["conversation"]) if self._there[last["conversation"]] else _GONE)
            bill = Bill(
                **dict(
                    zip(("nanodollars", "calls", *_BILL[2:]), (int(calls[name].sum()) for name in _BILL), strict=True)
                )
            )
            model = self._known.names["answered"][int(last["answered"])]
            found.append(Reply(id, None if id is None else title, day_of(int(day[calls.index[-1]])), model, bill))
        return sorted(found, key=lambda reply: -reply.bill.nanodollars)

    def used(self) -> list[Used]:
        """What each call used, for prices of another model."""
        names = (*TOKENS[:4],)
        columns = [self.calls[name].astype(object).where(self.calls[name].notna(), None).tolist() for name in names]
        return [Used(*row) for row in zip(*columns, self.calls["estimated"].tolist(), strict=True)]

    @_kept
    def models_used(self) -> list[tuple[str, str, str]]:
        """Connection, base URL and model of every call that was ever answered, each once: a name that a server refused may
        be no model's.
        """
        columns = ["connection", "base_url", "answered"]
        outcomes = self._known.names["outcome"]
        silent = [code for code, outcome in enumerate(outcomes) if outcome in AGAIN]
        each = self._known.calls.loc[~self._known.calls["outcome"].isin(silent), columns].drop_duplicates()
        names = [self._known.names[column] for column in columns]
        return [
            (names[0][one], names[1][two], names[2][three])
            for one, two, three in each.itertuples(index=False, name=None)
        ]


def dearest(bills: Any) -> list[tuple[str, Bill]]:
    return sorted(bills, key=lambda one: (-one[1].nanodollars, one[0]))
