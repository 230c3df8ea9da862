"""Many calls that stream at once share one interpreter: each lets its words gather a little before it looks again.

A token wakes a thread, and twenty replies at 50 tokens/s wake a thousand threads a second, which costs half of what the
replies cost in all. A few replies are never held up, and neither is a server that sends faster than it is read.
"""

import threading
from collections.abc import Generator, Iterator
from time import monotonic

from chatbot.providers.provider import Cancel, Chunk

_FEW = 4  # calls that get every word at once
_EACH, _LONGEST = 0.0125, 0.1  # seconds of gathering for each call beyond them, and at most
_WAITED = 0.002  # seconds after which a chunk was waited for: nothing more has come yet


def gathered(chunks: Iterator[Chunk], cancel: Cancel) -> Generator[Chunk, None, None]:
    """The chunks as they come; from the first one on this call counts as one that streams."""
    chunk = next(chunks, None)
    waited = 0.0
    with _streaming:
        while chunk is not None:
            yield chunk
            if waited > _WAITED and (pause := _pause()):
                cancel.wait(pause)
            began = monotonic()
            chunk = next(chunks, None)
            waited = monotonic() - began


class Crowd:
    """How many are at something at once: each is counted while it is in a `with` block."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def __enter__(self) -> None:
        with self._lock:
            self.count += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.count -= 1


_streaming = Crowd()


def _pause() -> float:
    return min(_LONGEST, max(0, _streaming.count - _FEW) * _EACH)
