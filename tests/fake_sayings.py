"""Models that say exactly what they are told to: letter by letter, in escapes, as the words of an error, or in two parts."""

import json

from tests.fake_http import Exchange
from tests.fake_strikes import reset
from tests.fake_words import SAID, TOKENS


def spell(exchange: Exchange) -> None:
    """spell:RATE: the last user message, letter by letter, RATE a second; 0: as fast as the socket takes it."""
    rate = float(exchange.argument or 0)
    letters = exchange.last_user
    exchange.begin()
    for letter in letters:
        exchange.text(letter)
        if rate:
            exchange.wait(1 / rate)
    exchange.close_properly(len(letters))


def escaped(exchange: Exchange) -> None:
    """escaped:STRING is said; a JSON string, so that it can hold what no text can, such as half a surrogate pair."""
    text, _ = json.JSONDecoder().raw_decode(exchange.argument)
    exchange.begin()
    exchange.chunk(f"data: {json.dumps(exchange.choice(content=text))}\n\n")
    exchange.close_properly(1)


def error(exchange: Exchange) -> None:
    """error:STATUS in the words of the last user message."""
    exchange.error(int(exchange.argument or 400), exchange.last_user)


def inside(exchange: Exchange) -> None:
    """A stream that breaks off with an error object, in the words of the last user message."""
    exchange.begin()
    exchange.text("So", " far")
    exchange.event({"error": {"message": exchange.last_user, "code": "odd_hiccup"}})
    exchange.done()


def torn(exchange: Exchange) -> None:
    """Breaks in the middle of its words; asked to go on, it tells the rest."""
    if exchange.request.messages[-2]["role"] != "assistant":
        return reset(exchange, "later")
    exchange.begin()
    exchange.text(*TOKENS[SAID["later"] :])
    return exchange.close_properly(len(TOKENS))


def busy(exchange: Exchange) -> None:
    """busy:SECONDS: gets too many requests, and asks to be left alone for so long."""
    exchange.error(429, "Slow down.", headers={"Retry-After": exchange.argument or "10"})


def reflects(exchange: Exchange) -> None:
    """Repeats the bare key wherever a word is free: in an error inside the stream, or with reflects:STATUS instead of one."""
    headers = exchange.request.headers
    key = headers.get("authorization", "").removeprefix("Bearer ")
    told = {"X-Request-Id": key, "X-Told": str(headers)}
    message = f"The key {key} is odd. Your headers: {headers}"
    if exchange.argument:
        return exchange.error(int(exchange.argument), message, code=key, kind=key, param=key, headers=told)
    exchange.head(headers=told)
    exchange.text("So", " far")
    exchange.event({"error": {"message": message, "type": key, "param": key, "code": key}})
    return exchange.done()
