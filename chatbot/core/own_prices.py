"""The prices a person has set: which of them holds for a call. Pure; how they are written is in `price_entries`.

Of the prices that match a call's address, model, service tier and day, the most specific one holds, compared in this
order: more of the address spelled out; the model's name in full before a pattern, and of patterns the one that spells
out more; a price for the call's tier before one for any tier; the later first day. Prices that none of this tells
apart, and that could hold for one call, are mistakes, both of them. A mistake is never passed over in silence: what it
might be about has no price until it is mended.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import combinations, groupby

from chatbot.core.pricing import USUAL_TIERS, Rates

ANY = "*"
STANDARD = "standard"
_LONGEST_NAME = 256  # characters of a model's name that are looked at
_REMEMBERED = 1000  # answers, of which a chat needs one


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """One mistake: where in the file ("line 7"), and the sentence about it."""

    at: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One price as it was written. In `url` and `model` a `*` stands for any characters; letters' case does not matter.

    `url` also holds for what lies below it. `tier` None: any. `since`, `until`: the first day it holds and the first
    it no longer does, UTC. `rates` None: it has a mistake, `wrong`; its fields in `unread` could be anything.
    """

    at: str
    url: str = ANY
    model: str = ANY
    tier: str | None = None
    since: date | None = None
    until: date | None = None
    rates: Rates | None = None
    note: str = ""
    wrong: tuple[Wrong, ...] = ()
    unread: frozenset[str] = frozenset()

    @property
    def why(self) -> str:
        """Why a call that it is about has no price."""
        first = self.wrong[0]
        return f"Your own prices have a mistake: {f'prices.toml, {first.at}: ' if first.at else ''}{first.said}"


class OwnPrices:
    """All prices of a person. Safe to use from several threads."""

    def __init__(self, entries: Iterable[Entry] = (), wrong: Iterable[Wrong] = ()) -> None:
        """`wrong`: mistakes that belong to no entry."""
        self.entries = _told_apart(tuple(entries))
        self.wrong = (*wrong, *(one for entry in self.entries for one in entry.wrong))
        self._found: dict[object, Entry | None] = {}

    def find(
        self, base_url: str, models: Sequence[str], *, tier: str | None, at: datetime, local: bool = False
    ) -> Entry | None:
        """What a call costs by the person's word, None where they have none; without `rates` it is open.

        `models`: the names it went by, the best known first; `at`: when it began. `local`: an address of this machine,
        for which only a price counts that says so in its `url`.
        """
        if not self.entries or not base_url:
            return None
        names = tuple(name[:_LONGEST_NAME].lower() for name in models if name)
        day = at.astimezone(UTC).date()
        key = (base_url, names, tier, day, local)
        if key not in self._found:
            if len(self._found) >= _REMEMBERED:
                self._found = {}
            self._found[key] = self._best(base_url.rstrip("/").lower(), names, tier, day, local)
        return self._found[key]

    def _best(self, url: str, names: tuple[str, ...], tier: str | None, day: date, local: bool) -> Entry | None:
        best: tuple[tuple[object, ...], Entry] | None = None
        for entry in self.entries:
            if local and entry.url == ANY and "url" not in entry.unread:
                continue
            rank = _rank(entry, url, names, tier_named(tier), day)
            # Only mistakes can be equal here: the first by place, so that their order in the file says nothing.
            if rank is not None and (best is None or (rank, best[1].at) > (best[0], entry.at)):
                best = rank, entry
        return best[1] if best else None


def tier_named(tier: str | None) -> str:
    """A service tier's name; the usual one goes by several.

    >>> tier_named(None), tier_named("default"), tier_named("Flex")
    ('standard', 'standard', 'flex')
    """
    return STANDARD if tier in USUAL_TIERS else str(tier).lower()


