"""Long work that a page begins and watches: it goes on in a thread while the page is drawn again, and can be stopped."""

import logging
import threading
from collections.abc import Callable
from typing import Any, BinaryIO, Generic, TypeVar

import streamlit as st

from chatbot.core.errors import ByteBotError
from chatbot.ui.words import sentence

log = logging.getLogger(__name__)

T = TypeVar("T")
_EVERY = 0.4  # seconds between two looks


class Stopped(Exception):
    """Somebody does not want it any more."""


class Job(Generic[T]):
    """`done` of `total` pieces; `words` says how far it is. `result` or `problem` is there when it is `over`."""

    def __init__(self, what: str, total: int) -> None:
        self.what = what
        self.total = total
        self.done = 0
        self.words = ""
        self.result: T | None = None
        self.problem = ""
        self.stopped = False
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, work: "Callable[[Job[T]], T]") -> "Job[T]":
        self._thread = threading.Thread(target=self._run, args=(work,), name=self.what, daemon=True)
        self._thread.start()
        return self

    @property
    def over(self) -> bool:
        return self._thread is not None and not self._thread.is_alive()

    def stop(self) -> None:
        self._stop.set()

    def stopping(self) -> bool:
        return self._stop.is_set()

    def step(self, done: int, words: str = "") -> None:
        """It has come so far; raises Stopped when it is not wanted any more."""
        self.done, self.words = done, words
        if self._stop.is_set():
            raise Stopped

    def _run(self, work: "Callable[[Job[T]], T]") -> None:
        try:
            self.result = work(self)
        except Stopped:
            self.stopped = True
        except ByteBotError as error:
            self.problem = error.sentence
        except OSError as error:
            self.problem = f"{self.what} failed: {error.strerror or error}."
        except Exception:
            # The thread ends here: what the page would else wait for is said, and the bug is not hidden.
            log.exception("%s met a bug", self.what)
            self.problem = "ByteBot made a mistake here. Nothing that was there before is lost."


class Read:
    """A file that somebody gave us, read under the eyes of a job: how far it is read is how far the job is."""

    def __init__(self, file: BinaryIO, job: Job[Any], before: int = 0) -> None:
        self._file, self._job, self._before = file, job, before

    def read(self, size: int = -1) -> bytes:
        found = self._file.read(size)
        self._job.step(max(self._job.done, self._before + self._file.tell()), self._job.words)
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def watch(job: Job[Any], key: str, *, stops: bool = True) -> None:
    """A bar and, where it can be stopped, Stop while it is under way; the page is drawn anew when it is over."""

    @st.fragment(run_every=_EVERY)
    def look() -> None:
        if job.over:
            st.rerun()
        share = min(1.0, job.done / job.total) if job.total else 0.0
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.progress(share, text=sentence(f"{job.what} … {job.words}"), width="stretch")
            if stops:
                st.button("Stop", key=f"{key}-stop", icon=":material/stop_circle:", on_click=job.stop)

    look()
