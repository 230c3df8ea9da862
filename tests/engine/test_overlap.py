"""Joining a continuation to the part before it."""

from hypothesis import given
from hypothesis import strategies as st

from chatbot.engine.overlap import Overlap

PART = "Once upon a time there was a robot. " * 8 + "It wanted to learn how to paint, and so it bou"


def joined(part: str, *pieces: str) -> str:
    overlap = Overlap(part)
    return "".join([*(overlap.feed(piece) for piece in pieces), overlap.end()])


def test_what_repeats_the_end_is_dropped() -> None:
    assert joined(PART, "and so it", " bought a brush.") == "ght a brush."


def test_a_model_that_begins_anew_is_joined_where_it_was() -> None:
    again = PART + "ght a brush."
    assert joined(PART, *(again[at : at + 7] for at in range(0, len(again), 7))) == "ght a brush."


def test_a_model_that_tells_it_otherwise_is_heard() -> None:
    other = PART[:100] + "quite another story."
    assert joined(PART, *other) == other


def test_a_letter_in_common_is_no_repetition() -> None:
    assert joined("It was the end", "day of it") == "day of it"
    assert joined("a, b, c", ", d") == ", d"


@given(st.text(max_size=300), st.lists(st.text(max_size=20), max_size=10))
def test_nothing_but_a_repetition_is_ever_dropped(part: str, pieces: list[str]) -> None:
    whole = "".join(pieces)
    kept = joined(part, *pieces)
    assert whole.endswith(kept)
    assert part.endswith(whole[: len(whole) - len(kept)])


@given(st.text(max_size=300), st.text(max_size=60), st.integers(1, 9))
def test_how_it_is_cut_into_pieces_does_not_matter(part: str, text: str, size: int) -> None:
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert joined(part, *pieces) == joined(part, text)
