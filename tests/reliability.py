"""Every fault at every point, through a whole turn: what a person is told, what is kept.

    python -m tests.reliability      writes docs/reliability.md anew

The same run is the test in tests/engine/test_faults.py, which also holds the page to it.
"""

import re
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from chatbot.core.endings import how_it_ended
from chatbot.core.events import CallFinished, CallStarted, Event, ReasoningDelta, TextDelta, check_grammar
from chatbot.core.money import Usage
from chatbot.core.pricing import Cost, Rate, Rates, cost
from chatbot.core.settings import Connection, Options, Secret, Timeouts
from chatbot.engine.actions import Say
from chatbot.engine.engine import Engine
from chatbot.engine.outside import Outside
from chatbot.providers.chat_completions import ChatCompletions
from chatbot.providers.provider import Provider
from chatbot.store.store import Store
from chatbot.store.values import Call, StoredMessage
from tests.fake_openai import FAULTS, FakeOpenAI

KEY = "sk-canary-0123456789abcdef"
QUICK = Timeouts(connect=1.0, first=1.0, bytes=0.7, deltas=0.9, total=20.0)
OPTIONS = Options(connection="fake", model="", system="Be kind.", temperature=0.5, max_output=512)
CASES = [(name, point) for name, fault in FAULTS.items() for point in fault.points]
PAGE = Path(__file__).parent.parent / "docs" / "reliability.md"
POINT_WORDS = {
    "connect": "instead of headers",
    "headers": "after the headers",
    "first": "after the first word",
    "later": "in the middle",
    "usage": "before the usage",
}


RATES = Rates(input=Rate(Decimal("1.25")), output=Rate(Decimal(10)), cached=Rate(Decimal("0.125")))


def dear(base_url: str, models: Sequence[str], usage: Usage, *, tier: str | None, at: datetime) -> Cost:
    """The fake server's prices: without some every reply would be local, and no sum could be wrong."""
    return cost(usage, RATES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one fault came to. `after`: how the next message of the same conversation was answered by a strict server."""

    events: list[Event]
    row: StoredMessage
    calls: list[Call]
    after: str

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def reasoning(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, ReasoningDelta))

    @property
    def attempts(self) -> int:
        return sum(isinstance(event, CallStarted) for event in self.events)

    @property
    def settled(self) -> list[str]:
        return [event.outcome for event in self.events if isinstance(event, CallFinished)]

    @property
    def sentence(self) -> str:
        """What a person reads under the reply; empty when there is nothing to say."""
        words = how_it_ended(self.row.state, error=self.row.error, limit=512, usage=self.row.usage) or ""
        return " ".join([*([words] if words else []), *self.row.notes])


def play(server: FakeOpenAI, store: Store, name: str, point: str) -> Outcome:
    """One turn against one fault, and a second one in the same conversation against a strict server."""
    fault = FAULTS[name]
    base_url = server.url(fault.address)

    def connect(at: str) -> Callable[[str], Provider]:
        connection = Connection(name="fake", base_url=at, timeouts=QUICK)
        return lambda _: ChatCompletions(connection, Secret(KEY), store.quirks)

    def engine(at: str) -> Engine:
        entry = Connection(name="fake", base_url=at, timeouts=QUICK)
        return Engine(store, Outside(connection=lambda _: entry, provider=connect(at), price=dear))

    options = replace(OPTIONS, model=f"fault:{name}:{point}")
    turn = engine(base_url).start(None, Say("Tell me twelve words."), options=options)
    events = [event for batch in turn.follow() for event in batch]
    check_grammar(events)
    strict = replace(OPTIONS, model="strict")
    again = engine(server.base_url).start(turn.conversation, Say("And now?", parent=turn.reply), options=strict)
    again.wait(20)
    rows = store.conversations.messages([turn.reply, again.reply])
    return Outcome(
        events=events,
        row=rows[turn.reply],
        calls=store.ledger.calls(reply=turn.reply),
        after=rows[again.reply].state,
    )


def line(name: str, point: str, outcome: Outcome) -> str:
    """The fault's line on the page."""
    kept = "all" if FAULTS[name].right[point].whole else f"{len(outcome.text.split())} words" if outcome.text else "—"  # type: ignore[index]
    said = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:1234", outcome.sentence).replace("|", "\\|") or "—"
    cells = [name, POINT_WORDS[point], outcome.row.state, kept, str(outcome.attempts), said]
    return "| " + " | ".join(cells) + " |"


def page(lines: dict[tuple[str, str], str]) -> str:
    parts = [
        "# How each fault ends",
        "",
        "Made by `python -m tests.reliability` from a run of a real HTTP server that plays each fault at each point where",
        "it can strike, through a whole turn; the test suite makes the same run and holds this page to it. In every case",
        "your message was stored before the request left, what arrived was kept, every attempt has its row in the ledger,",
        "and the next message of the same conversation was answered by a server that refuses badly ordered messages.",
        "",
    ]
    row = ""
    for (name, _), text in lines.items():
        if FAULTS[name].row != row:
            row = FAULTS[name].row
            parts += ["", f"## {row}", "", "| fault | strikes | reply | kept | attempts | what you read |"]
            parts += ["|---|---|---|---|---:|---|"]
        parts.append(text)
    return "\n".join([*parts, ""])


def main() -> None:
    lines = {}
    with FakeOpenAI() as server, tempfile.TemporaryDirectory() as folder:
        for name, point in CASES:
            store = Store.open(f"sqlite:///{Path(folder) / f'{name}-{point}.db'}")
            lines[name, point] = line(name, point, play(server, store, name, point))
            print(lines[name, point], file=sys.stderr)
            store.close()
    PAGE.write_text(page(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
