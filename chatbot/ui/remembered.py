"""Every settled call as a row of a table in memory. What is settled never changes, so each is read once in a process."""

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from chatbot.store.ledger import Ledger
from chatbot.store.settled import Mark, Settled
from chatbot.store.spending import AGAIN, RETRY

TEXTS = (
    "conversation",
    "purpose",
    "connection",
    "base_url",
    "asked",
    "answered",
    "outcome",
    "tier",
    "source",
    "prompt",
)
TOKENS = ("input_tokens", "output_tokens", "cached_tokens", "cache_write_tokens", "reasoning_tokens")
BUCKETS = ("input", "cached", "cache_write", "reasoning", "output", "unsplit")
"""Parts of a call's money; they add up to it. Reasoning is taken out of output, by tokens; unsplit: a bill as a whole."""
NOTHING = -1  # the code of a text that is not there
_PLACE = {bucket: place for place, bucket in enumerate(BUCKETS)}
_REASONING, _OUTPUT, _UNSPLIT = (_PLACE[bucket] for bucket in ("reasoning", "output", "unsplit"))
_QUARTER = 900_000_000  # microseconds; every zone's midnight stands at the beginning of one
_MARGIN = 200  # ids that another process may have been given before, and shown after, the newest one seen
_AT_ONCE = 20_000  # rows turned into columns; a ledger of years must not be held twice
_LINE = re.compile(r'\["(input|cached|cache_write|output)", (\d+), "([^"]+)"\]')


