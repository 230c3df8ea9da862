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
    ParameterRefused,
    ProviderError,
    WayOut,
)
from chatbot.core.events import (
    CallFinished,
    CallStarted,
    Event,
    Failed,
    Finished,
    FinishedState,
    Folded,
    Outcome,
    ReasoningDelta,
    Retrying,
    Started,
    Terminal,
    TextDelta,
)
from chatbot.core.messages import all_to_wire
from chatbot.core.retry import MOST_ATTEMPTS, delay, waiting_sentence
from chatbot.core.settings import Options
from chatbot.core.tokens import rough
from chatbot.core.window import Fitted
from chatbot.engine.overlap import Overlap
from chatbot.providers.provider import (
    Cancel,
    End,
    Provider,
    ReasoningChunk,
    RefusalChunk,
    Request,
    Stopped,
    TextChunk,
)

MOST_ADAPTATIONS = 6  # parameters dropped or renamed in one turn; there are not more to drop
TRYING_FOR = 180.0  # seconds in which attempts may begin
REFIT = 0.6  # of the tokens that were too many


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a turn is about to do. `fit` gives the messages within so many tokens (None: what the context allows)."""

    connection: str
    options: Options
    fit: Callable[[int | None], Fitted]
    part: str = ""
    """The reply so far, when it is being continued."""
    room: Callable[[Fitted], int | None] = lambda fitted: None
    """Output tokens that fit beside the messages; None when nobody knows."""


Reserve = Callable[[Fitted, Options], Failed | None]
"""Asked before every call: a Failed(blocked) when it must not be made."""


def unlimited(fitted: Fitted, options: Options) -> Failed | None:
    """The Reserve of a house without budgets."""
    return None


@dataclass(slots=True)
class _Attempt:
    """What one call has given so far."""

    began: float = field(default_factory=time.monotonic)
    first: float | None = None
    text: bool = False
    refused: bool = False
    error: ByteBotError | None = None
    end: End | None = None
    stopped: bool = False

    @property
    def silent(self) -> bool:
        return self.first is None

    def mark(self) -> None:
        if self.first is None:
            self.first = time.monotonic() - self.began


def converse(
    plan: Plan, connect: Callable[[], Provider], cancel: Cancel, *, reserve: Reserve = unlimited
) -> Iterator[Event]:
    """One turn's events, by the grammar in core/events. Closing the iterator leaves the call."""
    yield Started(connection=plan.connection, model=plan.options.model)
    if cancel.is_set():
        yield Finished(state="stopped")
        return
    try:
        provider = connect()
        fitted = plan.fit(None)
    except ByteBotError as refused:
        yield _failed(refused, kept=False)
        return
    if fitted.folded:
        yield _folded(fitted, "The older messages are beyond what this model can read at once.")
    attempt_number, adapted, refitted = 1, 0, False
    deadline = time.monotonic() + TRYING_FOR
    while True:
        if cancel.is_set():
            yield Finished(state="stopped")
            return
        if over := reserve(fitted, plan.options):
            yield over
            return
        attempt = _Attempt()
        yield from _call(plan, fitted, provider, cancel, attempt)
        error = attempt.error
        if error is None or not attempt.silent:
            yield _ending(plan, attempt)
            return
        if isinstance(error, ParameterRefused) and adapted < MOST_ADAPTATIONS:
            adapted += 1
            yield Retrying(attempt=attempt_number, most=MOST_ATTEMPTS, delay=0.0, reason=error.sentence)
            continue
        if isinstance(error, ContextTooLong) and not refitted:
            refitted = True
            smaller = plan.fit(int(min(fitted.input_estimate, fitted.budget) * REFIT))
            if smaller.messages != fitted.messages:
                fitted = smaller
                yield _folded(fitted, "The server found it too long; older messages were left out.")
                continue
        if not isinstance(error, ProviderError):
            yield _ending(plan, attempt)
            return
        wait = delay(attempt_number, error, jitter=random.random())
        if wait is None or time.monotonic() + wait > deadline:
            yield _ending(plan, attempt)
            return
        attempt_number += 1
        yield Retrying(
            attempt=attempt_number,
            most=MOST_ATTEMPTS,
            delay=wait,
            reason=waiting_sentence(error, wait, attempt_number),
        )
        cancel.wait(wait)


