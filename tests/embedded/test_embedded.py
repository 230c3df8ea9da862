"""The offline model answers, behind the protocol of every provider."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from chatbot.core.errors import ContextTooLong
from chatbot.core.settings import DEFAULT_PERSONA, EMBEDDED_MODEL
from chatbot.providers.embedded import Embedded
from chatbot.providers.embedded_child import Child
from chatbot.providers.provider import Cancel, Stopped, TextChunk
from chatbot.ui.suggestions import OFFLINE
from tests.embedded.talk import ENDLESS, ask, end_of, request, text_of
from tests.providers.remembering import Remembering

pytestmark = pytest.mark.embedded


@pytest.fixture(scope="module")
def model(weights_file: Path) -> Iterator[Embedded]:
    child = Child(patience=30)
    yield Embedded(lambda: weights_file, Remembering(), child=child)
    child.close()


def test_a_conversation_of_several_turns_streams(model: Embedded) -> None:
    turns = ["What is the capital of France?"]
    for question in ("And what is a river?", "Say hello."):
        chunks = ask(model, *turns, max_output=60)
        assert len([chunk for chunk in chunks if isinstance(chunk, TextChunk)]) > 3
        turns += [text_of(chunks), question]
    end = end_of(ask(model, *turns, max_output=60))
    assert end.model == EMBEDDED_MODEL
    assert end.usage is not None
    assert end.usage.input_tokens > 40
    assert 0 < end.usage.output_tokens <= 60


def test_the_first_thing_that_a_newcomer_is_offered_is_answered_right(model: Embedded) -> None:
    assert OFFLINE[0] == "What is the capital of Japan?"
    for _ in range(3):
        assert "Tokyo" in text_of(ask(model, OFFLINE[0], system=DEFAULT_PERSONA, max_output=60))


def test_the_output_limit_ends_a_reply_as_length(model: Embedded) -> None:
    end = end_of(ask(model, ENDLESS, max_output=5))
    assert end.finish_reason == "length"
    assert end.usage is not None
    assert end.usage.output_tokens == 5


def test_a_part_that_stands_last_is_gone_on_with(model: Embedded) -> None:
    assert model.prefills
    more = text_of(
        ask(model, "What is the capital of France?", "The capital of France is Par", max_output=10, temperature=0.0)
    )
    assert more.startswith("is"), "in the middle of a word, and nothing said twice"


def test_stop_ends_a_reply_within_a_second(model: Embedded) -> None:
    cancel = Cancel()
    stream = model.stream(request(ENDLESS), cancel)
    assert isinstance(next(stream), TextChunk)
    asked = time.monotonic()
    cancel.set()
    with pytest.raises(Stopped):
        list(stream)
    assert time.monotonic() - asked < 1


def test_after_a_stop_nothing_is_generated_any_more(model: Embedded) -> None:
    stream = model.stream(request(ENDLESS), Cancel())
    next(stream)
    stream.close()
    assert model.child.pid is not None
    process = psutil.Process(model.child.pid)
    time.sleep(1)
    process.cpu_percent()
    time.sleep(1)
    assert process.cpu_percent() < 50


def test_two_replies_at_once(model: Embedded) -> None:
    order: list[str] = []

    def read(name: str) -> None:
        order.extend(name for _ in model.stream(request(ENDLESS, max_output=40), Cancel()))

    readers = [threading.Thread(target=read, args=(name,)) for name in ("one", "two")]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(60)
    assert set(order) == {"one", "two"}
    # Interleaved, not one after the other.
    assert order.index("two") < len(order) - 1 - order[::-1].index("one")
    assert order.index("one") < len(order) - 1 - order[::-1].index("two")


def test_a_conversation_that_is_too_long_is_refused_as_that(model: Embedded) -> None:
    with pytest.raises(ContextTooLong):
        ask(model, "hi " * 5000)


def test_its_one_model_and_context_are_known_without_starting_it() -> None:
    def never() -> Path:
        raise AssertionError

    model = Embedded(never, Remembering(), child=Child())
    assert [(entry.id, entry.context) for entry in model.models()] == [(EMBEDDED_MODEL, 4096)]
    assert model.context(EMBEDDED_MODEL) == 4096
    assert model.refusals(EMBEDDED_MODEL) == {}
    assert model.child.pid is None


def test_it_sleeps_when_idle_and_wakes(weights: Callable[[], Path]) -> None:
    child = Child(idle=1, patience=30)
    try:
        model = Embedded(weights, Remembering(), child=child)
        ask(model, "Hi", max_output=5)
        pid = child.pid
        assert pid is not None
        awake = psutil.Process(pid).memory_info().rss
        limit = time.monotonic() + 15
        while psutil.Process(pid).memory_info().rss > awake * 0.7:
            assert time.monotonic() < limit, "it never gave its memory back"
            time.sleep(0.1)
        assert text_of(ask(model, "What is the capital of France?", max_output=20))
        assert child.pid == pid
    finally:
        child.close()
