"""What a face that stays open sees to once a day, beside everything else: old trash, and the day's backup."""

import logging
import threading

from chatbot.core.errors import ByteBotError
from chatbot.engine.backups import Backups
from chatbot.engine.emptying import purge
from chatbot.store.store import Store

log = logging.getLogger(__name__)

FIRST = 30.0  # seconds after the start, which has enough to do
EVERY = 900.0  # seconds between two looks whether a new day has begun


class Daily:
    """A thread of its own, so that no turn ever waits for it."""

    def __init__(self, store: Store, backups: Backups, *, first: float = FIRST, every: float = EVERY) -> None:
        self.problem = ""
        """Why the last backup could not be made, in a sentence; empty when all is well."""
        self._store = store
        self._backups = backups
        self._first, self._every = first, every
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="daily", daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Let go of the store; a backup that is being made is broken off, and nothing of it is left."""
        self._closing.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(2.0)

    def _work(self) -> None:
        wait = self._first
        while not self._closing.wait(wait):
            wait = self._every
            try:
                purge(self._store)  # first, so that the backup no longer holds it
                self._backups.daily(self._closing.is_set)
                self.problem = ""
            except ByteBotError as error:
                if not self._closing.is_set():
                    self.problem = error.sentence
                    log.warning("no backup today: %s", type(error).__name__)
            except Exception:
                self.problem = "ByteBot made a mistake here, so no backup was made today. Make one now."
                log.exception("the daily work met a bug and tries again later")
