"""The costs page over a ledger of 100,000 calls against one of 1,000, all of them in the days that are shown."""

import random
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Page
from sqlalchemy import insert

from benchmarks.browser import chromium, wait_for
from benchmarks.servers import Server, ours
from benchmarks.tables import median, table, verdict
from chatbot.core.money import Usage
from chatbot.core.settings import Options
from chatbot.providers.rates import price
from chatbot.store.rows import cost_columns, options_to_json, usage_columns
from chatbot.store.store import Store
from chatbot.store.tables import calls, conversations, messages

RUNS = 7
LENGTHS = (1_000, 100_000)
LAST_WORDS = "What would it have cost elsewhere?"
_MODELS = ("gpt-6-luna", "gpt-5.6-luna", "gpt-4o", "gpt-5-mini")
_BASE_URL = "https://api.openai.com/v1"
_CALLS_EACH = 25  # of a conversation
_PROMPTS = ("You are a helpful assistant.", "Answer in one sentence.", "")


def fill(path: Path, length: int) -> None:
    """A ledger of so many calls since the month began, with the conversations and replies that they paid for."""
    dice = random.Random(1)
    now = datetime.now(UTC)
    begin = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    store = Store.open(f"sqlite:///{path}")
    mine = {"owner": "local"}
    ids = [f"{number:024x}" for number in range(length // _CALLS_EACH)]
    with store._database.write() as transaction:
        options = [options_to_json(Options(connection="openai", system=system)) for system in _PROMPTS]
        each = {**mine, "title_by": "words", "tag": "browser", "options": options[0], "created": begin, "updated": now}
        transaction.execute(
            insert(conversations), [{**each, "id": id, "title": f"Conversation {id[-6:]}"} for id in ids]
        )
        for start in range(0, length, 5_000):
            replies, rows = [], []
            for number in range(start + 1, min(start + 5_000, length) + 1):
                conversation, model = dice.choice(ids), dice.choice(_MODELS)
                at = begin + (now - begin) * dice.random()
                read, written = dice.randint(100, 30_000), dice.randint(10, 2_000)
                usage = Usage(
                    input_tokens=read, output_tokens=written, cached_tokens=read // 2, reasoning_tokens=written // 3
                )
                cost = price(_BASE_URL, [model], usage, tier=None, at=at)
                reply = {"id": number, "conversation": conversation, "role": "assistant", "state": "complete"}
                words = {"created": at, "options": dice.choice(options), "empty": False, "text": "Some words. " * 40}
                replies.append({**mine, **reply, **words})
                rows.append(
                    {
                        **mine,
                        "conversation": conversation,
                        "reply": number,
                        "process": "",
                        "purpose": "reply",
                        "connection": "openai",
                        "base_url": _BASE_URL,
                        "model_asked": model,
                        "outcome": "answered",
                        "started": at,
                        "input_estimate": read,
                        **usage_columns(usage),
                        "usage": {"prompt_tokens": read, "completion_tokens": written},
                        **cost_columns(cost),
                    }
                )
            transaction.execute(insert(messages), replies)
            transaction.execute(insert(calls), rows)
    store.close()


def opening(page: Page, server: Server) -> tuple[float, float]:
    """Seconds from asking for the page to its last card, and seconds of the server's CPU until it rests."""
    page.goto("about:blank")
    server.rest()
    before, began = server.cpu, time.time()
    page.goto(server.url.replace("/_stcore/health", "/costs"), wait_until="commit")
    page.wait_for_function("document.body !== null")
    opened = wait_for(page, LAST_WORDS) - began
    page.wait_for_timeout(500)
    return opened, server.cpu - before


def run() -> str:
    found: dict[int, list[tuple[float, float]]] = {length: [] for length in LENGTHS}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        servers = {}
        for length in LENGTHS:
            data = Path(folder) / str(length)
            data.mkdir()
            fill(data / "bytebot.db", length)
            servers[length] = stack.enter_context(ours("http://127.0.0.1:9/v1", "gpt-6-luna", data))
        page = stack.enter_context(chromium())
        for _ in range(RUNS + 1):
            for length, server in servers.items():
                found[length].append(opening(page, server))
    first = {length: each.pop(0) for length, each in found.items()}
    opened = {length: median([seconds for seconds, _ in each]) for length, each in found.items()}
    cpu = {length: median([seconds for _, seconds in each]) for length, each in found.items()}
    figures = table(
        f"The costs page (Chromium, median of {RUNS})",
        ["calls in the ledger", "opened, s", "server CPU, s", "first opening of a server, s", "its CPU, s"],
        [[length, opened[length], cpu[length], *first[length]] for length in LENGTHS],
    )
    few, many = LENGTHS
    asked = table(
        "What was asked of it",
        ["", "measured (limit)"],
        [
            ["opening over 100,000 ÷ 1,000 calls", verdict(opened[many] / opened[few], 1.5)],
            ["server CPU of it", verdict(cpu[many] / cpu[few], 1.5)],
        ],
    )
    return figures + "\n" + asked
