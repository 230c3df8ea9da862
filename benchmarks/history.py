"""A history of 100,000 messages against one of 1,000: the pages, the file that leaves, and the file that comes.

python -m benchmarks.history 5000     the same with fewer messages, to see that it works
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from playwright.sync_api import Page
from sqlalchemy import insert

from benchmarks.browser import chromium, wait_for
from benchmarks.search import EACH, fill, index_all
from benchmarks.servers import Server, ours
from benchmarks.tables import median, table, verdict
from chatbot.store.store import Store
from chatbot.store.tables import conversations, messages

FEW, MANY = 1_000, 100_000
SHORT, LONG = 100, 10_000  # messages of one conversation
RUNS = 7
AGAIN = 5  # exports and imports; their time on a busy machine says nothing of ours
_PEAK = """
import resource, sys
from chatbot.__main__ import main
status = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
sys.exit(status)
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """`seconds` until the command said what it has done; `whole` until its end: an import is indexed after it is stored."""

    seconds: float
    whole: float
    megabytes: float


def command(data: Path, *words: str, whole: bool = True) -> Ran:
    """A command of the terminal's in a process of its own: its time, and its memory at its peak. Not `whole`: it is
    ended once it has said what it did.
    """
    env = {**os.environ, "BYTEBOT_DATA_DIR": str(data), "BYTEBOT_DATABASE_URL": f"sqlite:///{data}/bytebot.db"}
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", _PEAK, *words], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert child.stderr is not None
    lines, done = [], 0.0
    for line in child.stderr:
        lines.append(line)
        if line.startswith(("Imported", "Wrote")):
            done = time.perf_counter() - began
            if not whole:
                child.kill()
                child.wait()
                return Ran(done, done, 0.0)
    assert child.wait() == 0, lines
    return Ran(done, time.perf_counter() - began, int(lines[-1]) / 1024)


