"""Models that say exactly what they are told to: letter by letter, in escapes, or as the words of an error."""

import json

from tests.fake_http import Exchange


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
