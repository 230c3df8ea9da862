"""What has arrived of a reply so far. No Streamlit here: the page draws what this knows."""

import re
import time
from collections.abc import Iterator, Sequence

from chatbot.core.blocks import Blocks
from chatbot.core.events import (
    CallStarted,
    Event,
    Failed,
    Finished,
    ReasoningDelta,
    Retrying,
    Started,
    Terminal,
    TextDelta,
)

_IN_SECONDS = re.compile(r"\bin \d+ s\b")


class Reading:
    """Reads a followed reply. `before`, `reasoned_before`: of the segments above the one that is being written."""

    def __init__(self, batches: Iterator[Sequence[Event]], *, before: str = "", reasoned_before: str = "") -> None:
        self.text = Blocks()
        self.reasoning = Blocks()
        self.spoke = bool(before.strip())
        """Some text is there."""
        self.heard = False
        """Something new has come."""
        self.thought = bool(reasoned_before.strip())
        self.started = False
        self.ending: Terminal | None = None
        self.over = False
        self._batches = batches
        self._waiting: Retrying | None = None
        self._until = 0.0
        self._began_thinking: float | None = None
        self._thinking: float | None = None
        if before:
            self.text.feed(before)
        if reasoned_before:
            self.reasoning.feed(reasoned_before)

    def more(self) -> None:
        """Wait for news, a quarter of a second at most."""
        batch = next(self._batches, None)
        if batch is None:
            self.over = True
            return
        thought = self.thought
        for event in batch:
            self._take(event)
        if not thought and self.spoke:
            self._thinking = None  # it had begun to speak before anyone looked: nobody measured

    def block(self, number: int) -> tuple[str, bool]:
        """The text's block of this number, raw, and whether it will not grow any more."""
        finished = self.text.finished
        if number < len(finished):
            return finished[number], True
        return (self.text.open if number == len(finished) else ""), self.over

    @property
    def thinking(self) -> float | None:
        """Seconds of reasoning before the first text, as they were seen here; None: not seen."""
        return self._thinking

    @property
    def waiting(self) -> str | None:
        """The sentence of a wait before another attempt, counted down; None while nothing is waited for."""
        if self._waiting is None:
            return None
        left = max(1, round(self._until - time.monotonic()))
        return _IN_SECONDS.sub(f"in {left} s", self._waiting.reason)

    def _take(self, event: Event) -> None:
        match event:
            case Started():
                self.started = True
            case CallStarted():
                self._waiting = None
            case Retrying(delay=delay):
                self._waiting = event if delay else None
                self._until = time.monotonic() + delay
            case ReasoningDelta(text):
                self.thought = self.heard = True
                if self._began_thinking is None:
                    self._began_thinking = time.monotonic()
                self.reasoning.feed(text)
            case TextDelta(text):
                if self._began_thinking is not None and self._thinking is None:
                    self._thinking = time.monotonic() - self._began_thinking
                self.spoke = self.spoke or bool(text.strip())
                self.heard = True
                self.text.feed(text)
            case Finished() | Failed():
                self.ending, self.over = event, True
            case _:
                pass
