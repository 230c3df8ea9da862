"""What the page knows of a reply that arrives, batch by batch."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.blocks import split
from chatbot.core.events import (
    CallStarted,
    Event,
    Failed,
    Finished,
    ReasoningDelta,
    Retrying,
    Started,
    TextDelta,
)
from chatbot.ui.reading import Reading

STARTED = Started(connection="openai", model="m")
CALL = CallStarted(purpose="reply", model="m", input_estimate=1)


def read(*batches: Sequence[Event], before: str = "", reasoned_before: str = "") -> Reading:
    reading = Reading(iter(batches), before=before, reasoned_before=reasoned_before)
    for _ in batches:
        reading.more()
    return reading


def blocks(reading: Reading) -> list[str]:
    found, number = [], 0
    while (block := reading.block(number))[0]:
        found.append(block[0])
        number += 1
    return found


@given(st.lists(st.lists(st.sampled_from(["word ", "\n\n", "- item\n", "```\n", "x" * 400]))))
def test_the_blocks_are_those_of_the_whole_text(batches: list[list[str]]) -> None:
    reading = read(*([TextDelta(text) for text in batch] for batch in batches), [Finished(state="complete")])
    text = "".join(text for batch in batches for text in batch)
    whole = Reading(iter([[Finished(state="complete")]]), before=text)
    whole.more()
    assert "".join(blocks(whole)) == "".join(blocks(reading)) == text
    assert blocks(whole) == split(text)


def test_a_continued_reply_begins_with_what_is_there() -> None:
    reading = read([STARTED, CALL], before="One half ")
    assert (reading.spoke, reading.heard) == (True, False)
    assert reading.block(0) == ("One half ", False)
    reading = read([STARTED, CALL, TextDelta("and the other.")], before="One half ")
    assert reading.heard
    assert reading.block(0) == ("One half and the other.", False)


def test_it_is_over_with_the_last_event_or_when_nothing_more_can_come() -> None:
    assert not read([STARTED]).over
    assert read([STARTED], [Failed(state="cut", sentence="Gone.", kind="Broken")]).over
    reading = read([STARTED])
    reading.more()
    assert reading.over
    assert reading.ending is None


def test_a_wait_is_counted_down_and_ends_with_the_next_call() -> None:
    retrying = Retrying(attempt=2, most=4, delay=3.0, reason="Busy. Trying again in 9 s (2 of 4).")
    assert read([STARTED, retrying]).waiting == "Busy. Trying again in 3 s (2 of 4)."
    assert read([STARTED, retrying, CALL]).waiting is None
    told_once = Retrying(attempt=1, most=4, delay=0.0, reason="Without the temperature.")
    assert read([STARTED, told_once]).waiting is None


def test_thinking_is_timed_only_where_it_was_seen() -> None:
    seen = read([STARTED, CALL, ReasoningDelta("Hm")], [TextDelta("Yes")])
    assert seen.thought
    assert seen.thinking is not None
    late = read([STARTED, CALL, ReasoningDelta("Hm"), TextDelta("Yes")])
    assert late.thought
    assert late.thinking is None


def test_blank_text_is_not_yet_speech() -> None:
    assert not read([STARTED, CALL, TextDelta("\n\n")]).spoke
    assert read([STARTED, CALL, TextDelta("\n\n"), TextDelta("Yes")]).spoke
