"""The body of an answer to a chat request as chunks, whatever it turns out to be."""

import json
from collections.abc import Iterator

from chatbot.core.errors import Broken, NotAStream, ProviderError
from chatbot.providers.patience import Patience
from chatbot.providers.provider import Chunk
from chatbot.providers.sse import EventReader
from chatbot.providers.wire import ReplyReader

MOST_WHOLE = 16 << 20  # bytes of a completion that comes in one piece
_MARGIN = b"\xef\xbb\xbf \t\r\n"


def chunks(blocks: Iterator[bytes], content_type: str, reader: ReplyReader, patience: Patience) -> Iterator[Chunk]:
    """Chunks as they arrive, an End last; ProviderError as the contract says.

    A server may answer a request for a stream with a page, or with a whole completion in JSON. Once a finish reason
    has come the reply is whole: what fails after it takes only the usage away.
    """
    if "html" in content_type.lower():
        raise NotAStream("The server answered with a web page instead of a reply. Is the base URL right?")
    try:
        begin, blocks = _begin(blocks)
        if begin.startswith(b"<"):
            raise NotAStream("The server answered with a web page instead of a reply. Is the base URL right?")
        if begin.startswith(b"{"):
            yield from reader.read(_whole(blocks, patience))
        else:
            yield from _events(blocks, reader, patience)
    except failures() as error:
        if not reader.finished:
            raise _meaning(error, reader) from error
    yield from reader.end()


def _begin(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """The first block that is more than margin, without its margin; and all blocks, from the first."""
    seen = b""
    for block in blocks:
        seen += block
        if begin := seen.lstrip(_MARGIN):
            return begin, _after(seen, blocks)
    return b"", iter((seen,))


def _after(seen: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield seen
    yield from blocks


def _events(blocks: Iterator[bytes], reader: ReplyReader, patience: Patience) -> Iterator[Chunk]:
    events = EventReader()
    for block in blocks:
        for event in events.feed(block):
            alive = reader.alive
            yield from reader.feed(event)
            if reader.alive != alive:
                patience.delta()
            if reader.over or reader.full:
                return
        if reader.finished and patience.phase != "closing":
            patience.reached("closing")
    for event in events.end():
        yield from reader.feed(event)


def _whole(blocks: Iterator[bytes], patience: Patience) -> object:
    """A JSON answer, read to its end."""
    body = bytearray()
    for block in blocks:
        body += block
        patience.delta()
        if len(body) > MOST_WHOLE:
            raise Broken("The server sent far more than a reply.")
    try:
        return json.loads(bytes(body).strip(_MARGIN).decode())
    except (ValueError, RecursionError):
        raise NotAStream("The server answered with something that is no reply. Is the base URL right?") from None


def failures() -> tuple[type[Exception], ...]:
    """What we and the libraries under us raise for what a server does."""
    import httpcore2
    import httpx2
    from openai import OpenAIError

    core = (httpcore2.ProtocolError, httpcore2.NetworkError, httpcore2.TimeoutException, httpcore2.ProxyError)
    return (ProviderError, OpenAIError, httpx2.HTTPError, httpx2.StreamError, *core, OSError)


def _meaning(error: Exception, reader: ReplyReader) -> ProviderError:
    """The error of our tree for one that came while the body was read."""
    import httpx2

    if isinstance(error, ProviderError):
        return error
    if isinstance(error, httpx2.DecodingError) and not reader.understood:
        return NotAStream("The server's answer is not compressed the way it says. Is there a proxy in between?")
    return Broken("The connection broke before the reply was whole.")
