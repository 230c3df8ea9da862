"""8,000 tokens as fast as the server sends, and the lag of a token at 50 tokens/s: in Chromium."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.browser import CLOCK, INPUT, PATIENCE, Stalled, chromium, count_bytes, send, wait_for
from benchmarks.servers import Server, fake_openai, floor, ours, tutorial
from benchmarks.tables import median, table, verdict
from tests.fake_scripts import TOKENS, words_text

TOKENS_SENT = 8_000 // len(TOKENS) * len(TOKENS)  # whole rounds, so that the last words are known
LAST_WORDS = "ends here."
RUNS = 5
MOST_STALLED = 2
CLOCKED = 400  # tokens

App = Callable[[str, str], AbstractContextManager[Server]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    seconds: float
    received: int
    cpu: float
    ended: bool = True
    """Else it was waited for in vain: the figures are what there was until then, and the least that they can be."""
    stalled: int = 0
    """Runs that never came to their end; each was measured again, as long as there were few."""


def measure(app: App, base_url: str) -> Streamed:
    """Enter to the last word, in a fresh page each time; the first, which warms up, does not count."""
    runs: list[Streamed] = []
    stalled = 0
    with app(base_url, "told") as server:
        while len(runs) < RUNS + 1:
            run = _once(server)
            if run.ended:
                runs.append(run)
                continue
            stalled += 1
            if stalled > MOST_STALLED:
                return replace(run, stalled=stalled)
    counted = runs[1:]
    return Streamed(
        seconds=median([run.seconds for run in counted]),
        received=int(median([run.received for run in counted])),
        cpu=median([run.cpu for run in counted]),
        stalled=stalled,
    )


def _once(server: Server) -> Streamed:
    times = words_text(TOKENS_SENT).count(LAST_WORDS)
    with chromium() as page:
        page.goto(server.url.replace("/_stcore/health", "/"))
        page.locator(INPUT).wait_for()
        page.wait_for_timeout(1500)
        send(page, f"words:{len(TOKENS)}@0")  # a page loads its code for code blocks when it meets the first
        wait_for(page, LAST_WORDS)
        server.rest()
        found, before = count_bytes(page), server.cpu
        began = send(page, f"words:{TOKENS_SENT}@0")
        try:
            taken = wait_for(page, LAST_WORDS, times + 1) - began
        except Stalled:
            return Streamed(seconds=PATIENCE / 1000, received=found.words, cpu=server.cpu - before, ended=False)
        page.wait_for_timeout(500)
        return Streamed(seconds=taken, received=found.words, cpu=server.cpu - before)


def lag(app: App, base_url: str) -> float:
    """Milliseconds from a token's leaving the model's server to its being in the page: the median."""
    with app(base_url, f"clock:{CLOCKED}@50") as server, chromium() as page:
        page.goto(server.url.replace("/_stcore/health", "/"))
        page.locator(INPUT).wait_for()
        page.wait_for_timeout(1500)
        page.evaluate(CLOCK)
        send(page, "Go on.")
        # Not all: two tokens that leave in the same millisecond look like one.
        page.wait_for_function(f"window.lags.length >= {CLOCKED * 0.9}", timeout=60_000)
        lags: Sequence[float] = page.evaluate("window.lags")
    return median(lags)


def run() -> str:
    with fake_openai() as base_url, tempfile.TemporaryDirectory() as folder:
        apps: dict[str, App] = {
            "floor page": floor,
            "tutorial": lambda url, model: tutorial(url, model, Path(folder)),
            "ByteBot": lambda url, model: ours(url, model, Path(folder) / "data"),
        }
        found = {name: measure(app, base_url) for name, app in apps.items()}
        lags = {name: lag(app, base_url) for name, app in apps.items()}
    least, theirs, own = found["floor page"], found["tutorial"], found["ByteBot"]
    figures = table(
        f"{TOKENS_SENT:,} tokens as fast as the server sends (Chromium, median of {RUNS})",
        ["", "Enter to last word, s", "÷ floor", "received, kB", "server CPU, s", "median lag at 50 tokens/s, ms"],
        [
            [name, one.seconds, one.seconds / least.seconds, one.received / 1000, one.cpu, lags[name]]
            for name, one in found.items()
        ],
    )
    asked = table(
        "What was asked of it",
        ["", "measured (limit)"],
        [
            ["time ÷ tutorial's", verdict(own.seconds / theirs.seconds, 0.1)],
            ["time ÷ floor page's", verdict(own.seconds / least.seconds, 5)],
            ["bytes ÷ tutorial's", verdict(own.received / theirs.received, 0.01)],
            ["server CPU ÷ tutorial's", verdict(own.cpu / theirs.cpu, 0.1)],
            ["median lag at 50 tokens/s, ms", verdict(lags["ByteBot"], 60)],
        ],
    )
    stalled = [f"{one.stalled} of {name}" for name, one in found.items() if one.stalled and one.ended]
    never = [name for name, one in found.items() if not one.ended]
    note = f"Runs that never came to their end, measured again: {', '.join(stalled)}.\n\n" if stalled else ""
    if never:
        note += (
            f"Not at its end after {PATIENCE / 1000:.0f} s, so that its figures are the least: {', '.join(never)}.\n\n"
        )
    return figures + "\n" + note + asked
