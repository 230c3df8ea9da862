"""Twenty replies at once, each at 50 tokens/s, watched by twenty raw websocket clients."""

import tempfile
import threading
import time
from pathlib import Path

from benchmarks.servers import Server, fake_openai, ours, tutorial
from benchmarks.tables import median, table, verdict
from benchmarks.websocket import Client

CLIENTS = 20
TOKENS_SENT, RATE = 300, 50
MODEL = f"words:{TOKENS_SENT}@{RATE}"
IDEAL = TOKENS_SENT / RATE


def measure(server: Server) -> tuple[float, float, float]:
    """Seconds from the first word to the last of the median and of the slowest client; CPU seconds of the server."""
    url = server.url.replace("/_stcore/health", "/")
    warm = Client(url)
    warm.say("Warm up.")
    warm.read_until_idle()
    warm.close()
    clients = [Client(url) for _ in range(CLIENTS)]
    took: list[float] = []
    server.rest()
    before = server.cpu

    def one(client: Client) -> None:
        began = client.say("Go on.")
        took.append(client.read_until_idle() - began)

    threads = [threading.Thread(target=one, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    time.sleep(0.5)
    used = server.cpu - before
    for client in clients:
        client.close()
    return median(took), max(took), used


def run() -> str:
    with fake_openai() as base_url, tempfile.TemporaryDirectory() as folder:
        with tutorial(base_url, MODEL, Path(folder)) as server:
            theirs = measure(server)
        with ours(base_url, MODEL, Path(folder) / "data") as server:
            own = measure(server)
    figures = table(
        f"{CLIENTS} replies at once at {RATE} tokens/s ({TOKENS_SENT} tokens: {IDEAL:g} s at best)",
        ["", "median, s", "slowest, s", "server CPU, s"],
        [["tutorial", *theirs], ["ByteBot", *own]],
    )
    asked = table(
        "What was asked of it",
        ["", "measured (limit)"],
        [
            ["slowest reply ÷ the best possible", verdict(own[1] / IDEAL, 1.1)],
            ["server CPU ÷ tutorial's", verdict(own[2] / theirs[2], 0.5)],
        ],
    )
    return figures + "\n" + asked
