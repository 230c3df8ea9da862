"""What must happen while turns live, whether or not anything is said: drafts, leases, stops from elsewhere, recovery.

One thread for all turns of the process, so that twenty replies at once cost one small write twice a second.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from chatbot.core.errors import StoreError
from chatbot.engine.live import LiveTurn
from chatbot.engine.stages import Recording
from chatbot.store.lease import Owner
from chatbot.store.turns import Turns

log = logging.getLogger(__name__)

DRAFT_EVERY = 0.4  # seconds; deltas may run ahead of the store by half a second
RENEW_EVERY = 4.0  # seconds; a lease lasts 15
LOOK_FOR_STOPS_EVERY = 1.0
RECOVER_EVERY = 10.0


class Keeper:
    """Keeps the turns that are registered with it. `recover` is called now and then for those of dead processes."""

    def __init__(self, turns: Turns, process: Owner, recover: Callable[[], object]) -> None:
        self._turns = turns
        self._process = process
        self._recover = recover
        self._kept: dict[int, tuple[LiveTurn, Recording]] = {}
        self._news = threading.Condition()
        self._closing = threading.Event()
        self._watching = False
        self._thread: threading.Thread | None = None
        self._renewed = 0.0
        self._looked = 0.0
        self._recovered = time.monotonic()

    def keep(self, turn: LiveTurn, recording: Recording) -> None:
        with self._news:
            self._kept[turn.reply] = (turn, recording)
            self._begin()
            self._news.notify_all()

    def watch(self) -> None:
        """Recover now and then even while nothing is said. Without it the thread ends with the last live turn."""
        with self._news:
            self._watching = True
            self._begin()

    def _begin(self) -> None:
        if self._thread is None and not self._closing.is_set():
            self._thread = threading.Thread(target=self._work, name="keeper", daemon=True)
            self._thread.start()

    def close(self) -> None:
        with self._news:
            self._closing.set()
            self._news.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(2.0)
        with suppress(StoreError):  # what a killed process leaves behind has its end from the next one
            _pay(list(self._kept.values()))

    def _work(self) -> None:
        while not self._closing.is_set():
            with self._news:
                if self._closing.is_set():
                    return  # seen under the lock: a close before the wait would be waited for in vain
                self._news.wait(DRAFT_EVERY if self._kept else RECOVER_EVERY)
                self._kept = {reply: pair for reply, pair in self._kept.items() if _live(*pair)}
                kept = list(self._kept.values())
                if not kept and not self._watching:
                    self._thread = None
                    return
            if self._closing.is_set():
                return
            try:
                self._tick(kept)
            except StoreError as error:
                # The words are still in memory and the next beat tries again; a turn's own writes tell its watchers.
                log.warning("drafts wait: %s", type(error).__name__)
            except Exception:
                log.exception("the keeper met a bug and goes on")  # without it every lease would run out

    def _tick(self, kept: list[tuple[LiveTurn, Recording]]) -> None:
        now = time.monotonic()
        renew = now - self._renewed >= RENEW_EVERY
        self._draft(kept, all_of_them=renew)
        _pay(kept)
        if renew:
            self._renewed = now
        if kept and now - self._looked >= LOOK_FOR_STOPS_EVERY:
            self._looked = now
            wanted = self._turns.stops({turn.reply for turn, _ in kept})
            for turn, _ in kept:
                if turn.reply in wanted:
                    turn.stop()
        if now - self._recovered >= RECOVER_EVERY:
            self._recovered = now
            self._recover()

    def _draft(self, kept: list[tuple[LiveTurn, Recording]], *, all_of_them: bool) -> None:
        drafts = [(turn, recording, *recording.take_draft()) for turn, recording in kept]
        worth = [draft for draft in drafts if all_of_them or draft[2] or draft[3]]
        if not worth:
            return
        try:
            lost = self._turns.draft(self._process, [(turn.reply, text, why) for turn, _, text, why in worth])
        except StoreError:
            for _, recording, text, reasoning in worth:
                recording.put_back(text, reasoning)
            raise
        for turn, recording, _, _ in worth:
            if turn.reply in lost and not recording.over:
                recording.lost = True
                turn.stop()


def _live(turn: LiveTurn, recording: Recording) -> bool:
    """Whether there is something to keep yet: of a turn that is over, what could not be written."""
    return not turn.over or bool(recording.owed)


def _pay(kept: list[tuple[LiveTurn, Recording]]) -> None:
    for turn, recording in kept:
        if turn.over:
            recording.pay()
