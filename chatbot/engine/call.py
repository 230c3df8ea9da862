"""One call: a request leaves, chunks come back as events, and what came of it is kept for whoever made it."""

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

from chatbot.core.errors import ByteBotError, ProviderError
from chatbot.core.events import (
    CallFinished,
    CallStarted,
    Event,
    Outcome,
    Purpose,
    ReasoningDelta,
    TextDelta,
)
from chatbot.core.tokens import rough
from chatbot.engine.crowd import gathered
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

FRAME = 4  # tokens that a message costs beside its words


def input_estimate(request: Request) -> int:
    """Tokens of a request's input, without a tokenizer."""
    return sum(rough(message["content"] or "") + FRAME for message in request.messages)


@dataclass(slots=True)
class Attempt:
    """What one call has given. `first`: seconds to the first delta."""

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


def call(
    provider: Provider,
    request: Request,
    cancel: Cancel,
    attempt: Attempt,
    *,
    purpose: Purpose = "reply",
    sent: tuple[int | None, ...] = (),
    left_out: int = 0,
    part: str = "",
) -> Iterator[Event]:
    """One attempt, from CallStarted to CallFinished; never raises for what the server does.

    `sent`: the stored messages in the request. `part`: what the words continue; what they repeat of it is dropped.
    """
    yield CallStarted(
        purpose=purpose,
        model=request.model,
        input_estimate=input_estimate(request),
        left_out=left_out,
        sent=sent,
    )
    attempt.began = time.monotonic()
    overlap = Overlap(part)
    stream = provider.stream(request, cancel)
    try:
        with closing(gathered(stream, cancel)) as chunks:
            for chunk in chunks:
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
        # Leaving a stream early must end the request: a provider that goes on generating goes on billing.
        close = getattr(stream, "close", None)
        if close is not None:
            close()
    if new := overlap.end():
        attempt.text = True
        yield TextDelta(new)
    if attempt.error is None and attempt.end is None and not attempt.stopped:
        raise AssertionError(f"{type(provider).__name__} ended a stream without End, Stopped or an error")
    yield _finished(attempt)


def _finished(attempt: Attempt) -> CallFinished:
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
        service_tier=end.service_tier if end else None,
        status=error.status if isinstance(error, ProviderError) else None,
        first_token=attempt.first,
        duration=time.monotonic() - attempt.began,
        error=type(error).__name__ if error else None,
    )
