"""Many calls at once: words may gather a little, and none is lost, held back for ever or held up without need."""

import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing

from chatbot.engine.crowd import gathered
from chatbot.providers.provider import Cancel, Chunk, TextChunk


class Waits(Cancel):
    """Keeps for how long it was waited, and does not wait."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout or 0.0)
        return False


def words(*, apart: float = 0.0) -> Iterator[Chunk]:
    for word in "abcd":
        time.sleep(apart)
        yield TextChunk(word)


def streaming(count: int) -> ExitStack:
    """So many calls that have begun to speak and go on."""
    stack = ExitStack()
    for _ in range(count):
        call: Generator[Chunk, None, None] = stack.enter_context(closing(gathered(words(), Cancel())))
        next(call)
    return stack


def text_of(cancel: Cancel, *, apart: float) -> str:
    with closing(gathered(words(apart=apart), cancel)) as chunks:
        return "".join(chunk.text for chunk in chunks if isinstance(chunk, TextChunk))


def test_words_that_are_waited_for_gather_in_a_crowd() -> None:
    cancel = Waits()
    with streaming(11):
        assert text_of(cancel, apart=0.01) == "abcd"
    assert cancel.seconds
    assert set(cancel.seconds) == {0.1}


def test_a_few_calls_are_not_held_up_nor_is_what_is_there_already() -> None:
    few, fast, alone = Waits(), Waits(), Waits()
    with streaming(3):
        assert text_of(few, apart=0.01) == "abcd"
    with streaming(30):
        assert text_of(fast, apart=0.0) == "abcd"
    assert text_of(alone, apart=0.01) == "abcd"
    assert few.seconds == alone.seconds == []
    assert len(fast.seconds) <= 1, "a busy machine may take a moment once"