@dataclass(frozen=True, slots=True)
class Known:
    """The ledger up to a mark. Texts are whole numbers in `calls`, read back with `names`; times are microseconds, UTC.

    Money is whole nano-dollars, 0 where `unpriced`. Token counts are Int64, missing where nobody said.
    """

    mark: Mark
    calls: pd.DataFrame
    names: dict[str, list[str]]
    kept: dict[str, Any] = field(default_factory=dict)
    """What was worked out from it, by whoever did; it goes when the calls are others."""
    _days: dict[str, Any] = field(default_factory=dict)

    def days(self, zone: tzinfo) -> Any:
        """The day on which each call began in the zone, as days since 1970."""
        if str(zone) not in self._days:
            quarters, places = np.unique(self.calls["at"].to_numpy() // _QUARTER, return_inverse=True)
            of_quarter = [_day(int(quarter) * _QUARTER, zone) for quarter in quarters]
            self._days[str(zone)] = np.array(of_quarter, dtype=np.int64)[places]
        return self._days[str(zone)]


class Remembered:
    """The table of one ledger, brought up to date when it is asked for. Safe to use from several threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lock = threading.Lock()
        self._codes: dict[str, dict[str, int]] = {column: {} for column in TEXTS}
        self._known = Known(Mark(), self._table([]), {column: [] for column in TEXTS})

    def now(self) -> Known:
        """As the ledger is now; StoreError when it cannot be read."""
        with self._lock:
            known, mark = self._known, self._ledger.mark()
            if mark == known.mark:
                return known
            if mark.newest < known.mark.newest:  # another file stands in its place
                known = Known(Mark(), self._table([]), known.names)
            after = max(0, known.mark.newest - _MARGIN)
            lately = set(known.calls["id"].to_numpy()[-2 * _MARGIN :].tolist())
            ended = [id for id in known.mark.out if id <= after and id not in mark.out]
            fresh = self._ledger.settled_among(ended) if ended else []
            parts = [known.calls]
            while rows := self._ledger.settled(after=after, until=mark):
                after = rows[-1].id
                fresh += [row for row in rows if row.id not in lately] if lately else rows
                if len(fresh) > _AT_ONCE:
                    parts.append(self._table(fresh))
                    fresh = []
            calls = pd.concat([*parts, self._table(fresh)], ignore_index=True)
            calls = _with_retries(calls.sort_values("id", kind="stable", ignore_index=True), self._codes)
            names = {column: list(codes) for column, codes in self._codes.items()}
            self._known = Known(mark, calls, names)
            return self._known

    def _table(self, rows: Sequence[Settled]) -> pd.DataFrame:
        # By column and not by row: for a long ledger that is seconds.
        columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else [()] * len(Settled._fields)
        by_name = dict(zip(Settled._fields, columns, strict=True))
        table: dict[str, Any] = {
            "id": np.array(by_name["id"], dtype=np.int64),
            "at": np.array([round(moment.timestamp() * 1_000_000) for moment in by_name["started"]], dtype=np.int64),
            "reply": np.array([NOTHING if id is None else id for id in by_name["reply"]], dtype=np.int64),
        }
        by_name["answered"] = [
            answered or asked for answered, asked in zip(by_name["model_answered"], by_name["model_asked"], strict=True)
        ]
        by_name["asked"] = by_name["model_asked"]
        for column, known in self._codes.items():
            codes = [NOTHING if text is None else known.setdefault(text, len(known)) for text in by_name[column]]
            table[column] = np.array(codes, dtype=np.int32)
        for column in TOKENS:
            table[column] = pd.array(by_name[column], dtype="Int64")
        table["money"] = np.array([money or 0 for money in by_name["nanodollars"]], dtype=np.int64)
        source = self._codes["source"]
        table["used"] = table["source"] != source.get("free", len(source))
        for flag, name in (("estimated", "estimated"), ("local", "local"), ("unpriced", "unknown")):
            table[flag] = table["source"] == source.get(name, len(source))
        money = table["money"].tolist()
        split = map(_split, by_name["arithmetic"], by_name["reasoning_tokens"], by_name["left_out"], money)
        parts = np.array(list(split), dtype=np.int64).reshape(len(rows), len(BUCKETS) + 2)
        instead = [0 if other is None else other - paid for other, paid in zip(by_name["instead"], money, strict=True)]
        table["saved_instead"] = np.where(table["unpriced"], 0, np.array(instead, dtype=np.int64))
        for place, bucket in enumerate(BUCKETS):
            table[f"money_{bucket}"] = parts[:, place]
        return pd.DataFrame({**table, "saved": parts[:, -2], "saved_left_out": parts[:, -1]})


def _split(arithmetic: str | None, reasoning: int | None, left_out: int | None, money: int) -> list[int]:
    """The call's money by bucket, what its cache saved it, and what the tokens would have cost that were left out.

    Rounded down; what is left over goes to the last line.
    """
    parts = [0] * (len(BUCKETS) + 2)
    lines = _LINE.findall(arithmetic) if arithmetic and money else ()
    rest = money
    place, tokens, fresh, of = _UNSPLIT, 0, 0, 0
    for bucket, count, rate in lines:
        (each, scale), place, tokens = _per_token(rate), _PLACE[bucket], int(count)
        if bucket == "input":
            fresh, of = each, scale
            parts[-1] = each * (left_out or 0) // scale
        elif of and bucket != "output":
            parts[-2] += (fresh * scale - each * of) * tokens // (of * scale)
        parts[place] = each * tokens // scale
        rest -= parts[place]
    parts[place] += rest
    if reasoning and place == _OUTPUT:
        thought = min(reasoning, tokens)
        parts[_REASONING] = parts[_OUTPUT] * thought // tokens
        parts[_OUTPUT] -= parts[_REASONING]
    return parts


@lru_cache(1024)
def _per_token(rate: str) -> tuple[int, int]:
    """Nano-dollars for a token at so many dollars per million, as a fraction."""
    return (Decimal(rate) * 1000).as_integer_ratio()


def _with_retries(calls: pd.DataFrame, codes: dict[str, dict[str, int]]) -> pd.DataFrame:
    """Calls that follow a refused or uncertain one of the same reply get a purpose of their own."""
    failed = calls["outcome"].isin([codes["outcome"][name] for name in AGAIN if name in codes["outcome"]])
    first = calls[failed & (calls["reply"] != NOTHING)].groupby("reply")["id"].min()
    if len(first):
        again = calls["id"] > calls["reply"].map(first)
        retry = codes["purpose"].setdefault(RETRY, len(codes["purpose"]))
        calls.loc[again, "purpose"] = retry
    return calls


def _day(microseconds: int, zone: tzinfo) -> int:
    moment = datetime.fromtimestamp(microseconds / 1_000_000, UTC).astimezone(zone)
    return (moment.date() - datetime(1970, 1, 1, tzinfo=UTC).date()).days
