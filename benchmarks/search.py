"""Searching a large history, and what the index adds to the commit that keeps a reply.

python -m benchmarks.search 5000     the same with fewer messages, to see that it works
"""

import random
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from benchmarks.tables import median, table, verdict
from chatbot.core.settings import Options
from chatbot.store import index
from chatbot.store.lease import this_process
from chatbot.store.store import Store
from chatbot.store.tables import conversations, messages
from chatbot.store.values import Ending

MESSAGES, WORDS, EACH = 100_000, 250, 50
RUNS = 200
_QUERIES = ("one rare word", "a common word", "the beginning of words", "a phrase", "a part of words", "two characters")


def vocabulary() -> list[str]:
    """30,000 words, the first of them the commonest, as in a language."""
    letters, chance = "abcdefghijklmnopqrstuvwxyz", random.Random(1)
    return ["".join(chance.choices(letters, k=chance.randint(2, 11))) for _ in range(30_000)]


def fill(store: Store, count: int) -> list[str]:
    """So many messages of 250 words, in conversations of fifty; gives the vocabulary."""
    chance, words, moment = random.Random(2), vocabulary(), datetime.now(UTC)
    weights = [1 / (rank + 3) for rank in range(len(words))]
    for begin in range(0, count, EACH):
        id = f"{begin:024x}"
        row = {"id": id, "owner": "local", "title": words[begin % 30_000], "title_by": "words", "tag": "browser"}
        said = [
            {
                "owner": "local", "conversation": id, "role": "user" if number % 2 else "assistant",
                "state": "complete", "created": moment, "empty": False,
                "text": " ".join(chance.choices(words, weights, k=WORDS)),
            }
            for number in range(EACH)
        ]  # fmt: skip
        with store._database.write() as connection:
            connection.execute(insert(conversations).values(**row, options={}, created=moment, updated=moment))
            connection.execute(insert(messages), said)
    return words


def index_all(store: Store) -> float:
    """Seconds to index what was written past the index."""
    with store._database.write() as connection:
        index.begin_anew(connection, store._database)
    began = time.perf_counter()
    while store.search.catch_up():
        pass
    return time.perf_counter() - began


def searches(store: Store, words: list[str]) -> dict[str, float]:
    """p95 of each kind, in milliseconds."""
    chance, found = random.Random(3), {}
    for kind in _QUERIES:
        times = []
        for _ in range(RUNS):
            rare, common = words[chance.randint(10_000, 29_999)], words[chance.randint(0, 40)]
            asked = {
                "one rare word": rare,
                "a common word": common,
                "the beginning of words": rare[:4],
                "a phrase": f'"{common} {words[0]}"',
                "a part of words": rare[1:],
                "two characters": "?!",
            }[kind]
            began = time.perf_counter()
            store.search.find(asked)
            times.append((time.perf_counter() - began) * 1000)
        found[kind] = sorted(times)[int(len(times) * 0.95) - 1]
    return found


def commit(store: Store, words: list[str], *, indexed: bool) -> tuple[float, float]:
    """Milliseconds to keep a reply of 250 words, median and p99; without its index for comparison."""
    chance, times = random.Random(4), []
    options, process = Options(connection="x", model="m"), this_process()
    for number in range(RUNS):
        begun = store.turns.begin(
            conversation=None, parent=None, text="x", key=f"{indexed}{number}", options=options, process=process
        )
        ending = Ending(state="complete", text=" ".join(chance.choices(words, k=WORDS)))
        began = time.perf_counter()
        if indexed:
            store.turns.finish(begun.reply, process, ending)
        else:
            store._database.sqlite = False  # as PostgreSQL, whose index is none of the store's business
            try:
                store.turns.finish(begun.reply, process, ending)
            finally:
                store._database.sqlite = True
        times.append((time.perf_counter() - began) * 1000)
    return median(times), sorted(times)[int(len(times) * 0.99) - 1]


def run(count: int = MESSAGES) -> str:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(f"sqlite:///{Path(folder) / 'store.db'}")
        words = fill(store, count)
        reading = index_all(store)
        found = searches(store, words)
        (with_index, slowest), (without, slowest_without) = (commit(store, words, indexed=one) for one in (True, False))
        store.close()
    figures = table(
        f"Searching {count:,} messages of {WORDS} words (p95 of {RUNS})",
        ["", "ms"],
        [
            *([kind, took] for kind, took in found.items()),
            ["a commit with the index", with_index],
            ["a commit without it", without],
            ["the same, p99 with it", slowest],
            ["and without", slowest_without],
            ["indexing such a history once, in all", reading * 1000],
        ],
    )
    usual = max(took for kind, took in found.items() if kind != "two characters")
    asked = table(
        "What was asked of it",
        ["", "measured (limit)"],
        [
            ["p95 of a search by words, in ms", verdict(usual, 30)],
            ["a commit with the index ÷ without", verdict(with_index / without, 4)],
        ],
    )
    return figures + "\n" + asked


if __name__ == "__main__":
    print(run(int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES))
