"""What every event passes on its way from `converse` to the watchers: priced, then recorded.

    converse ──> priced ──> recorded ──> LiveTurn

A stage takes events and gives events. `recorded` writes, then passes on: what a watcher sees is stored.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from chatbot.core.endings import CLOSED
from chatbot.core.errors import LeaseLost, StoreError, WayOut
from chatbot.core.events import (
    CallFinished,
    CallStarted,
    Event,
    Failed,
    Finished,
    Folded,
    ReasoningDelta,
    Retrying,
    Started,
    Terminal,
    TextDelta,
)
from chatbot.core.messages import State
from chatbot.core.money import Usage
from chatbot.core.pricing import FREE, Cost, Price
from chatbot.core.routing import Routed
from chatbot.engine.compared import compared
from chatbot.engine.live import LiveTurn
from chatbot.engine.payer import Payer
from chatbot.store.rows import now
from chatbot.store.turns import Turns
from chatbot.store.values import Ending

log = logging.getLogger(__name__)


def priced(
    events: Iterator[Event], *, base_url: str, count: Callable[[str], int], price: Price, instead_of: str | None = None
) -> Iterator[Event]:
    """Give every call a usage: the server's, else an estimate marked so; and a cost. A refused call used nothing.

    `instead_of`: the model that is stood in for; what it would have cost is worked out from the same usage.
    """
    estimate, asked, at = 0, "", now()
    words: list[str] = []
    for event in events:
        match event:
            case CallStarted():
                estimate, words = event.input_estimate, []
                asked, at = event.model, now()
            case TextDelta(text) | ReasoningDelta(text):
                words.append(text)
            case CallFinished(usage=None, outcome="refused"):
                event = replace(event, cost=FREE)
            case CallFinished(usage=usage):
                if usage is None:
                    said = "".join(words)
                    usage = Usage(input_tokens=estimate, output_tokens=count(said) if said else 0, estimated=True)
                models = (event.model or asked, asked)
                cost = price(base_url, models, usage, tier=event.service_tier, at=at)
                instead: Cost | None = None
                if instead_of:
                    same = replace(usage, reported=None)  # what a provider bills is for the model that it ran
                    instead = price(base_url, (instead_of,), same, tier=event.service_tier, at=at)
                event = replace(event, usage=usage, cost=cost, instead=instead)
            case _:
                pass
        yield event


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where a turn's words and its bill go; they are two stores when the chat is temporary."""

    turns: Turns
    payer: Payer
    reply: int
    conversation: str
    routed: Routed | None = None
    read: bool = False
    """Whoever asked reads the reply as it comes: it is no news to the other faces."""


