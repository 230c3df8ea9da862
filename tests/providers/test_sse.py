"""Server-sent events, however the bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.errors import Broken
from chatbot.providers.sse import LONGEST_LINE, EventReader, ServerEvent

TEXT = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)
NAME = st.sampled_from(["", "message", "ping", "error"])
END = st.sampled_from(["\n", "\r\n", "\r"])
NOISE = st.sampled_from(["", ": comment", "retry: 10", "id: 4", "unknown: field", ":", "data-like"])


def read(blocks: list[bytes]) -> list[ServerEvent]:
    reader = EventReader()
    return [event for block in blocks for event in reader.feed(block)] + list(reader.end())


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:stop] for start, stop in pairwise(edges)]


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[ServerEvent]]:
    """Bytes of a stream in one of its dialects, and its events."""
    end = draw(END)
    events: list[ServerEvent] = []
    text = draw(st.sampled_from(["", "\ufeff"]))
    for _ in range(draw(st.integers(1, 5))):
        name, lines = draw(NAME), draw(st.lists(TEXT, min_size=1, max_size=3))
        space = draw(st.sampled_from(["", " "]))
        if not space:  # without it, a first space would be taken for it
            lines = [line.lstrip(" ") for line in lines]
        if noise := draw(NOISE):
            text += noise + end
        if name:
            text += f"event:{space}{name}{end}"
        text += "".join(f"data:{space}{line}{end}" for line in lines) + end
        events.append(ServerEvent(name, "\n".join(lines)))
    return text.encode(), events


@given(streams(), st.lists(st.integers(0, 10_000), max_size=12))
def test_any_cut_of_any_dialect_gives_the_same_events(
    stream: tuple[bytes, list[ServerEvent]], places: list[int]
) -> None:
    data, events = stream
    assert read(cut(data, places)) == events


@given(streams())
def test_byte_by_byte(stream: tuple[bytes, list[ServerEvent]]) -> None:
    data, events = stream
    assert read([bytes([byte]) for byte in data]) == events


def test_the_last_event_needs_no_blank_line() -> None:
    assert read([b"data: a\n\ndata: b"]) == [ServerEvent("", "a"), ServerEvent("", "b")]


def test_an_event_is_given_as_soon_as_it_is_whole_with_any_line_end() -> None:
    for end in (b"\n", b"\r\n", b"\r"):
        assert list(EventReader().feed(b"data: a" + end + end)) == [ServerEvent("", "a")], end


def test_only_cr_and_lf_end_a_line() -> None:
    odd = "a\u2028b\u0085c\x0bd\x0ce\u2029f"
    assert read([f"data: {odd}\n\n".encode()]) == [ServerEvent("", odd)]


def test_invalid_utf8_is_an_error_after_the_events_before_it() -> None:
    events = EventReader().feed(b"data: good\n\ndata: \xff\n\n")
    assert next(events) == ServerEvent("", "good")
    with pytest.raises(Broken):
        next(events)


@pytest.mark.parametrize("piece", [b"x" * 65_536, b"data: " + b"x" * 65_000 + b"\n"])
def test_a_line_or_an_event_does_not_grow_without_end(piece: bytes) -> None:
    with pytest.raises(Broken, match="1 MiB"):
        read([piece] * (2 * LONGEST_LINE // len(piece)))
