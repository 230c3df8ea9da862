"""What the engine asks of any model's server, and the way to leave it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from chatbot.core.messages import WireMessage
from chatbot.core.money import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call. None leaves a parameter out."""

    messages: Sequence[WireMessage]
    model: str
    temperature: float | None = None
    max_output: int | None = None
    effort: str | None = None


@dataclass(frozen=True, slots=True)
class TextChunk:
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningChunk:
    text: str


@dataclass(frozen=True, slots=True)
class RefusalChunk:
    """Words in which the model declined; they are text to the reader and make the reply `refused`."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The last thing of every stream that ended properly. `finish_reason` is the server's word, never None or empty."""

    finish_reason: str
    model: str | None = None
    usage: Usage | None = None
    service_tier: str | None = None
    skipped: int = 0
    """Pieces in a shape we do not know, left out."""


Chunk = TextChunk | ReasoningChunk | RefusalChunk | End


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One entry of a server's list. `context` is in tokens, `shutdown` the day it ends; None when the server does not say."""

    id: str
    context: int | None = None
    shutdown: date | None = None


class Stopped(Exception):
    """The cancel was set: whoever is inside a call leaves it. Not an error, and never shown."""


class Cancel:
    """Tells a turn to stop, from any thread, even one that is blocked in a read.

    >>> left = []
    >>> cancel = Cancel()
    >>> with cancel.calling(lambda: left.append("socket shut")):
    ...     cancel.set()
    >>> left
    ['socket shut']
    """

    def __init__(self) -> None:
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._leave: list[Callable[[], None]] = []

    def set(self) -> None:
        with self._lock:
            self._event.set()
            leave = list(self._leave)
        for call in leave:
            call()

    def is_set(self) -> bool:
        return self._event.is_set()

    def wait(self, seconds: float) -> bool:
        """Sleep, but not longer than until the cancel; true when it was set."""
        return self._event.wait(seconds)

    def calling(self, leave: Callable[[], None]) -> "_Calling":
        """While inside the block, `set` also calls `leave` (at once, if it was set already)."""
        return _Calling(self, leave)


class _Calling:
    def __init__(self, cancel: Cancel, leave: Callable[[], None]) -> None:
        self._cancel = cancel
        self._call = leave

    def __enter__(self) -> None:
        with self._cancel._lock:
            self._cancel._leave.append(self._call)
            late = self._cancel._event.is_set()
        if late:
            self._call()

    def __exit__(self, *_: object) -> None:
        with self._cancel._lock:
            self._cancel._leave.remove(self._call)


class Provider(Protocol):
    """A connection that can be talked to. Safe to use from several threads; one `stream` is one request."""

    @property
    def prefills(self) -> bool:
        """An assistant message that stands last is gone on with, letter by letter; nobody has to ask for it."""
        ...

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Chunk]:
        """Chunks as they arrive, an `End` last.

        Raises ProviderError for whatever the server does (never anything of the SDK's), `Stopped` within a second of
        the cancel. A stream that ends without a finish reason raises `Broken`. Closing the iterator closes the
        connection. Nothing is retried here.
        """
        ...

    def models(self, cancel: Cancel | None = None) -> list[Model]:
        """What the server offers, sorted by id; ProviderError when it does not say, Stopped when it was cancelled."""
        ...

    def context(self, model: str) -> int | None:
        """Tokens the model can handle in one request, from what the server says; None when it does not.

        Never raises and waits 3 seconds at most; what was learned is remembered.
        """
        ...

    def refusals(self, model: str) -> dict[str, str]:
        """Parameters this model is known not to take ("temperature"), each with a sentence that says why."""
        ...


class Quirks(Protocol):
    """What was learned about a server's taste in parameters, remembered per base URL and model."""

    def known(self, base_url: str, model: str) -> dict[str, str | None]:
        """Parameter to its new name; None means that it has to go."""
        ...

    def learn(self, base_url: str, model: str, parameter: str, instead: str | None) -> None: ...
