"""Answers whose words are right and whose bytes are unusual: dialects of SSE, compression, other content types."""

import zlib

from tests.fake_http import Exchange, dumps
from tests.fake_words import SAID, TOKENS, WORDS, Play

DIALECTS = (
    "ping",
    "retry",
    "id",
    "empty-data",
    "comments",
    "crlf",
    "cr",
    "no-space",
    "bom",
    "split",
    "split-pair",
    "no-last-blank",
    "no-done",
    "named",
    "late-text",
)


def body_of(exchange: Exchange) -> list[str]:
    """The whole stream's events, as strings."""
    lines = [f"data: {dumps(exchange.choice(role='assistant', content=''))}\n\n"]
    lines += [exchange.text_event(token) for token in TOKENS]
    lines.append(f"data: {dumps(exchange.choice(finish='stop'))}\n\n")
    return [*lines, "data: [DONE]\n\n"]


_BETWEEN = {
    "ping": 'event: ping\ndata: {"type": "ping"}\n\n',
    "retry": "retry: 3000\n\n",
    "id": "id: 17\n\n",
    "empty-data": "data:\n\ndata: \n\n",
    "comments": ": OPENROUTER PROCESSING\n\n: \n:\n",
}


def dialect(name: str) -> Play:
    """The twelve words in one dialect of server-sent events."""

    def play(exchange: Exchange, point: str) -> None:
        exchange.head(content_type="text/event-stream")
        for block in _blocks(exchange, name):
            exchange.chunk(block)
        exchange.end()

    return play


def _blocks(exchange: Exchange, name: str) -> list[bytes]:
    events = body_of(exchange)
    if name in _BETWEEN:
        events = [piece for event in events for piece in (_BETWEEN[name], event)]
    elif name == "crlf":
        events = [event.replace("\n", "\r\n") for event in events]
    elif name == "cr":
        events = [event.replace("\n", "\r") for event in events]
    elif name == "no-space":
        events = [event.replace("data: ", "data:", 1) for event in events]
    elif name == "bom":
        events[0] = "\ufeff" + events[0]
    elif name == "no-last-blank":
        events = [*events[:-2], events[-2].rstrip("\n")]
    elif name == "no-done":
        events = events[:-1]
    elif name == "named":
        events = ["event: message\n" + event for event in events]
    elif name == "late-text":  # the finish reason comes with the last word, not after it
        last = exchange.choice(finish="stop", content=TOKENS[-1])
        events = [*events[:-3], f"data: {dumps(last)}\n\n", events[-1]]
    elif name == "split":  # byte by byte, in the middle of characters
        events.insert(len(TOKENS) + 1, exchange.text_event(" – café, 日本語, 🙂"))
        return [bytes([byte]) for byte in "".join(events).encode()]
    if name == "split-pair":  # an emoji as two JSON escapes in two events, which servers do that cut by token
        pair = [exchange.text_event("?").replace('"?"', f'"{half}"') for half in ("\\ud83d", "\\ude00")]
        events[len(TOKENS)] = exchange.text_event(TOKENS[-1]) + pair[0]
        events[len(TOKENS) + 1] = pair[1] + events[len(TOKENS) + 1]
        return [event.encode() for event in events]
    return [event.encode() for event in events]


def line_separators(exchange: Exchange, point: str) -> None:
    """Characters that Python calls line ends and SSE does not, raw inside the JSON."""
    exchange.begin()
    exchange.text(*TOKENS, "\u2028\u0085\x0b\x0c\u2029 and an end")
    exchange.close_properly(len(TOKENS) + 1)


def json_answer(exchange: Exchange, point: str) -> None:
    message = {"role": "assistant", "content": " ".join(WORDS), "refusal": None}
    whole = exchange.choice() | {
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": exchange.usage_object(len(TOKENS)),
    }
    exchange.json(200, whole)


def json_error(exchange: Exchange, point: str) -> None:
    exchange.error(200, "The model does not exist.", code="model_not_found")


def no_content(exchange: Exchange, point: str) -> None:
    exchange.head(204, content_type=None)


def empty_body(exchange: Exchange, point: str) -> None:
    exchange.head(200, length=0)


def _gzipped(data: bytes, *, whole: bool) -> bytes:
    packer = zlib.compressobj(wbits=31)
    return packer.compress(data) + packer.flush(zlib.Z_FINISH if whole else zlib.Z_SYNC_FLUSH)


def gzip_whole(exchange: Exchange, point: str) -> None:
    exchange.head(headers={"Content-Encoding": "gzip"})
    exchange.chunk(_gzipped("".join(body_of(exchange)).encode(), whole=True))
    exchange.end()


def gzip_cut(exchange: Exchange, point: str) -> None:
    """Good compressed words, and then the compressed stream simply stops."""
    exchange.head(headers={"Content-Encoding": "gzip"})
    exchange.chunk(_gzipped("".join(body_of(exchange)[: SAID[point] + 1]).encode(), whole=False))
    exchange.end()


def gzip_false(exchange: Exchange, point: str) -> None:
    """Said to be compressed, and is not."""
    exchange.head(headers={"Content-Encoding": "gzip"})
    exchange.chunk("".join(body_of(exchange)))
    exchange.end()
