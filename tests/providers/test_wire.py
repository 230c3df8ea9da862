"""Events in, chunks out."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.errors import Broken, NotAStream, ProviderError, Refused
from chatbot.providers.provider import Chunk, End, ReasoningChunk, RefusalChunk, TextChunk
from chatbot.providers.sse import EventReader, ServerEvent
from chatbot.providers.wire import ReplyReader


def reader(limit: int = 1 << 20) -> ReplyReader:
    return ReplyReader(limit=limit, refuse=lambda value: Refused(f"refused: {value}"))


def feed(*values: object, to: ReplyReader | None = None) -> list[Chunk]:
    to = to or reader()
    return [chunk for value in values for chunk in to.feed(ServerEvent("", json.dumps(value)))]


def choice(finish: object = None, **delta: object) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def test_text_reasoning_and_refusal_are_told_apart() -> None:
    chunks = feed(choice(reasoning="hm"), choice(content="yes"), choice(refusal="no"), choice(reasoning_content="so"))
    assert chunks == [ReasoningChunk("hm"), TextChunk("yes"), RefusalChunk("no"), ReasoningChunk("so")]


def test_the_same_reasoning_under_two_names_counts_once() -> None:
    assert feed(choice(reasoning="hm", reasoning_content="hm")) == [ReasoningChunk("hm")]


def test_other_choices_are_left_out() -> None:
    two = {"choices": [{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}]}
    assert feed(two) == [TextChunk("a")]


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"choices": None},
        {"choices": {}},
        {"choices": ["x"]},
        {"choices": [{"index": 0, "delta": "x"}]},
        choice(content=42),
        choice(content={"type": "image"}),
        choice(content=[7]),
        "a string",
        [1],
        5,
    ],
)
def test_unknown_shapes_are_skipped_and_counted(odd: object) -> None:
    one = reader()
    assert feed(choice(content="a"), odd, choice(content="b", finish="stop"), to=one) == [
        TextChunk("a"),
        TextChunk("b"),
    ]
    end = one.end()[-1]
    assert isinstance(end, End)
    assert end.skipped == 1


def test_the_last_usage_that_is_not_null_counts() -> None:
    one = reader()
    feed(
        choice(content="a") | {"usage": {"completion_tokens": 1}},
        choice(finish="stop") | {"usage": {"completion_tokens": 2, "cost": 0.5}},
        {"choices": [], "usage": None},
        to=one,
    )
    end = one.end()[-1]
    assert isinstance(end, End)
    assert end.usage is not None
    assert end.usage.output_tokens == 2
    assert end.usage.raw == {"completion_tokens": 2, "cost": 0.5}


def test_half_a_character_waits_for_its_other_half() -> None:
    one = reader()
    data = ['{"choices":[{"delta":{"content":"a\\ud83d"}}]}', '{"choices":[{"delta":{"content":"\\ude00b"}}]}']
    chunks = [chunk for event in data for chunk in one.feed(ServerEvent("", event))]
    assert chunks == [TextChunk("a"), TextChunk("😀b")]


def test_a_half_that_stays_alone_is_shown_as_lost() -> None:
    one = reader()
    one.feed(ServerEvent("", '{"choices":[{"delta":{"content":"\\ud83d"},"finish_reason":"stop"}]}'))
    assert one.end()[0] == TextChunk("\ufffd")


def test_text_is_made_storable() -> None:
    assert feed(choice(content="a\x00b")) == [TextChunk("a␀b")]


def test_no_finish_reason_is_broken_and_no_event_at_all_is_no_stream() -> None:
    one = reader()
    feed(choice(content="a"), choice(finish=""), to=one)
    with pytest.raises(Broken):
        one.end()
    with pytest.raises(NotAStream):
        reader().end()


def test_more_text_than_the_limit_is_broken() -> None:
    one = reader(limit=1000)
    feed(*[choice(content="é" * 60)] * 10, choice(finish="stop"), to=one)
    with pytest.raises(Broken):
        one.end()
    assert feed(*[choice(content="e" * 60)] * 10, to=reader(limit=1000))


def test_of_a_chunk_larger_than_the_limit_what_fits_is_kept() -> None:
    one = reader(limit=1000)
    assert feed(choice(content="é" * 5000 + "e", finish="stop"), to=one) == [TextChunk("é" * 500)]
    assert feed(choice(content="more"), to=one) == []
    with pytest.raises(Broken, match="stopped at"):
        one.end()
    one = reader(limit=1000)
    assert feed(choice(content="e" + "é" * 5000), to=one) == [TextChunk("e" + "é" * 499)], "no half characters"


@pytest.mark.parametrize("data", ["null", "{", "nonsense", "[" * 100_000])
def test_no_json_is_broken(data: str) -> None:
    with pytest.raises(Broken):
        reader().feed(ServerEvent("", data))


@pytest.mark.parametrize(
    "event",
    [
        ServerEvent("", '{"error": {"message": "no"}}'),
        ServerEvent("", '{"error": "no"}'),
        ServerEvent("error", '{"message": "no"}'),
        ServerEvent("", '{"choices": [{"index": 0, "delta": {"content": "x"}, "finish_reason": "error"}]}'),
    ],
)
def test_an_error_in_the_stream_is_raised(event: ServerEvent) -> None:
    with pytest.raises(Refused):
        reader().feed(event)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["stop", "", "error"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "content", "index", "finish_reason", "usage", "error", "message", "text"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.lists(JSON, max_size=5))
def test_no_json_makes_it_stumble(values: list[object]) -> None:
    one = reader()
    try:
        for value in values:
            for chunk in one.read(value):
                assert isinstance(chunk, TextChunk | ReasoningChunk | RefusalChunk)
                assert chunk.text
        assert isinstance(one.end()[-1], End)
    except ProviderError:
        pass


@given(st.binary(max_size=200), st.integers(0, 200))
def test_no_bytes_make_it_stumble(data: bytes, place: int) -> None:
    events, one = EventReader(), reader()
    try:
        for block in (data[:place], data[place:]):
            for event in events.feed(block):
                one.feed(event)
        for event in events.end():
            one.feed(event)
        one.end()
    except ProviderError:
        pass
