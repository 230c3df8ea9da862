"""What a turn says while it happens, and the grammar it keeps.

    turn    =  Started  (Folded | attempt | Retrying | ToolCalled ToolReturned)*  (Finished | Failed)
    attempt =  CallStarted  (ReasoningDelta | TextDelta)*  CallFinished

Only a call whose purpose is `reply` has deltas. Retrying follows an attempt without deltas. `check_grammar` is the
executable form; every test that sees a turn runs it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from chatbot.core.errors import WayOut
from chatbot.core.money import Usage
from chatbot.core.pricing import Cost

Purpose = Literal["reply", "summary", "title"]
FinishedState = Literal["complete", "length", "filtered", "refused", "tool_limit", "stopped"]
FailedState = Literal["cut", "failed", "blocked"]
Outcome = Literal["answered", "stopped", "refused", "broken", "uncertain"]
"""How a call ended: a finish reason came · we left · an error instead of a stream · the stream broke · nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """`note`: a word to the reader before anything comes, such as why another model than the chat's own is asked."""

    connection: str
    model: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """Older exchanges were left out so that the rest fits; with none left out, even the newest does not. Counts are messages
    and tokens.
    """

    left_out: int
    budget: int
    reason: str

    @property
    def words(self) -> str:
        """The same in sentences.

        >>> Folded(left_out=1, budget=10, reason="It was too long.").words
        '1 older message was not sent. It was too long.'
        """
        if not self.left_out:
            return self.reason
        older = "1 older message was" if self.left_out == 1 else f"{self.left_out:,} older messages were"
        return f"{older} not sent. {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStarted:
    """A request is about to leave. `sent` names, in order, the stored messages in it (None: made up for the request)."""

    purpose: Purpose
    model: str
    input_estimate: int
    left_out: int = 0
    """Tokens of older messages that are not sent, roughly."""
    sent: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    text: str


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFinished:
    """An attempt is over. Seconds are from when the request left; `finish_reason` is the server's word as it came."""

    outcome: Outcome
    model: str | None = None
    finish_reason: str | None = None
    usage: Usage | None = None
    service_tier: str | None = None
    cost: Cost | None = None
    """What it costs; None before the stage that prices."""
    instead: Cost | None = None
    """What the chat's own model would have cost for the same usage, where this one stood in for it."""
    status: int | None = None
    first_token: float | None = None
    duration: float = 0.0
    error: str | None = None
    """The error's class name; never its words, since the ledger outlives what was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """The next attempt comes in `delay` seconds; `attempt` of `most` is its number (the first attempt is 1)."""

    attempt: int
    most: int
    delay: float
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCalled:
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolReturned:
    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    state: FinishedState
    note: str | None = None
    """A word to the reader where the state alone does not say it, such as an unknown finish reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    state: FailedState
    sentence: str
    kind: str
    """The error's class name."""
    way_out: WayOut | None = None


Event = (
    Started
    | Folded
    | CallStarted
    | ReasoningDelta
    | TextDelta
    | CallFinished
    | Retrying
    | ToolCalled
    | ToolReturned
    | Finished
    | Failed
)
Terminal = Finished | Failed


def check_grammar(events: Iterable[Event]) -> None:
    """Raise AssertionError, naming the place, when a whole turn's events break the grammar above.

    >>> check_grammar([Started(connection="a", model="m"), Finished(state="stopped")])
    """
    seen = list(events)
    assert seen, "a turn has events"
    assert isinstance(seen[0], Started), f"a turn begins with Started, not {seen[:1]}"
    assert isinstance(seen[-1], Finished | Failed), f"a turn ends with Finished or Failed, not {seen[-1]}"
    inside: CallStarted | None = None
    deltas = False
    after_retrying = False
    tool: str | None = None
    for place, event in enumerate(seen[1:-1], start=1):
        where = f"event {place}: {event}"
        if after_retrying:
            assert isinstance(event, CallStarted | Folded), f"{where} follows Retrying"
        match event:
            case Started() | Finished() | Failed():
                raise AssertionError(f"{where} stands in the middle")
            case CallStarted():
                assert (inside, tool) == (None, None), f"{where} before the call ended"
                inside, deltas = event, False
            case TextDelta() | ReasoningDelta():
                assert getattr(inside, "purpose", None) == "reply", f"{where} outside a reply's call"
                deltas = True
            case CallFinished():
                assert inside is not None, f"{where} without CallStarted"
                inside = None
            case Retrying():
                assert isinstance(seen[place - 1], CallFinished), f"{where}: no attempt ended"
                assert not deltas, f"{where} after deltas"
            case ToolCalled():
                assert (inside, tool) == (None, None), where
                tool = event.id
            case ToolReturned():
                assert tool == event.id, f"{where} was not called"
                tool = None
            case Folded():
                assert inside is None, where
        after_retrying = isinstance(event, Retrying)
    assert inside is None, "a call never finished"
    assert tool is None, "a tool never returned"