def _rank(entry: Entry, url: str, names: tuple[str, ...], tier: str, day: date) -> tuple[object, ...] | None:
    """How specific an entry is for this call; None when it is not about it. What could not be read goes before all."""
    if (entry.since and day < entry.since) or (entry.until and day >= entry.until):
        return None
    if "tier" not in entry.unread and entry.tier is not None and tier_named(entry.tier) != tier:
        return None
    if "url" not in entry.unread and not any(_matches(pattern, url) for pattern in _addresses(entry.url)):
        return None
    index = 0
    if "model" not in entry.unread:
        pattern = _parts(entry.model)
        index = next((at for at, name in enumerate(names) if _matches(pattern, name)), -1)
        if index < 0:
            return None
    if entry.unread:
        return (True,)
    exact = len(_parts(entry.model)) == 1
    return (
        False,
        *_spelled(entry.url),
        exact,
        -index if exact else _spelled(entry.model)[0],
        -index,
        entry.tier is not None,
        entry.since or date.min,
        entry.rates is None,
    )


@lru_cache(maxsize=4096)
def _parts(pattern: str) -> tuple[str, ...]:
    return tuple(pattern.lower().split(ANY))


@lru_cache(maxsize=4096)
def _addresses(url: str) -> tuple[tuple[str, ...], ...]:
    """The address itself, and everything below it."""
    url = url.rstrip("/")
    return (_parts(url),) if url.endswith(ANY) else (_parts(url), _parts(f"{url}/{ANY}"))


@lru_cache(maxsize=4096)
def _spelled(pattern: str) -> tuple[int, bool]:
    """How much of a pattern is spelled out, and whether all of it is."""
    return len(pattern.rstrip("/").replace(ANY, "")), ANY not in pattern


def _matches(parts: tuple[str, ...], text: str) -> bool:
    """A pattern's parts lie in the text in their order. Time grows with the text's length, whatever the pattern."""
    if len(parts) == 1:
        return parts[0] == text
    end = len(text) - len(parts[-1])
    if not text.startswith(parts[0]) or not text.endswith(parts[-1]) or end < len(parts[0]):
        return False
    at = len(parts[0])
    for part in parts[1:-1]:
        at = text.find(part, at, end)
        if at < 0:
            return False
        at += len(part)
    return True


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether some text matches both patterns."""
    if len(one) == 1 or len(other) == 1:
        return _matches(other, one[0]) if len(one) == 1 else _matches(one, other[0])
    # Between its first and its last part each leaves room for all that the other wants.
    return _agree(one[0], other[0], str.startswith) and _agree(one[-1], other[-1], str.endswith)


def _agree(one: str, other: str, begins: object) -> bool:
    return bool(begins(one, other) or begins(other, one))  # type: ignore[operator]


def _told_apart(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The entries, those marked as mistakes that could hold for one call with none going before the other."""
    sound = [entry for entry in entries if entry.rates is not None]
    rivals: dict[int, Entry] = {}

    def rank(entry: Entry) -> tuple[object, ...]:
        tier = "" if entry.tier is None else tier_named(entry.tier)
        return (_spelled(entry.url), _spelled(entry.model), tier, entry.since or date.min)

    for _, group in groupby(sorted(sound, key=rank), key=rank):
        for one, other in combinations(group, 2):
            if _meet(_parts(one.model), _parts(other.model)) and any(
                _meet(here, there) for here in _addresses(one.url) for there in _addresses(other.url)
            ):
                rivals.setdefault(id(one), other)
                rivals.setdefault(id(other), one)
    return tuple(_rival(entry, rivals[id(entry)]) if id(entry) in rivals else entry for entry in entries)


def _within(place: str) -> str:
    """A place as it is named within a sentence."""
    return place[:1].lower() + place[1:]


def _rival(entry: Entry, other: Entry) -> Entry:
    said = (
        f"this price and that of {_within(other.at)} can hold for the same call, and neither goes before the other. "
        "Take one away, or set them apart by url, model, tier or from."
    )
    return replace(entry, rates=None, wrong=(Wrong(at=entry.at, said=said),))