class Recording:
    """One turn's words on their way to the store. The turn's thread adds to it, the keeper's thread drafts it."""

    def __init__(self, where: Where) -> None:
        self.where = where
        self.lost = False
        self.over = False
        self.owed: list[Event] = []
        """What could not be written when the turn ended, such as on a full disk; its words are here and nowhere else."""
        self._lock = threading.Lock()
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._undrafted: tuple[list[str], list[str]] = ([], [])
        self._call: int | None = None
        self._left_out = 0
        self._ending = Ending(state="running", text="")
        self._began_thinking: float | None = None
        self._compared: list[tuple[Cost, Cost]] = []

    @property
    def said(self) -> bool:
        return bool(self._text or self._reasoning)

    def take_draft(self) -> tuple[str, str]:
        """Text and reasoning since the last time, for one write of all live turns."""
        with self._lock:
            text, reasoning = self._undrafted
            self._undrafted = ([], [])
        return "".join(text), "".join(reasoning)

    def put_back(self, text: str, reasoning: str) -> None:
        """A draft that could not be written; the next one begins with it."""
        with self._lock:
            self._undrafted[0].insert(0, text)
            self._undrafted[1].insert(0, reasoning)

    def record(self, event: Event) -> None:
        """Make the event durable; StoreError when that failed, LeaseLost when the reply is no longer ours."""
        if self.lost:
            if isinstance(event, CallStarted):
                self._withdraw()
            raise LeaseLost("Another ByteBot has taken this reply over.")
        match event:
            case CallStarted():
                self._sent(event)
            case TextDelta(text):
                with self._lock:
                    self._text.append(text)
                    self._undrafted[0].append(text)
            case ReasoningDelta(text):
                with self._lock:
                    self._reasoning.append(text)
                    self._undrafted[1].append(text)
            case CallFinished():
                self._settle(event)
            case Folded():
                self._ending = replace(self._ending, left_out=event.left_out, notes=(*self._ending.notes, event.words))
            case Retrying():
                told = (event.reason,) if event.delay == 0 else ()
                self._ending = replace(
                    self._ending, retries=self._ending.retries + 1, notes=(*self._ending.notes, *told)
                )
            case Finished() | Failed():
                self._finish(event)
            case _:
                pass

    def pay(self) -> None:
        """Write what is owed, once the turn's thread is done with it; StoreError when that is still not possible."""
        while self.owed:
            try:
                self.record(self.owed[0])
            except LeaseLost:
                self.owed = []  # somebody else has ended the reply
                return
            self.owed = self.owed[1:]

    def opened(self, call: int) -> None:
        """The next call has been recorded already, with what the budgets hold for it."""
        self._call = call

    def _withdraw(self) -> None:
        """A call that was recorded and must not leave any more gives back what was held for it."""
        if self._call is not None:
            self.where.payer.ledger.settle(self._call, CallFinished(outcome="refused", cost=FREE))
            self._call = None

    def _sent(self, event: CallStarted) -> None:
        where = self.where
        self._ending = replace(self._ending, sent=event.sent)
        self._left_out = event.left_out
        if self._call is not None:
            return
        self._call = where.payer.sent(event.model, purpose=event.purpose, input_estimate=event.input_estimate)

    def _settle(self, event: CallFinished) -> None:
        if self._call is not None:
            self.where.payer.ledger.settle(self._call, event, left_out=self._left_out)
            self._call = None
        if event.cost is not None and event.instead is not None:
            self._compared.append((event.cost, event.instead))
        self._ending = replace(
            self._ending,
            model_answered=event.model,
            usage=event.usage,
            finish_reason=event.finish_reason,
            first_token=event.first_token,
            duration=event.duration,
        )

    def _finish(self, event: Terminal) -> None:
        error: str | None = None
        kind: str | None = None
        way_out: WayOut | None = None
        notes = self._ending.notes
        if isinstance(event, Failed):
            error, kind, way_out = event.sentence, event.kind, event.way_out
        elif event.note:
            notes = (*notes, event.note)
        if self.where.routed is not None:
            notes = (compared(self.where.routed, self._compared, answered=bool(self._text)), *notes)
        state: State = event.state
        ending = replace(
            self._ending,
            state=state,
            text="".join(self._text),
            reasoning="".join(self._reasoning),
            error=error,
            error_kind=kind,
            way_out=way_out,
            notes=notes,
        )
        self.where.turns.finish(self.where.reply, self.where.payer.process, ending, seen=self.where.read)
        self.over = True


def marked_closed(events: Iterator[Event], turn: LiveTurn) -> Iterator[Event]:
    """A turn that was stopped because the program ends was not stopped by the person: it is `cut`."""
    for event in events:
        if turn.closing and isinstance(event, Finished) and event.state == "stopped":
            yield Failed(state="cut", sentence=CLOSED, kind="Closed", way_out="continue")
        else:
            yield event


def recorded(events: Iterator[Event], recording: Recording) -> Iterator[Event]:
    """Pass on what is stored. When the store fails, the turn ends here, and the server is left at once."""
    call_open = False
    try:
        for event in events:
            try:
                recording.record(event)
            except StoreError as error:
                log.error("reply %s could not be recorded: %s", recording.where.reply, type(error).__name__)
                # It may have been the whole of it already: then that is what is written later.
                after = next(events, None) if isinstance(event, CallFinished) else None
                yield from _unrecorded(event, after, error, recording, call_open=call_open)
                return
            call_open = isinstance(event, CallStarted) or (call_open and not isinstance(event, CallFinished))
            yield event
    finally:
        close = getattr(events, "close", None)
        if close is not None:
            close()


def _unrecorded(
    event: Event, after: Event | None, error: StoreError, recording: Recording, *, call_open: bool
) -> Iterator[Event]:
    """The end of a turn that cannot be written: the watchers are told, and it is owed to the store."""
    sentence = error.sentence
    if recording.said and not isinstance(error, LeaseLost):
        sentence += " The end of this reply is not stored yet; ByteBot keeps trying while it runs."
    ended = Failed(state="cut", sentence=sentence, kind=type(error).__name__, way_out=error.way_out)
    settled = event if isinstance(event, CallFinished) else None
    if call_open and settled is None:
        settled = CallFinished(outcome="uncertain", error=type(error).__name__)
    if settled is not None:
        yield settled
    elif isinstance(event, Started):
        yield event
    if not isinstance(error, LeaseLost):
        truly = next((one for one in (event, after) if isinstance(one, Finished | Failed)), ended)
        recording.owed = [truly] if settled is None else [settled, truly]
    yield ended
