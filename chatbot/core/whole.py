"""A conversation as a whole, as it leaves the house and comes back: everything that is kept of it, and no database's ids.

Messages are numbered from 1 in the order in which they were made, so a parent's number is always the smaller one.
Where a message is named that is not there any more, its number is GONE.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime
from hashlib import sha256
from operator import attrgetter
from typing import Any, NamedTuple

from chatbot.core.errors import WayOut
from chatbot.core.events import Outcome, Purpose
from chatbot.core.messages import LIVE, Role, State
from chatbot.core.pricing import CostSource

GONE = 0


_NOTHING: Mapping[str, Any] = {}


class WholeMessage(NamedTuple):
    """One message. Seconds are floats; `sent` lists the numbers of what the request was made of (None: made up for it).

    `usage` and `options` are JSON as the store keeps it. A tuple, since a history has a hundred thousand of them.
    """

    role: Role
    state: State
    created: datetime
    continues: bool = False
    finished: datetime | None = None
    text: str = ""
    reasoning: str = ""
    connection: str | None = None
    model_asked: str | None = None
    model_answered: str | None = None
    finish_reason: str | None = None
    first_token: float | None = None
    duration: float | None = None
    thinking: float | None = None
    retries: int = 0
    left_out: int = 0
    error: str | None = None
    error_kind: str | None = None
    way_out: WayOut | None = None
    usage: Mapping[str, Any] | None = None
    # What follows is kept in another way than it leaves.
    parent: int | None = None
    starred: bool = False
    notes: tuple[str, ...] = ()
    options: Mapping[str, Any] = _NOTHING
    sent: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeCall:
    """One settled call of the ledger. Money is whole nano-dollars; None is unknown. `reply`: a message's number."""

    reply: int | None = None
    purpose: Purpose
    connection: str
    base_url: str
    model_asked: str
    model_answered: str | None = None
    outcome: Outcome
    started: datetime
    finished: datetime
    status: int | None = None
    error: str | None = None
    first_token: float | None = None
    duration: float | None = None
    input_estimate: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    estimated: bool = False
    usage: Mapping[str, Any] | None = None
    nanodollars: int | None = None
    cost_source: CostSource = "unknown"
    service_tier: str | None = None
    arithmetic: Mapping[str, Any] | None = None
    held: int | None = None
    instead_of: str | None = None
    instead_nanodollars: int | None = None
    left_out_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A conversation. `source` names it wherever it goes ("bytebot:4f…", "chatgpt:6f…"); `head`: a message's number."""

    source: str
    title: str = ""
    title_by: str = "words"
    tag: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    """What a person gave it: names, each with its colour."""
    pinned: bool = False
    archived: datetime | None = None
    created: datetime
    updated: datetime
    options: Mapping[str, Any] = field(default_factory=dict)
    head: int | None = None
    messages: tuple[WholeMessage, ...] = ()
    calls: tuple[WholeCall, ...] = ()

    @property
    def count(self) -> int:
        """How many messages a reader sees: a reply and what *Continue* added to it are one."""
        return sum(not message.continues for message in self.messages)


def fields_of(value: Whole | WholeMessage | WholeCall) -> dict[str, Any]:
    """Its fields as JSON takes them, without its messages and calls; what has its default is left out.

    So a field that a later version adds changes no hash of what was kept before.
    """
    return {
        name: moment(here) if type(here) is datetime else here
        for name, here, default in zip(*_fields(type(value), value), strict=True)
        if here is not default and here != default and (here or type(here) not in (dict, tuple))
    }


def _fields(kind: Any, value: object) -> tuple[Sequence[str], Sequence[Any], Sequence[Any]]:
    """Names, values and defaults. A history has a hundred thousand messages: what all have in common is asked for once."""
    names, get, defaults = _KINDS[kind]
    return names, get(value), defaults


def _kind(kind: Any) -> tuple[Sequence[str], Callable[[object], Sequence[Any]], Sequence[Any]]:
    kept = [one for one in fields(kind) if one.name not in ("messages", "calls")]
    names = [one.name for one in kept]
    return names, attrgetter(*names), [one.default for one in kept]


_KINDS: Mapping[Any, tuple[Sequence[str], Callable[[Any], Sequence[Any]], Sequence[Any]]] = {
    **{kind: _kind(kind) for kind in (Whole, WholeCall)},
    WholeMessage: (
        WholeMessage._fields,
        tuple,
        [WholeMessage._field_defaults.get(name, MISSING) for name in WholeMessage._fields],
    ),
}


def moment(when: datetime) -> str:
    """A time as it stands in a file, to the microsecond.

    >>> moment(datetime(2026, 11, 25, 9, 30, tzinfo=UTC))
    '2026-11-25T09:30:00.000000Z'
    """
    return f"{when.astimezone(UTC).isoformat(timespec='microseconds')[:-6]}Z"  # without its "+00:00"


def digest(whole: Whole) -> str:
    """The SHA-256, in hex, of everything in it but its source: two are the same exactly when nothing was lost or changed.

    A reply that is being written counts as cut, which it is in every copy.
    """
    return digest_of(fields_of(whole), map(canonical, whole.messages), map(canonical, whole.calls))


def digest_of(about: Mapping[str, Any], messages: Iterable[str], calls: Iterable[str]) -> str:
    """The same of a conversation's fields and the `canonical` of each part, for who needs those anyway."""
    found = sha256()
    found.update(f"conversation {_encode({name: one for name, one in about.items() if name != 'source'})}\n".encode())
    for message in messages:
        found.update(f"message {message}\n".encode())
    for call in calls:
        found.update(f"call {call}\n".encode())
    return found.hexdigest()


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def canonical(part: WholeMessage | WholeCall) -> str:
    """Its fields as one line of JSON, ASCII, sorted by name. A message that is being written is cut in it."""
    fields = fields_of(part)
    return _encode({**fields, "state": "cut"} if fields.get("state") in LIVE else fields)
