"""Ctrl-C, and being asked to end."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130  # exit status after Ctrl-C, by the shells' custom: 128 and the signal's number
READER_LEFT = 141


class Terminated(BaseException):
    """The process was asked to end, or its terminal was closed. Not an error: it passes `except Exception`."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.status = 128 + signum


@contextmanager
def ending_politely() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP raise Terminated, once: what is being written is kept on the way out."""

    def end(ended: Terminated) -> None:
        raise ended

    with handed_to(end):
        yield


@contextmanager
def handed_to(end: Callable[[Terminated], None]) -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP call `end`, once, wherever the main thread is just then."""
    if not _in_main_thread():
        yield
        return
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # nohup wants it to live on
    before = {n: h for n in (getattr(signal, name) for name in names) if (h := signal.getsignal(n)) != signal.SIG_IGN}

    def hear(signum: int, frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        end(Terminated(signum))

    for each in before:
        signal.signal(each, hear)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class Interrupts:
    """Inside, the first Ctrl-C is only counted; the second raises KeyboardInterrupt."""

    def __init__(self) -> None:
        self.count = 0
        self._before: signal._HANDLER = None

    def __enter__(self) -> "Interrupts":
        if _in_main_thread() and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            self._before = signal.signal(signal.SIGINT, self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _hear(self, signum: int, frame: FrameType | None) -> None:
        self.count += 1
        if self.count > 1:
            raise KeyboardInterrupt


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()
