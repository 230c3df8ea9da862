"""The loop of one turn: fit, reserve, call, try again. Messages in, events out; nothing is stored here.

Read it from `converse` down. Whatever a server does ends in Finished or Failed; only bugs raise.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from chatbot.core.errors import (
    ByteBotError,
    ContextTooLong,
    EmptyReply,
    OverBudget,
    ParameterRefused,
    ProviderError,
    WayOut,
)
from chatbot.core.events import Event, Failed, Finished, FinishedState, Folded, Retrying, Started, Terminal
from chatbot.core.messages import all_to_wire
from chatbot.core.retry import MOST_ATTEMPTS, delay, waiting_sentence
from chatbot.core.settings import Options
from chatbot.core.window import Fitted
from chatbot.engine.call import Attempt, call
from chatbot.providers.provider import Cancel, Provider, Request

MOST_ADAPTATIONS = 6  # parameters dropped or renamed in one turn; there are not more to drop
TRYING_FOR = 180.0  # seconds in which attempts may begin
REFIT = 0.6  # of the tokens that were too many

BEYOND = "The older messages are beyond what this model can read at once."
MOST_SENT = "At most {most:,} tokens are sent at once, by the settings."
ALONE = "The newest message with what must go along is ≈ {tokens:,} tokens, more than {limit}; it was sent whole."
TOO_LONG = "The server found it too long; older messages were left out."

_STATES: dict[str, FinishedState] = {"length": "length", "max_tokens": "length", "content_filter": "filtered"}
_ORDINARY = {"stop", "eos", "end_turn", "stop_sequence", "tool_calls", "function_call"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a turn is about to do. `fit` gives the messages within so many tokens (None: what the context allows)."""

    connection: str
    options: Options
    fit: Callable[[int | None], Fitted]
    part: str = ""
    """The reply so far, when it is being continued."""
    note: str = ""
    """Said as the turn begins."""
    room: Callable[[Fitted], int | None] = lambda fitted: None
    """Output tokens that fit beside the messages; None when nobody knows."""
    most: int = 0
    """Input tokens that the person lets out at most; 0 when nobody said."""

    def request(self, fitted: Fitted) -> Request:
        limits = [limit for limit in (self.options.max_output, self.room(fitted)) if limit is not None]
        return Request(
            messages=all_to_wire(fitted.messages),
            model=self.options.model,
            temperature=self.options.temperature,
            max_output=min(limits) if limits else None,
            effort=self.options.effort,
        )


Reserve = Callable[[Request], Request]
"""Asked before every call: gives the request as it may leave; OverBudget when it must not."""


def unlimited(request: Request) -> Request:
    """The Reserve of a house without budgets."""
    return request


def converse(
    plan: Plan, connect: Callable[[], Provider], cancel: Cancel, *, reserve: Reserve = unlimited
) -> Iterator[Event]:
    """One turn's events, by the grammar in core/events. Closing the iterator leaves the call."""
    yield Started(connection=plan.connection, model=plan.options.model, note=plan.note)
    if cancel.is_set():
        yield Finished(state="stopped")
        return
    try:
        provider = connect()
        fitted = plan.fit(None)
    except ByteBotError as refused:
        yield _failed(refused, kept=False)
        return
    if fitted.folded or fitted.too_long:
        yield _folded(fitted, _why(fitted, plan.most))
    again = _Again(plan)
    while not cancel.is_set():
        try:
            request = reserve(plan.request(fitted))
        except ByteBotError as refused:
            yield _failed(refused, kept=False)
            return
        attempt = Attempt()
        sent = tuple(kept.ref for kept in fitted.sent)
        yield from call(provider, request, cancel, attempt, sent=sent, left_out=fitted.left_out_tokens, part=plan.part)
        event, fitted = again.decide(attempt, fitted)
        yield event
        if isinstance(event, Finished | Failed):
            return
        if isinstance(event, Retrying):
            cancel.wait(event.delay)
    yield Finished(state="stopped")


def never_began(options: Options, error: ByteBotError) -> Iterator[Event]:
    """A turn that ended before there was anything to send."""
    yield Started(connection=options.connection, model=options.model)
    yield _failed(error, kept=False)


@dataclass(slots=True)
class _Again:
    """Whether there is another attempt, and with what. Nothing is tried again once a delta has come."""

    plan: Plan
    number: int = 1
    adapted: int = 0
    refitted: bool = False
    deadline: float = field(default_factory=lambda: time.monotonic() + TRYING_FOR)

    def decide(self, attempt: Attempt, fitted: Fitted) -> tuple[Retrying | Folded | Terminal, Fitted]:
        """The event that follows the attempt, and the messages of the next one."""
        error = attempt.error
        if not isinstance(error, ProviderError) or not attempt.silent:
            return _ending(self.plan, attempt), fitted
        if isinstance(error, ParameterRefused) and self.adapted < MOST_ADAPTATIONS:
            self.adapted += 1
            return Retrying(attempt=self.number, most=MOST_ATTEMPTS, delay=0.0, reason=error.sentence), fitted
        if isinstance(error, ContextTooLong) and not self.refitted:
            self.refitted = True
            smaller = self.plan.fit(int(min(fitted.input_estimate, fitted.budget) * REFIT))
            if smaller.messages != fitted.messages:
                return _folded(smaller, TOO_LONG), smaller
        wait = delay(self.number, error, jitter=random.random())
        if wait is None or time.monotonic() + wait > self.deadline:
            return _ending(self.plan, attempt), fitted
        self.number += 1
        reason = waiting_sentence(error, wait, self.number)
        return Retrying(attempt=self.number, most=MOST_ATTEMPTS, delay=wait, reason=reason), fitted


def _ending(plan: Plan, attempt: Attempt) -> Terminal:
    """How the turn ended, from how its last attempt did."""
    if attempt.stopped:
        return Finished(state="stopped")
    if attempt.error is not None:
        return _failed(attempt.error, kept=attempt.text)
    assert attempt.end is not None
    reason = attempt.end.finish_reason
    if attempt.refused:
        return Finished(state="refused")
    state = _STATES.get(reason, "complete")
    if not attempt.text and state in ("complete", "length") and not plan.part:
        return _empty(state, plan.options.max_output)
    known = reason in _ORDINARY or reason in _STATES
    return Finished(state=state, note=None if known else f"The server ended it with {reason[:40]!r}.")


def _empty(state: FinishedState, limit: int | None) -> Failed:
    way_out: WayOut = "retry"
    sentence = "The model sent an empty reply."
    if state == "length":
        tokens = f" of {limit:,} tokens" if limit else ""
        sentence, way_out = f"The model used its whole limit{tokens} before it said anything.", "raise_limit"
    return Failed(state="failed", sentence=sentence, kind=EmptyReply.__name__, way_out=way_out)


def _failed(error: ByteBotError, *, kept: bool) -> Failed:
    blocked = isinstance(error, OverBudget)
    return Failed(
        state="cut" if kept else "blocked" if blocked else "failed",
        sentence=error.sentence,
        kind=type(error).__name__,
        way_out=error.way_out,
    )


def _why(fitted: Fitted, most: int) -> str:
    """Why not everything is sent, or that too much is."""
    chosen = fitted.budget == most
    if fitted.too_long:
        limit = f"the {fitted.budget:,} {'that are sent at most, by the settings' if chosen else 'that fit into this model'}"
        return ALONE.format(tokens=fitted.input_estimate, limit=limit)
    return MOST_SENT.format(most=most) if chosen else BEYOND


def _folded(fitted: Fitted, reason: str) -> Folded:
    return Folded(left_out=fitted.folded, budget=fitted.budget, reason=reason)
