"""Every way a stream can fail, and what is right."""

from dataclasses import dataclass, field

from tests.fake_http import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    row: str
    points: dict[str, Right] = field(default_factory=dict)


FAULTS: dict[str, Fault] = {}


def play_fault(exchange: Exchange) -> None:
    exchange.error(404, "no such fault")
