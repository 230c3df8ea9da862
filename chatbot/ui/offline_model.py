"""The download of the offline model: one for all sessions of the process, watched by as many pages as you like."""

import logging
import threading
from pathlib import Path
from typing import Literal

from chatbot.core.errors import EmbeddedUnavailable
from chatbot.home import weights

log = logging.getLogger(__name__)

State = Literal["running", "done", "failed", "stopped"]


class Fetching:
    """One download. `arrived` and `total` are bytes; `sentence` says why it failed."""

    def __init__(self, folder: Path) -> None:
        self.state: State = "running"
        self.arrived = 0
        self.total = 0
        self.sentence = ""
        self._folder = folder
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="offline-model", daemon=True)
        self._thread.start()

    @property
    def part(self) -> float:
        """How much has arrived, from 0 to 1."""
        return min(1.0, self.arrived / self.total) if self.total else 0.0

    def stop(self) -> None:
        """Give it up; what has arrived is thrown away. Returns at once."""
        self._stop.set()

    def wait(self, seconds: float) -> None:
        self._thread.join(seconds)

    def _run(self) -> None:
        try:
            weights.fetch(self._folder, progress=self._reached, cancelled=self._stop.is_set)
            self.state = "done"
        except weights.Cancelled:
            self.state = "stopped"
        except EmbeddedUnavailable as error:
            self.sentence = error.sentence
            self.state = "failed"
        except Exception as error:
            log.exception("The download of the offline model broke")
            self.sentence = f"The offline model could not be fetched ({type(error).__name__}). The log names the cause."
            self.state = "failed"

    def _reached(self, arrived: int, total: int) -> None:
        self.arrived, self.total = arrived, total


_lock = threading.Lock()
_fetching: dict[Path, Fetching] = {}


def fetching(folder: Path) -> Fetching | None:
    """The download into this folder, running or over; None when none was begun in this process."""
    return _fetching.get(folder)


def begin(folder: Path) -> Fetching:
    """The download that runs, else a new one."""
    with _lock:
        known = _fetching.get(folder)
        if known is None or known.state != "running":
            known = _fetching[folder] = Fetching(folder)
        return known
