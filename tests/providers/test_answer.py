"""Bodies of every kind, as chunks."""

import json
from collections.abc import Iterator

import pytest

from chatbot.core.errors import Broken, NotAStream, Refused
from chatbot.core.settings import Timeouts
from chatbot.providers.answer import chunks
from chatbot.providers.patience import Patience
from chatbot.providers.provider import Chunk, End, TextChunk
from chatbot.providers.wire import ReplyReader

SSE = (
    b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
    b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)
WHOLE = json.dumps({"choices": [{"index": 0, "message": {"content": "Hi"}, "finish_reason": "stop"}]}).encode()


def read(*blocks: bytes, kind: str = "text/event-stream", then: Exception | None = None) -> list[Chunk]:
    def body() -> Iterator[bytes]:
        yield from blocks
        if then is not None:
            raise then

    reader = ReplyReader(limit=1 << 20, refuse=lambda value: Refused(str(value)))
    return list(chunks(body(), kind, reader, Patience(Timeouts(), "fake", "http://fake")))


GOOD = [TextChunk("Hi"), End(finish_reason="stop")]


@pytest.mark.parametrize("kind", ["text/event-stream", "application/json", "text/plain", ""])
@pytest.mark.parametrize("body", [SSE, WHOLE, b"\xef\xbb\xbf" + SSE, b"\n\n \n" + SSE, b"\n " + WHOLE + b"\n"])
def test_the_body_itself_says_what_it_is(body: bytes, kind: str) -> None:
    assert read(body, kind=kind) == GOOD
    assert read(*[bytes([byte]) for byte in body], kind=kind) == GOOD


@pytest.mark.parametrize(
    "body", [b"", b"   \n", b"<html>", b"{", b'{"choices": [', b"plain words", b": only a comment\n\n"]
)
def test_what_is_no_reply_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(NotAStream):
        read(body)


def test_a_page_is_not_even_read() -> None:
    with pytest.raises(NotAStream):
        read(SSE, kind="text/html; charset=utf-8")


def test_once_it_has_finished_nothing_takes_the_reply_away() -> None:
    finished = SSE.removesuffix(b"data: [DONE]\n\n")
    for then in (ConnectionResetError(), Broken("x"), None):
        assert read(finished, then=then) == GOOD
    assert read(finished + b"data: {broken\n\n") == GOOD


def test_what_breaks_before_that_is_broken() -> None:
    begun = SSE.split(b"\n\n", 1)[0] + b"\n\n"
    for then in (ConnectionResetError(), None):
        with pytest.raises(Broken):
            read(begun, then=then)


def test_nothing_is_read_after_done() -> None:
    assert read(SSE, b"data: {broken\n\n", then=AssertionError("read on")) == GOOD
