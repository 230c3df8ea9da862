"""How a stream breaks, stalls and stumbles, byte by byte. A player gets the exchange and the point to strike at."""

from typing import Any

from tests.fake_http import Exchange
from tests.fake_words import SAID, TOKENS, Play, after, answer, until

# ── the connection ─────────────────────────────────────────────────────────────────────────────────────────────────


def reset(exchange: Exchange, point: str) -> None:
    until(exchange, point)
    exchange.reset()


def hang_up(exchange: Exchange, point: str) -> None:
    """Closed properly by TCP, but not by HTTP: the last chunk is missing."""
    until(exchange, point)
    exchange.hang_up()


def not_http(exchange: Exchange, point: str) -> None:
    exchange.raw(b"220 mail.example ESMTP ready\r\n\r\n")
    exchange.hang_up()


def short_body(exchange: Exchange, point: str) -> None:
    """Fewer bytes than Content-Length promised."""
    exchange.head(length=1_000_000)
    exchange.text(*TOKENS[: SAID[point]])
    if point == "usage":
        exchange.finish()
    exchange.hang_up()


def clean_end(exchange: Exchange, point: str) -> None:
    """Everything is well-formed; only the finish reason never came."""
    until(exchange, point)
    exchange.end()


def stall(exchange: Exchange, point: str) -> None:
    until(exchange, point)
    exchange.wait(3600)


def stall_comments(exchange: Exchange, point: str) -> None:
    until(exchange, point)
    while True:
        exchange.chunk(": keep-alive\n\n")
        exchange.wait(0.05)


# ── odd events in a stream that goes on ────────────────────────────────────────────────────────────────────────────


def extra(name: str) -> Play:
    """One event in an odd shape, between good ones."""

    def play(exchange: Exchange, point: str) -> None:
        odd: dict[str, Any] = exchange.choice()
        if name == "choices-empty":
            odd["choices"] = []
        elif name == "choices-missing":
            del odd["choices"]
        elif name == "choices-null":
            odd["choices"] = None
        elif name == "delta-null":
            odd["choices"][0]["delta"] = None
        elif name == "delta-missing":
            del odd["choices"][0]["delta"]
        elif name == "content-int":
            odd["choices"][0]["delta"] = {"content": 42}
        else:
            odd["choices"] = exchange.choice(index=1, content="another answer")["choices"] * 2
        until(exchange, point)
        exchange.event(odd)
        after(exchange, point)

    return play


def usage(where: str) -> Play:
    def play(exchange: Exchange, point: str) -> None:
        counted = exchange.usage_object(len(TOKENS))
        exchange.begin()
        for number, token in enumerate(TOKENS, start=1):
            chunk = exchange.choice(content=token)
            if where == "every":
                chunk["usage"] = counted | {"completion_tokens": number}
            if where == "in-content" and token is TOKENS[-1]:
                chunk["usage"] = counted
            exchange.event(chunk)
        exchange.finish()
        if where == "last":
            exchange.event(exchange.choice() | {"choices": [], "usage": counted})
        if where == "null":
            exchange.event(exchange.choice() | {"choices": [], "usage": None})
        exchange.done()

    return play


def empty(reason: str, *, thinks: bool = False) -> Play:
    def play(exchange: Exchange, point: str) -> None:
        exchange.begin()
        for word in ("Let", " me", " think.") if thinks else ():
            exchange.event(exchange.choice(reasoning_content=word))
        exchange.close_properly(0, reason)

    return play


def finish(reason: str | None) -> Play:
    def play(exchange: Exchange, point: str) -> None:
        exchange.begin()
        exchange.text(*TOKENS)
        exchange.finish(reason)
        exchange.usage(len(TOKENS))
        exchange.done()

    return play


def refusal(exchange: Exchange, point: str) -> None:
    exchange.begin()
    for token in TOKENS:
        exchange.event(exchange.choice(refusal=token))
    exchange.close_properly(len(TOKENS))


def content_list(exchange: Exchange, point: str) -> None:
    exchange.begin()
    for token in TOKENS:
        parts = [{"type": "text", "text": token[:2]}, {"type": "image_url", "image_url": {"url": "data:,"}}]
        exchange.event(exchange.choice(content=[*parts, {"type": "text", "text": token[2:]}]))
    exchange.close_properly(len(TOKENS))


def no_role(exchange: Exchange, point: str) -> None:
    exchange.head()
    for token in TOKENS:
        exchange.event({"choices": [{"delta": {"content": token}}]})
    exchange.event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    exchange.done()


def reasoning(name: str) -> Play:
    def play(exchange: Exchange, point: str) -> None:
        exchange.begin()
        for word in ("Let", " me", " think."):
            exchange.event(exchange.choice(**{name: word}))
        after(exchange, "headers")

    return play


# ── errors inside a stream ─────────────────────────────────────────────────────────────────────────────────────────


def error_object(code: str, *, heals: bool = False) -> Play:
    def play(exchange: Exchange, point: str) -> None:
        if heals and exchange.attempt > 1:
            return answer(exchange)
        until(exchange, point)
        exchange.event({"error": {"message": "Something went wrong.", "type": code, "param": None, "code": code}})
        return exchange.done()

    return play


def error_event(exchange: Exchange, point: str) -> None:
    until(exchange, point)
    exchange.chunk('event: error\ndata: {"message": "The machine caught fire.", "code": "odd_hiccup"}\n\n')
    exchange.end()


def finish_error(exchange: Exchange, point: str) -> None:
    until(exchange, point)
    exchange.finish("error")
    exchange.done()


def garbage(data: bytes) -> Play:
    def play(exchange: Exchange, point: str) -> None:
        until(exchange, point)
        exchange.chunk(data)
        after(exchange, point)

    return play


def long_line(exchange: Exchange, point: str) -> None:
    until(exchange, point)
    for _ in range(40):
        exchange.chunk(b"data: " + b"x" * 60_000 if _ == 0 else b"x" * 60_000)
    exchange.wait(3600)


def endless(exchange: Exchange, point: str) -> None:
    until(exchange, "headers")
    exchange.text(*TOKENS)
    more = exchange.text_event(" and on" * 500)
    while True:
        exchange.chunk(more)