def usual(data: Path, *words: str) -> Ran:
    """The same command several times: the run in the middle by its time."""
    ran = sorted((command(data, *words) for _ in range(AGAIN)), key=lambda one: one.seconds)
    return ran[AGAIN // 2]


def imported(folder: Path, file: Path) -> Ran:
    """An import into a new history each time: the middle of its times, and one that was indexed to its end."""
    times, whole = [], Ran(0.0, 0.0, 0.0)
    for number in range(AGAIN):
        data = folder / str(number)
        data.mkdir(parents=True)
        last = number == AGAIN - 1
        whole = command(data, "import", str(file), whole=last)
        times.append(whole.seconds)
        if not last:
            shutil.rmtree(data)
    return replace(whole, seconds=median(times))


def one_long(store: Store, id: str, length: int) -> None:
    """A conversation of so many messages in one row, each below the one before."""
    lines = store.conversations.lines(limit=1)
    now = lines[0].updated
    row = {"id": id, "owner": "local", "title": f"One of {length}", "title_by": "words", "tag": "browser"}
    with store._database.write() as transaction:
        above = None
        transaction.execute(insert(conversations).values(**row, options={}, created=now, updated=now))
        said = {"owner": "local", "conversation": id, "state": "complete", "created": now, "empty": False}
        for number in range(length):
            role, text = ("assistant", "Some words. " * 60) if number % 2 else ("user", "Some words.")
            made = transaction.execute(insert(messages).values(**said, role=role, text=text, parent=above))
            above = made.inserted_primary_key[0]  # type: ignore[index]
        transaction.execute(conversations.update().where(conversations.c.id == id).values(head=above))


def opened(page: Page, server: Server, path: str, words: str) -> float:
    """Seconds from asking for a page to the words that come last on it."""
    page.goto("about:blank")
    server.rest()
    began = time.time()
    page.goto(server.url.replace("/_stcore/health", path), wait_until="commit")
    page.wait_for_function("document.body !== null")
    return wait_for(page, words) - began


def typed(page: Page, server: Server, words: list[str]) -> float:
    """Milliseconds from the last key to the hit on the page, the median; each time other words."""
    page.goto(server.url.replace("/_stcore/health", "/"))
    field = page.get_by_placeholder("Search everything said").first
    field.wait_for()
    page.wait_for_timeout(1000)
    times = []
    for word in words:
        field.fill(word[:-1])
        page.wait_for_timeout(700)
        began = time.time()
        field.press_sequentially(word[-1])
        # Found words are bold, whole as they were typed.
        page.wait_for_function(
            "word => [...document.querySelectorAll('.st-key-found strong')].some(one => one.textContent === word)",
            arg=word,
            polling=10,
        )
        times.append((time.time() - began) * 1000)
    return median(times)


def run(many: int = MANY) -> str:
    found: dict[str, dict[int, list[float]]] = {"/": {}, "/history": {}}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        servers, stores = {}, {}
        for length in (FEW, many):
            data = Path(folder) / str(length)
            data.mkdir()
            store = Store.open(f"sqlite:///{data}/bytebot.db")
            words = fill(store, length)
            one_long(store, "f" * 24, SHORT if length == FEW else LONG)
            index_all(store)
            store.close()
            stores[length] = data
            servers[length] = stack.enter_context(ours("http://127.0.0.1:9/v1", "m", data))
        page = stack.enter_context(chromium())
        last = {"/": "One of", "/history": "One of"}
        for _ in range(RUNS + 1):
            for length, server in servers.items():
                for path, word in last.items():
                    found[path].setdefault(length, []).append(opened(page, server, path, word))
        chats: dict[int, list[float]] = {length: [] for length in servers}
        for _ in range(RUNS + 1):
            for length, server in servers.items():
                chats[length].append(opened(page, server, f"/?c={'f' * 24}", "Some words. Some words."))
        shown = typed(page, servers[many], [word for word in words[12_000:20_000] if len(word) > 6][:RUNS])
        files = Path(folder)
        export = usual(stores[many], "export", str(files / "all.json"), "--replace")
        chatgpt = usual(stores[many], "export", str(files / "theirs.json"), "--format", "chatgpt", "--replace")
        there = imported(files / "new", files / "theirs.json")
        back = imported(files / "own", files / "all.json")
    total = many + LONG

    def middle(times: dict[int, list[float]], length: int) -> float:
        return median(times[length][1:])

    figures = table(
        f"A history of {total:,} messages of 250 words, {EACH} to a conversation (Chromium, median of {RUNS})",
        ["", f"at {FEW:,} messages", f"at {many:,}"],
        [
            ["the chat page with its list, s", middle(found["/"], FEW), middle(found["/"], many)],
            ["the history page, s", middle(found["/history"], FEW), middle(found["/history"], many)],
            [f"a conversation of {SHORT:,}, of {LONG:,} messages, s", middle(chats, FEW), middle(chats, many)],
        ],
    )
    rates = table(
        "Files",
        ["", "seconds", "messages/s", "with the index, s", "memory, MB"],
        [
            [name, ran.seconds, total / ran.seconds, ran.whole, ran.megabytes]
            for name, ran in (
                ("export of all as JSON", export),
                ("export of all as ChatGPT's", chatgpt),
                ("import of the ChatGPT export", there),
                ("import of the JSON", back),
            )
        ],
    )
    asked = table(
        "What was asked of it",
        ["", "measured (limit)"],
        [
            [
                "the chat page with its list, many ÷ few",
                verdict(middle(found["/"], many) / middle(found["/"], FEW), 1.3),
            ],
            [
                "the history page, many ÷ few",
                verdict(middle(found["/history"], many) / middle(found["/history"], FEW), 1.3),
            ],
            [f"a conversation of {LONG:,} ÷ {SHORT:,}", verdict(middle(chats, many) / middle(chats, FEW), 1.5)],
            ["typed to shown, ms", verdict(shown, 300)],
            [
                "export, the slower of the two: 20,000 messages/s ÷ measured",
                verdict(20_000 / (total / max(export.seconds, chatgpt.seconds)), 1),
            ],
            ["ChatGPT import: 5,000 messages/s ÷ measured", verdict(5_000 / (total / there.seconds), 1)],
            [
                "memory at its peak, MB",
                verdict(max(one.megabytes for one in (export, chatgpt, there, back)), 300),
            ],
        ],
    )
    return "\n".join((figures, rates, asked))


if __name__ == "__main__":
    print(run(int(sys.argv[1]) if len(sys.argv) > 1 else MANY))
