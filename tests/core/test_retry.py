"""Trying again: only what can heal, only as often and as long as a person would wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core import errors
from chatbot.core.errors import Busy, ConnectFailed, ParameterRefused, ProviderError
from chatbot.core.retry import LAST_WAIT, LONGEST_WAIT, MOST_ATTEMPTS, delay, waiting_sentence

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ProviderError) and kind is not ParameterRefused
]


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_can_heal_is_tried_again(kind: type[ProviderError]) -> None:
    assert (delay(1, kind("It failed."), jitter=0.5) is not None) == (kind in (Busy, ConnectFailed))


@given(st.floats(0, 1), st.integers(1, 9))
def test_there_are_three_more_tries_with_growing_waits(jitter: float, attempt: int) -> None:
    wait = delay(attempt, ConnectFailed("Nobody."), jitter=jitter)
    if attempt >= MOST_ATTEMPTS:
        assert wait is None
    else:
        assert wait is not None
        assert 0.25 * 2 ** (attempt - 1) <= wait <= min(LAST_WAIT, 0.5 * 2 ** (attempt - 1))


@pytest.mark.parametrize(
    ("asked", "waited"), [(0.0, 0.0), (3.5, 3.5), (LONGEST_WAIT, LONGEST_WAIT), (20.1, None), (3600.0, None)]
)
def test_a_server_is_waited_for_as_it_asked_unless_too_long(asked: float, waited: float | None) -> None:
    assert delay(1, Busy("Busy.", retry_after=asked), jitter=0.7) == waited
    assert delay(MOST_ATTEMPTS, Busy("Busy.", retry_after=asked), jitter=0.7) is None


def test_an_error_may_know_better_than_its_class() -> None:
    error = Busy("Busy.")
    error.may_retry = False
    assert delay(1, error, jitter=0.5) is None


@pytest.mark.parametrize(
    ("sentence", "joined"),
    [
        ("Nobody answers", "Nobody answers."),
        ("Nobody answers.", "Nobody answers."),
        ("Is the server running?", "Is the server running?"),
        ("It burns!", "It burns!"),
        ("It said: “Not now.”", "It said: “Not now.”"),
        ("It said: “not now”.", "It said: “not now”."),
    ],
)
def test_a_sentence_has_one_end(sentence: str, joined: str) -> None:
    assert waiting_sentence(Busy(sentence), 1.0, 2) == f"{joined} Trying again in 1 s (2 of 4)."


def test_the_sentence_counts_whole_seconds_and_tries() -> None:
    assert waiting_sentence(Busy("The server is busy."), 0.2, 3) == "The server is busy. Trying again in 1 s (3 of 4)."
