"""What the store gives out: frozen rows with their ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from chatbot.core.bill import Bill
from chatbot.core.errors import WayOut
from chatbot.core.events import Outcome, Purpose
from chatbot.core.messages import Role, State
from chatbot.core.money import Usage
from chatbot.core.pricing import Cost
from chatbot.core.query import Part
from chatbot.core.routing import Routed, stored_route
from chatbot.core.settings import Options

ROUTED = "routed"
"""Among the options of a reply: that another model than the chat's own made it, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Times are aware and in UTC. `title_by` is "words" (cut from the first message), "model" or "person"."""

    id: str
    title: str
    title_by: str
    tag: str
    """Where it began: browser, terminal, script; or chatgpt and others, where it came from."""
    options: Options
    head: int | None
    pinned: bool
    created: datetime
    updated: datetime
    archived: datetime | None = None
    unseen: bool = False
    """It was answered since somebody looked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One conversation in a list. `live`: being answered now; `unseen`: a reply ended since it was last looked at, as
    `ended` says.
    """

    id: str
    title: str
    pinned: bool
    updated: datetime
    live: bool = False
    unseen: bool = False
    ended: State | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """One row. Seconds are floats; `sent` lists the ids that the request was made of."""

    id: int
    conversation: str
    parent: int | None
    role: Role
    state: State
    text: str
    reasoning: str = ""
    continues: bool = False
    created: datetime
    finished: datetime | None = None
    connection: str | None = None
    model_asked: str | None = None
    model_answered: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    sent: tuple[int | None, ...] = ()
    left_out: int = 0
    usage: Usage | None = None
    finish_reason: str | None = None
    first_token: float | None = None
    duration: float | None = None
    thinking: float | None = None
    """Seconds of reasoning before the first text."""
    retries: int = 0
    error: str | None = None
    """The sentence that people read, for a reply that failed."""
    error_kind: str | None = None
    way_out: WayOut | None = None
    notes: tuple[str, ...] = ()

    @property
    def routed(self) -> Routed | None:
        """Why another model than the chat's own made it; None where none did."""
        return stored_route(self.options.get(ROUTED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What `turns.begin` stored. `created` is false when the same idempotency key had stored it before."""

    conversation: str
    user: int | None
    reply: int
    state: State
    created: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What became of a whole conversation that was to be added.

    `how`: added; there, because it was before; back, out of the trash. `same`: it is as the one that was to be added.
    """

    id: str
    how: Literal["added", "there", "back"]
    same: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Everything a turn leaves behind on its reply's row, written at once."""

    state: State
    text: str
    reasoning: str = ""
    model_answered: str | None = None
    sent: tuple[int | None, ...] = ()
    left_out: int = 0
    usage: Usage | None = None
    finish_reason: str | None = None
    first_token: float | None = None
    duration: float | None = None
    thinking: float | None = None
    retries: int = 0
    error: str | None = None
    error_kind: str | None = None
    way_out: WayOut | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One row of the ledger. It outlives its conversation and holds no words. Money is None: unknown."""

    id: int
    conversation: str | None
    reply: int | None
    purpose: Purpose
    connection: str
    base_url: str
    model_asked: str
    model_answered: str | None
    outcome: Outcome | None
    """None while the request is out."""
    started: datetime
    finished: datetime | None
    input_estimate: int
    usage: Usage | None
    status: int | None
    error: str | None
    first_token: float | None
    duration: float | None
    cost: Cost
    """Unknown while the request is out."""
    service_tier: str | None = None
    held: int | None = None
    """Nano-dollars that the budgets had set aside for it; None when none did."""
    instead_of: str | None = None
    """The chat's own model, where another one was asked in its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A reply that its owner left behind and that is now `cut`, its draft kept."""

    conversation: str
    reply: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What narrows a search down; None: it does not. `since` is the first moment, `until` the first one after."""

    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None
    """The model that was asked or that answered; leaves replies alone."""
    role: Role | None = None
    tags: tuple[int, ...] = ()
    """Its conversation has all of these."""
    begun_in: str | None = None
    """The face its conversation began in: browser, terminal, script; or chatgpt and others, where it came from."""
    has_code: bool = False
    starred: bool = False
    cost_over: int | None = None
    """Replies that cost more than so many nano-dollars."""
    conversation: str | None = None

    @property
    def only_messages(self) -> bool:
        """They say something that no title has."""
        return bool(self.model or self.role or self.has_code or self.starred) or self.cost_over is not None


Where = Literal["message", "title", "tag", "prompt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One place where it was found: a message, or what a conversation is called, which has neither message nor role."""

    conversation: str
    title: str
    message: int | None
    snippet: tuple[Part, ...]
    when: datetime
    """When the message was made, or the conversation last used."""
    role: Role | None
    where: Where = "message"
    """Where it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Starred:
    """A starred message. `created`: when it was said."""

    conversation: str
    title: str
    message: int
    role: Role
    created: datetime
    text: str


Shelf = Literal["listed", "archived", "trash"]
"""Where a conversation is: in the list, put away, or deleted."""
Order = Literal["used", "oldest", "title"]
"""Last used first, oldest first, or by title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which conversations; None and empty: all. `since` and `until` bound when it was last used, as in `Filters`."""

    shelf: Shelf = "listed"
    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None
    """A model that answered in it."""
    tags: tuple[int, ...] = ()
    """It has all of these."""
    begun_in: str | None = None
    starred: bool = False
    """A message in it has a star."""
    cost_over: int | None = None
    """It cost more than so many nano-dollars."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One conversation in the history. `bill` counts its calls; `model` is what it would be answered by now."""

    id: str
    title: str
    tag: str
    pinned: bool
    created: datetime
    updated: datetime
    archived: datetime | None
    deleted: datetime | None
    model: str
    messages: int
    """On all its branches, segments of *Continue* counted once."""
    starred: int
    bill: Bill
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeletedBranch:
    """Messages that were deleted out of a conversation which is still there. `token` takes them back."""

    token: str
    conversation: str
    title: str
    deleted: datetime
    messages: int
    text: str
    """The first of them."""
