"""A conversation of 1,000 messages against one of 20: opening it, and send to first token. Memory over 50 turns."""

import tempfile
import time
import uuid
from pathlib import Path

from playwright.sync_api import Page

from benchmarks.browser import chromium, send, wait_for
from benchmarks.servers import Server, fake_openai, ours, tutorial
from benchmarks.tables import median, table, verdict
from benchmarks.websocket import Client
from chatbot.core.settings import Options
from chatbot.store.lease import this_process
from chatbot.store.store import Store
from chatbot.store.values import Ending

RUNS = 5
MODEL = "words:200@0"
FIRST_WORDS = "A short answer"
LENGTHS = (20, 1_000)


def fill(store: Store, messages: int) -> str:
    """A conversation of so many messages; gives its id."""
    process, parent, conversation = this_process(), None, None
    options = Options(connection="openai", model=MODEL)
    for turn in range(messages // 2):
        begun = store.turns.begin(
            conversation=conversation,
            parent=parent,
            text=f"Message {turn}. " + "Some words of it. " * 20,
            key=uuid.uuid4().hex,
            options=options,
            process=process,
        )
        conversation, parent = begun.conversation, begun.reply
        words = f"Reply {turn}, in **Markdown**. " + "Some words of it. " * 60
        store.turns.finish(begun.reply, process, Ending(state="complete", text=words))
    assert conversation is not None
    return conversation


def opening(page: Page, url: str, last_words: str) -> float:
    """Seconds from asking for the page to its last message being there."""
    page.goto("about:blank")
    began = time.time()
    page.goto(url, wait_until="commit")
    page.wait_for_function("document.body !== null")
    return wait_for(page, last_words) - began


def first_token(page: Page, server: Server) -> float:
    """Seconds from Enter to the first words of the reply."""
    before = int(page.evaluate(f"document.body.textContent.split({FIRST_WORDS!r}).length - 1"))
    server.rest()
    began = send(page, "Go on.")
    first = wait_for(page, FIRST_WORDS, before + 1)
    page.wait_for_timeout(1500)
    return first - began


def measure_ours(base_url: str, data: Path) -> dict[int, tuple[float, float]]:
    store = Store.open(f"sqlite:///{data / 'bytebot.db'}")
    found: dict[int, tuple[list[float], list[float]]] = {length: ([], []) for length in LENGTHS}
    conversations = {length: [fill(store, length) for _ in range(RUNS + 1)] for length in LENGTHS}
    store.close()
    with ours(base_url, MODEL, data) as server, chromium() as page:
        for run in range(RUNS + 1):
            for length in LENGTHS:
                url = f"{_root(server)}?c={conversations[length][run]}"
                opened = opening(page, url, f"Reply {length // 2 - 1},")
                token = first_token(page, server)
                if run:
                    found[length][0].append(opened)
                    found[length][1].append(token)
    return {length: (median(opened), median(token)) for length, (opened, token) in found.items()}


def measure_tutorial(base_url: str, folder: Path) -> dict[int, tuple[float, float]]:
    found = {}
    for length in LENGTHS:
        with tutorial(base_url, MODEL, folder, messages=length) as server, chromium() as page:
            opened, token = [], []
            for _ in range(3):
                opened.append(opening(page, _root(server), f"Message {length - 1}."))
                token.append(first_token(page, server))
        found[length] = (median(opened), median(token))
    return found


def memory(server: Server) -> tuple[float, float]:
    """MB after 5 turns and after 50, in one session."""
    client, after = Client(_root(server)), []
    for turn in range(1, 51):
        client.say(f"Turn {turn}")
        client.read_until_idle()
        if turn in (5, 50):
            time.sleep(1)
            after.append(server.memory)
    client.close()
    return after[0], after[1]


def run() -> str:
    with fake_openai() as base_url, tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        data.mkdir()
        own, theirs = measure_ours(base_url, data), measure_tutorial(base_url, Path(folder))
        with ours(base_url, MODEL, Path(folder) / "memory") as server:
            own_memory = memory(server)
        with tutorial(base_url, MODEL, Path(folder)) as server:
            their_memory = memory(server)
    rows = [
        [name, *(found[length][at] for at in (0, 1) for length in LENGTHS), *used]
        for name, found, used in (("tutorial", theirs, their_memory), ("ByteBot", own, own_memory))
    ]
    head = ["", "open 20, s", "open 1,000, s", "first token at 20, s", "at 1,000, s", "MB after 5 turns", "after 50"]
    figures = table(f"A long conversation (Chromium, median of {RUNS})", head, rows)
    asked = table(
        "What was asked of it",
        ["", "measured (limit)"],
        [
            ["opening 1,000 ÷ 20 messages", verdict(own[1_000][0] / own[20][0], 1.3)],
            ["first token at 1,000 ÷ 20 messages", verdict(own[1_000][1] / own[20][1], 1.3)],
            ["memory after 50 ÷ 5 turns", verdict(own_memory[1] / own_memory[0], 1.1)],
        ],
    )
    return figures + "\n" + asked


def _root(server: Server) -> str:
    return server.url.replace("/_stcore/health", "/")
