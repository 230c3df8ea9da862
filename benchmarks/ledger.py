"""What the ledger costs a chat: the sidebar's sums over a long one, and pricing a reply beside the commit that keeps it."""

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.costs import LENGTHS, fill
from benchmarks.tables import median, table, verdict
from chatbot.core.events import CallFinished
from chatbot.core.money import Usage
from chatbot.engine.prices import prices_of
from chatbot.home.home import Home
from chatbot.store.lease import this_process
from chatbot.store.spent import add_up_anew
from chatbot.store.store import Store

RUNS = 200


def took(act: Callable[[], object]) -> float:
    """Milliseconds, the median of many."""
    act()
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        act()
        times.append((time.perf_counter() - began) * 1000)
    return median(times)


def sidebar(store: Store) -> float:
    """The three sums that stand beside every chat, and its limits."""
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    conversation = f"{0:024x}"

    def look() -> None:
        store.ledger.total(conversation=conversation)
        store.ledger.total(since=today)
        store.ledger.total(since=today.replace(day=1))
        store.ledger.budgets.standings(conversation=conversation, model="gpt-6-luna")

    return took(look)


def run() -> str:
    usage = Usage(input_tokens=12_340, cached_tokens=10_240, output_tokens=412)
    sums: dict[int, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for length in LENGTHS:
            path = Path(folder) / f"{length}.db"
            fill(path, length)
            store = Store.open(f"sqlite:///{path}")
            add_up_anew(store._database)
            store.ledger.budgets.set("month", 10**13)
            sums[length] = sidebar(store)
        home = Home.open({"BYTEBOT_DATA_DIR": folder}, cwd=Path(folder))
        price = prices_of(home)

        def pricing() -> object:
            at = datetime.now(UTC)
            return price("https://api.openai.com/v1", ("gpt-6-luna",), usage, tier=None, at=at)

        def commit() -> object:
            call = store.ledger.sent(
                conversation=None, reply=None, purpose="reply", connection="openai",
                base_url="https://api.openai.com/v1", model="gpt-6-luna", input_estimate=1, process=this_process(),
            )  # fmt: skip
            return store.ledger.settle(call, CallFinished(outcome="answered", usage=usage))

        priced, committed = took(pricing), took(commit) / 2  # recorded, then settled: two commits
        store.close()
    few, many = LENGTHS
    figures = table(
        f"The ledger (median of {RUNS})",
        ["", "ms"],
        [
            *([f"the sidebar's sums and limits over {length:,} calls", sums[length]] for length in LENGTHS),
            ["pricing one reply", priced],
            ["one commit", committed],
        ],
    )
    asked = table(
        "What was asked of it",
        ["", "measured (limit)"],
        [
            ["the sidebar's sums over 100,000 ÷ 1,000 calls", verdict(sums[many] / sums[few], 1.5)],
            ["pricing ÷ a commit", verdict(priced / committed, 0.1)],
        ],
    )
    return figures + "\n" + asked
