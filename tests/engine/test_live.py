"""A turn that is followed while its watcher is interrupted."""

import threading
from collections.abc import Iterator

import pytest

from chatbot.core.events import Event, Finished
from chatbot.engine.live import LiveTurn
from chatbot.providers.provider import Cancel
from chatbot.terminal.signals import Terminated


def test_interrupted_while_the_lock_changes_hands_it_is_the_interruption_that_is_raised() -> None:
    # By a signal, in some moment in a thousand: here in just that one.
    go_on = threading.Event()

    def run(cancel: Cancel) -> Iterator[Event]:
        go_on.wait(5)
        yield Finished(state="complete")

    def interrupted(state: object) -> None:
        raise Terminated(1)

    turn = LiveTurn(conversation="c", reply=1, run=run)
    lock = turn._news
    take_back = lock._acquire_restore  # type: ignore[attr-defined]
    turn.start()
    for watch in (lambda: list(turn.follow(beat=0.01)), lambda: turn.wait(0.01)):
        lock._acquire_restore = interrupted  # type: ignore[attr-defined]
        with pytest.raises(Terminated):
            watch()
    lock._acquire_restore = take_back  # type: ignore[attr-defined]
    go_on.set()
    assert turn.wait(5), "nobody holds the lock"
