"""A turn while it happens: one thread that owns it, a log, and as many watchers as like to follow."""

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from chatbot.core.events import CallFinished, Event, Failed, Finished, ReasoningDelta, Started, Terminal, TextDelta
from chatbot.core.money import Usage
from chatbot.providers.provider import Cancel

log = logging.getLogger(__name__)

BEAT = 0.25  # seconds; a watcher wakes this often even when nothing is said, so that a page can leave


class LiveTurn:
    """One reply being made. It goes on whether anyone watches or not; watchers never call back."""

    def __init__(self, *, conversation: str, reply: int, run: Callable[[Cancel], Iterator[Event]]) -> None:
        self.conversation = conversation
        self.reply = reply
        self.cancel = Cancel()
        self.closing = False
        """Stopped because the program ends, not because the person asked."""
        self.ended_at: float | None = None
        """time.monotonic() of the last event."""
        self._run = run
        self._log: list[Event] = []
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._own, name=f"turn-{reply}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end; the part is kept. Returns at once."""
        self.cancel.set()

    @property
    def over(self) -> bool:
        return self.ended_at is not None

    @property
    def working(self) -> bool:
        """Its thread is not done, though the reply may be over."""
        return self._thread.is_alive()

    @property
    def ending(self) -> Terminal | None:
        last = self._log[-1] if self._log else None
        return last if isinstance(last, Finished | Failed) else None

    @property
    def text(self) -> str:
        """What has been said so far, in this segment."""
        return "".join(event.text for event in list(self._log) if isinstance(event, TextDelta))

    @property
    def usage(self) -> Usage | None:
        """Of its last call that is over."""
        return next((event.usage for event in reversed(list(self._log)) if isinstance(event, CallFinished)), None)

    def wait(self, seconds: float | None = None) -> bool:
        """Block until it is over, at most so long; true when it is."""
        with self._hearing():
            return self._news.wait_for(lambda: self.over, seconds)

    def follow(self, after: int = 0, *, beat: float = BEAT) -> Iterator[Sequence[Event]]:
        """The log from event number `after` on, in batches as they come; an empty batch is a heartbeat.

        Ends after the batch with the terminal event.
        """
        at = after
        while True:
            with self._hearing():
                if len(self._log) == at and not self.over:
                    self._news.wait(beat)
                batch = self._log[at:]
                over = self.over
            at += len(batch)
            if batch or not over:
                yield batch
            if over:
                return

    @contextmanager
    def _hearing(self) -> Iterator[None]:
        """The lock, for a watcher. Ctrl-C, or being asked to end, may raise while `wait` takes it back: then it is not
        there to be given back, and that is complained of instead of what was raised.
        """
        try:
            with self._news:
                yield
        except RuntimeError as error:
            raised = error.__context__
            if raised is None or isinstance(raised, Exception):
                raise
            raise raised from None

    def _own(self) -> None:
        try:
            for event in self._run(self.cancel):
                self._add(event, over=isinstance(event, Finished | Failed))
        except Exception:
            # The thread ends here. Watchers must not wait for ever, and the bug must not be hidden: it is raised on.
            log.error("the turn of reply %s met a bug", self.reply)
            raise
        finally:
            if not self.over:
                if not self._log:
                    self._add(Started(connection="", model=""))
                self._add(
                    Failed(
                        state="cut" if self._said_something() else "failed",
                        sentence="ByteBot made a mistake here.",
                        kind="Bug",
                        way_out="retry",
                    ),
                    over=True,
                )

    def _said_something(self) -> bool:
        return any(isinstance(event, TextDelta | ReasoningDelta) for event in self._log)

    def _add(self, event: Event, *, over: bool = False) -> None:
        with self._news:
            self._log.append(event)
            if over:
                self.ended_at = time.monotonic()
            self._news.notify_all()
