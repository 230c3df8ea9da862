"""Work that runs beside the page, so that no click waits for it."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Beside(Generic[Result]):
    """One piece of work in a thread of its own. `result` is None until it is over; `broken` stands in if it breaks."""

    def __init__(self, name: str, work: Callable[[], Result], broken: Result) -> None:
        self.result: Result | None = None
        self.noticed = False
        """For its owner: what the result asks for has been done."""
        self._began = time.monotonic()
        self._over = threading.Event()
        threading.Thread(target=self._run, args=(name, work, broken), name=name, daemon=True).start()

    @property
    def over(self) -> bool:
        return self._over.is_set()

    @property
    def seconds(self) -> float:
        """Since it began."""
        return time.monotonic() - self._began

    def wait(self, seconds: float) -> Result | None:
        """The result, if it is there within so many seconds."""
        self._over.wait(seconds)
        return self.result

    def _run(self, name: str, work: Callable[[], Result], broken: Result) -> None:
        try:
            self.result = work()
        except Exception as error:  # noqa: BLE001 - a thread ends here; without a result the page would wait for ever
            # The class alone: the words may hold what somebody typed.
            log.error("%s broke: %s", name, type(error).__name__)
            self.result = broken
        finally:
            self._over.set()
