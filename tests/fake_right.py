"""What is right when a stream fails: the words of the table of faults."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from tests.fake_http import Exchange
from tests.fake_words import WORDS, answer

Point = Literal["connect", "headers", "first", "later", "usage"]
POINTS: tuple[Point, ...] = ("connect", "headers", "first", "later", "usage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What is right: the reply's end state, the error's class name, the numbers of attempts that may be made with our
    patience (three retries), and how many of WORDS are kept, from the first on."""

    state: str
    kind: str | None = None
    attempts: tuple[int, ...] = (1,)
    words: int = 0
    reasoning: str = ""

    @property
    def text(self) -> str:
        """What the kept text is, or, where the server went on, what it begins with."""
        return " ".join(WORDS[: self.words])

    @property
    def whole(self) -> bool:
        return self.words == len(WORDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`row` is the row of the table of faults, in words. `address`: not played by a script; connect to
    `server.url(address)` instead. `more`: other words follow WORDS, so that the text only begins with them."""

    row: str
    right: Mapping[Point, Right]
    play: Callable[[Exchange, str], None] = answer
    address: str = ""
    more: bool = False

    @property
    def points(self) -> tuple[Point, ...]:
        return tuple(point for point in POINTS if point in self.right)


ALL = len(WORDS)
WHOLE = Right(state="complete", words=ALL)
HEALED = Right(state="complete", words=ALL, attempts=(2,))
NO_STREAM = Right(state="failed", kind="NotAStream")


def failed(kind: str, *attempts: int) -> Right:
    return Right(state="failed", kind=kind, attempts=attempts or (1,))


def torn(kind: str, *points: Point, before: Right | None = None) -> dict[Point, Right]:
    """Right for a fault that ends the stream where it strikes: cut, with the words that came."""
    everywhere: dict[Point, Right] = {
        "connect": failed("NoAnswer"),
        "headers": before or failed(kind),
        "first": Right(state="cut", kind=kind, words=1),
        "later": Right(state="cut", kind=kind, words=6),
        "usage": WHOLE,
    }
    return {point: everywhere[point] for point in points}


def whole(*points: Point) -> dict[Point, Right]:
    return dict.fromkeys(points, WHOLE)


def at(point: Point, right: Right) -> dict[Point, Right]:
    return {point: right}
