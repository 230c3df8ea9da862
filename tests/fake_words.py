"""The twelve words that every fault tells, so that a test can say which of them must have been kept."""

from collections.abc import Callable

from tests.fake_http import Exchange

WORDS = ("alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo", "lima")
TOKENS = (WORDS[0], *(f" {word}" for word in WORDS[1:]))
SAID = {"connect": 0, "headers": 0, "first": 1, "later": 6, "usage": len(TOKENS)}

Play = Callable[[Exchange, str], None]


def until(exchange: Exchange, point: str) -> None:
    """Everything that a good server says before the point."""
    if point == "connect":
        return
    exchange.begin()
    exchange.text(*TOKENS[: SAID[point]])
    if point == "usage":
        exchange.finish()


def after(exchange: Exchange, point: str) -> None:
    """Everything that a good server says from the point on."""
    exchange.text(*TOKENS[SAID[point] :])
    if point != "usage":
        exchange.finish()
    exchange.usage(len(TOKENS))
    exchange.done()


def answer(exchange: Exchange, point: str = "headers") -> None:
    """No fault at all."""
    until(exchange, "headers")
    after(exchange, "headers")
