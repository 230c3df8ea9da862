"""What a killed process had promised, and whether the store has kept it."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatbot.core.messages import LIVE
from chatbot.core.tokens import rough
from chatbot.store.lease import this_process
from chatbot.store.store import Store

ROOT = Path(__file__).parent.parent.parent
DRAFTED_AFTER = 1.0  # seconds; what a watcher saw longer ago than this must be in the store


@dataclass
class Victim:
    """The child and what it has said."""

    process: subprocess.Popen[str]
    lines: list[dict[str, Any]] = field(default_factory=list)
    ready: threading.Event = field(default_factory=threading.Event)
    killed_at: float = 0.0

    def kill(self) -> None:
        self.killed_at = time.time()
        self.process.kill()
        self.process.wait(10)

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with contextlib.suppress(ValueError):  # the last line may be half a line
                self.lines.append(json.loads(line))
                self.ready.set()

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["kind"] == kind]


@contextlib.contextmanager
def victim(database: str, base_url: str, seed: int) -> Iterator[Victim]:
    command = [sys.executable, "-m", "tests.crash.child", database, base_url, str(seed)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    found = Victim(process)
    reader = threading.Thread(target=found.read, daemon=True)
    reader.start()
    try:
        assert found.ready.wait(30), "the child never began"
        yield found
    finally:
        process.kill()
        process.wait(10)
        reader.join(5)
        assert process.stdout is not None
        process.stdout.close()


def check(store: Store, found: Victim, calls_made: int) -> None:
    """Every promise, after recovery. `calls_made`: requests that reached the server."""
    recovered = store.turns.recover(this_process(), rough)
    assert store.turns.recover(this_process(), rough) == [], "recovering twice recovers nothing twice"
    lines = {line["reply"]: line for line in found.told("began")}
    rows = store.conversations.messages(lines)

    said = {}
    for reply, line in lines.items():
        assert reply in rows, "a reply that began is there"
        if line["said"] is not None:
            said[rows[reply].parent] = line["said"]
    users = store.conversations.messages(said)
    assert {id: row.text for id, row in users.items()} == said, "every word that was taken is there"

    for line in found.told("ended"):
        row = rows[line["reply"]]
        assert (row.state, row.text) == (line["state"], line["text"]), "an end that was seen is stored"
    for line in found.told("saw"):
        row = rows[line["reply"]]
        if line["at"] < found.killed_at - DRAFTED_AFTER:
            assert row.text.startswith(line["text"]), "what was seen a second before is stored"
        elif not row.text.startswith(line["text"]):
            assert line["text"].startswith(row.text), "what is stored was seen"

    ours = {row.reply for row in recovered}
    for id, row in rows.items():
        assert row.state not in LIVE, f"reply {id} is still {row.state}"
        if id in ours:
            assert (row.state, row.error_kind) == ("cut", "Crashed")
    assert store.integrity() == []

    calls = [call for call in store.ledger.calls() if call.connection == "fake"]
    assert len(calls) >= calls_made, "every request that left has its row"
    for call in calls:
        assert call.outcome is not None, "every call is settled"