def _call(plan: Plan, fitted: Fitted, provider: Provider, cancel: Cancel, attempt: _Attempt) -> Iterator[Event]:
    """One attempt, from CallStarted to CallFinished; what came of it is left in `attempt`."""
    options = plan.options
    wire = all_to_wire(fitted.messages)
    room = plan.room(fitted)
    limits = [limit for limit in (options.max_output, room) if limit is not None]
    request = Request(
        messages=wire,
        model=options.model,
        temperature=options.temperature,
        max_output=min(limits) if limits else None,
        effort=options.effort,
    )
    yield CallStarted(
        purpose="reply",
        model=options.model,
        input_estimate=sum(rough(message["content"] or "") + 4 for message in wire),
        sent=tuple(kept.ref for kept in fitted.sent),
    )
    attempt.began = time.monotonic()
    overlap = Overlap(plan.part)
    stream = provider.stream(request, cancel)
    try:
        for chunk in stream:
            match chunk:
                case TextChunk(text) | RefusalChunk(text):
                    attempt.mark()
                    attempt.refused |= isinstance(chunk, RefusalChunk)
                    if new := overlap.feed(text):
                        attempt.text = True
                        yield TextDelta(new)
                case ReasoningChunk(text):
                    attempt.mark()
                    yield ReasoningDelta(text)
                case End():
                    attempt.end = chunk
    except Stopped:
        attempt.stopped = True
    except ByteBotError as caught:
        attempt.error = caught
    finally:
        close = getattr(stream, "close", None)
        if close is not None:
            close()
    if new := overlap.end():
        attempt.text = True
        yield TextDelta(new)
    if attempt.error is None and attempt.end is None and not attempt.stopped:
        raise AssertionError(f"{type(provider).__name__} ended a stream without End, Stopped or an error")
    yield _finished_call(attempt)


def _finished_call(attempt: _Attempt) -> CallFinished:
    end, error = attempt.end, attempt.error
    outcome: Outcome = "answered"
    if attempt.stopped:
        outcome = "stopped"
    elif isinstance(error, ProviderError) and error.uncertain:
        outcome = "uncertain" if attempt.silent else "broken"
    elif error is not None:
        outcome = "refused" if attempt.silent else "broken"
    return CallFinished(
        outcome=outcome,
        model=end.model if end else None,
        finish_reason=end.finish_reason if end else None,
        usage=end.usage if end else None,
        status=error.status if isinstance(error, ProviderError) else None,
        first_token=attempt.first,
        duration=time.monotonic() - attempt.began,
        error=type(error).__name__ if error else None,
    )


def _ending(plan: Plan, attempt: _Attempt) -> Terminal:
    """How the turn ended, from how its last attempt did."""
    if attempt.stopped:
        return Finished(state="stopped")
    if attempt.error is not None:
        return _failed(attempt.error, kept=attempt.text)
    assert attempt.end is not None
    reason = attempt.end.finish_reason
    if attempt.refused:
        return Finished(state="refused")
    states: dict[str, FinishedState] = {"length": "length", "max_tokens": "length", "content_filter": "filtered"}
    state = states.get(reason, "complete")
    if not attempt.text and state in ("complete", "length") and not plan.part:
        return _empty(state, plan.options.max_output)
    known = {"stop", "eos", "end_turn", "stop_sequence", "tool_calls", "function_call", *states}
    return Finished(state=state, note=None if reason in known else f"The server ended it with {reason[:40]!r}.")


def _empty(state: FinishedState, limit: int | None) -> Failed:
    way_out: WayOut = "retry"
    sentence = "The model sent an empty reply."
    if state == "length":
        tokens = f" of {limit:,} tokens" if limit else ""
        sentence, way_out = f"The model used its whole limit{tokens} before it said anything.", "raise_limit"
    return Failed(state="failed", sentence=sentence, kind=EmptyReply.__name__, way_out=way_out)


def _failed(error: ByteBotError, *, kept: bool) -> Failed:
    return Failed(
        state="cut" if kept else "failed",
        sentence=error.sentence,
        kind=type(error).__name__,
        way_out=error.way_out,
    )


def _folded(fitted: Fitted, reason: str) -> Folded:
    return Folded(left_out=fitted.folded, budget=fitted.budget, reason=reason)
