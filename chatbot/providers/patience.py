"""How long a server may stay silent, by how far its answer is."""

import time
from typing import Literal

from chatbot.core.errors import ConnectFailed, NoAnswer, ProviderError, Stalled
from chatbot.core.settings import Timeouts

Phase = Literal["connecting", "waiting", "opening", "flowing", "closing", "refused"]
"""No connection yet · request sent · headers came · a delta came · a finish reason came · reading an error's body."""

AFTER_FINISH = 5.0  # seconds for usage and [DONE]: the reply is whole without them
ERROR_BODY = 5.0  # seconds for the words of an error, which may never end
LEAST = 0.001  # a timeout of 0 would mean: do not wait at all


class Patience:
    """The deadlines of one request, from `begin` on.

    `left()` gives the seconds that the next read may take; what came is reported by `reached` and `delta`.
    """

    def __init__(self, timeouts: Timeouts, name: str, address: str) -> None:
        self.phase: Phase = "connecting"
        self._timeouts = timeouts
        self._name = name
        self._address = address
        self.begin()

    def begin(self) -> None:
        """The clock runs from here: where the connection is asked for, not where libraries are still being loaded."""
        self._began = self._reached = self._delta = time.monotonic()

    def reached(self, phase: Phase) -> None:
        self.phase = phase
        self._reached = time.monotonic()

    def delta(self) -> None:
        """A piece of text or reasoning came; comments and keep-alives are none."""
        self._delta = time.monotonic()
        if self.phase == "opening":
            self.phase = "flowing"

    def left(self) -> float:
        """Seconds until patience ends; raises the error of its end when none are left."""
        now = time.monotonic()
        until = self._began + self._timeouts.total
        match self.phase:
            case "connecting":
                until = min(until, self._began + self._timeouts.connect)
            case "waiting" | "opening":
                until = min(until, self._began + self._timeouts.first)
            case "flowing":
                until = min(until, now + self._timeouts.bytes, self._delta + self._timeouts.deltas)
            case "closing":
                until = min(until, self._reached + min(AFTER_FINISH, self._timeouts.bytes))
            case "refused":
                until = min(until, self._reached + min(ERROR_BODY, self._timeouts.first))
        if until <= now:
            raise self.lost()
        return max(LEAST, until - now)

    def lost(self) -> ProviderError:
        """The error that says which patience ended."""
        now = time.monotonic()
        if self.phase == "connecting":
            return ConnectFailed(
                f"{self._address} did not answer within {spoken(self._timeouts.connect)}. Is the server running?"
            )
        if self.phase == "waiting":
            waited = min(now - self._began, self._timeouts.first)  # a busy machine notices late
            return NoAnswer(f"No answer from {self._name!r} after {spoken(waited)}.")
        if now >= self._began + self._timeouts.total:
            return Stalled(f"The reply of {self._name!r} was still not whole after {spoken(self._timeouts.total)}.")
        if self.phase == "opening":
            return Stalled(f"{self._name!r} took the message and said nothing for {spoken(self._timeouts.first)}.")
        if now >= self._delta + self._timeouts.deltas:
            return Stalled(f"{self._name!r} sent no words for {spoken(self._timeouts.deltas)}.")
        return Stalled(f"{self._name!r} went silent for {spoken(self._timeouts.bytes)}.")


def spoken(seconds: float) -> str:
    """A duration as people say it.

    >>> spoken(7200), spoken(600), spoken(90), spoken(0.3), spoken(1800.04)
    ('2 h', '10 min', '90 s', '0.3 s', '30 min')
    """
    if seconds >= 7200:
        return f"{seconds / 3600:.0f} h"
    if seconds >= 120:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2g} s"
