"""Twenty replies at once, each at 50 tokens/s, watched by twenty raw websocket clients."""

import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import Server, fake_openai, ours, tutorial
from benchmarks.tables import median, table, verdict
from benchmarks.websocket import Client
from tests.fake_openai import words_text

CLIENTS = 20
TOKENS_SENT, RATE = 300, 50
MODEL = f"words:{TOKENS_SENT}@{RATE}"
FIRST_WORD = words_text(1).split()[0]
IDEAL = TOKENS_SENT / RATE


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds: from Enter to the first text and to the last, and between these two, of each client; the server's CPU."""

    first: list[float]
    whole: list[float]
    flow: list[float]
    cpu: float


def measure(server: Server) -> Measured:
    url = server.url.replace("/_stcore/health", "/")
    warm = Client(url)
    warm.say("Warm up.")
    warm.read_until_idle()
    warm.close()
    clients = [Client(url) for _ in range(CLIENTS)]
    first: list[float] = []
    whole: list[float] = []
    flow: list[float] = []
    server.rest()
    before = server.cpu

    def one(client: Client) -> None:
        began = client.say("Go on.")
        last = client.read_until_idle()
        spoke = next(at for at, text in client.arrived if text.startswith(FIRST_WORD))
        first.append(spoke - began)
        whole.append(last - began)
        flow.append(last - spoke)

    threads = [threading.Thread(target=one, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    time.sleep(0.5)
    used = server.cpu - before
    assert len(whole) == CLIENTS, "a client lost its reply"
    for client in clients:
        client.close()
    return Measured(first, whole, flow, used)


def run() -> str:
    with fake_openai() as base_url, tempfile.TemporaryDirectory() as folder:
        with tutorial(base_url, MODEL, Path(folder)) as server:
            theirs = measure(server)
        with ours(base_url, MODEL, Path(folder) / "data") as server:
            own = measure(server)
    figures = table(
        f"{CLIENTS} replies at once at {RATE} tokens/s ({TOKENS_SENT} tokens: {IDEAL:g} s at best)",
        ["", "first text, median s", "slowest", "whole, median s", "slowest", "server CPU, s"],
        [
            [name, median(got.first), max(got.first), median(got.whole), max(got.whole), got.cpu]
            for name, got in (("tutorial", theirs), ("ByteBot", own))
        ],
    )
    asked = table(
        "What was asked of it",
        ["", "measured (limit)"],
        [
            ["slowest first text to last ÷ the server's own pace", verdict(max(own.flow) / IDEAL, 1.1)],
            ["server CPU ÷ tutorial's", verdict(own.cpu / theirs.cpu, 0.5)],
        ],
    )
    return figures + "\n" + asked
