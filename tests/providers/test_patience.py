"""How long a server may stay silent."""

import time
from collections.abc import Iterator

import pytest

from chatbot.core.errors import Forbidden, ProviderError, RequestRefused, Stalled
from chatbot.core.settings import Connection, Timeouts
from chatbot.providers.chat_completions import ChatCompletions
from chatbot.providers.patience import AFTER_FINISH, ERROR_BODY, Patience
from chatbot.providers.provider import Cancel, End, Request
from tests.fake_openai import FakeOpenAI
from tests.providers.remembering import Remembering


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


def ask(server: FakeOpenAI, model: str, timeouts: Timeouts) -> ProviderError | End:
    one = ChatCompletions(Connection(name="fake", base_url=server.base_url, timeouts=timeouts), None, Remembering())
    try:
        *_, end = one.stream(Request(messages=[], model=model), Cancel())
    except ProviderError as error:
        return error
    assert isinstance(end, End)
    return end


@pytest.mark.parametrize(
    ("model", "timeouts", "sentence"),
    [
        ("fault:stall:first", Timeouts(bytes=0.3), "went silent for 0.3 s"),
        ("fault:stall-comments:first", Timeouts(deltas=0.3), "sent no words for 0.3 s"),
        ("fault:stall-comments:headers", Timeouts(first=0.5), "said nothing for 0.5 s"),
        ("words:1000@20", Timeouts(total=1.0), "still not whole after 1 s"),
    ],
)
def test_each_patience_ends_with_its_own_sentence(
    server: FakeOpenAI, model: str, timeouts: Timeouts, sentence: str
) -> None:
    error = ask(server, model, timeouts)
    assert isinstance(error, Stalled)
    assert sentence in str(error)


def test_words_renew_patience(server: FakeOpenAI) -> None:
    assert isinstance(ask(server, "words:60@20", Timeouts(first=2.0, bytes=2.0, deltas=2.0)), End)


def test_reasoning_counts_as_words(server: FakeOpenAI) -> None:
    assert isinstance(ask(server, "reasoning", Timeouts(first=1.0)), End)


def test_after_the_finish_reason_usage_is_not_waited_for_long(server: FakeOpenAI) -> None:
    began = time.monotonic()
    assert isinstance(ask(server, "fault:stall-comments:usage", Timeouts()), End)
    assert time.monotonic() - began < 4 * AFTER_FINISH


def test_an_error_is_known_by_its_status_before_its_body_ends(server: FakeOpenAI) -> None:
    began = time.monotonic()
    assert isinstance(ask(server, "fault:error-floods", Timeouts()), RequestRefused)
    assert time.monotonic() - began < ERROR_BODY, "64 KiB are enough"
    assert isinstance(ask(server, "fault:error-trickles", Timeouts()), Forbidden)
    assert time.monotonic() - began < 4 * ERROR_BODY


def test_patience_left() -> None:
    patience = Patience(Timeouts(connect=5, first=7, bytes=3, deltas=4, total=100), "fake", "http://fake")
    assert 4 < patience.left() <= 5
    patience.reached("waiting")
    assert 6 < patience.left() <= 7
    patience.reached("opening")
    assert 6 < patience.left() <= 7
    patience.delta()
    assert patience.phase == "flowing"
    assert 2 < patience.left() <= 3
