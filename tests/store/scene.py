"""Short words for what the store's tests do again and again."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from chatbot.core.events import CallFinished
from chatbot.core.settings import Options
from chatbot.store.lease import Owner, this_process
from chatbot.store.store import Store
from chatbot.store.values import Begun, Ending

ROOT = Path(__file__).parents[2]
OPTIONS = Options(connection="fake", model="m-1")


def begin(store: Store, text: str | None = "Hello", **more: Any) -> Begun:
    given: dict[str, Any] = {
        "conversation": None,
        "parent": None,
        "text": text,
        "key": secrets.token_hex(8),
        "options": OPTIONS,
        "process": this_process(),
        **more,
    }
    return store.turns.begin(**given)


def finish(store: Store, reply: int, text: str = "Hi.", **more: Any) -> None:
    store.turns.finish(
        reply, more.pop("process", this_process()), Ending(**{"state": "complete", "text": text, **more})
    )


def exchange(store: Store, after: Begun | None = None, text: str = "Hello", answer: str = "Hi.", **more: Any) -> Begun:
    """One question and its whole answer, below `after` or in a new conversation."""
    if after is not None:
        more = {"conversation": after.conversation, "parent": after.reply, **more}
    begun = begin(store, text, **more)
    finish(store, begun.reply, answer)
    return begun


def call(store: Store, begun: Begun | None = None, **more: Any) -> int:
    given: dict[str, Any] = {
        "conversation": begun and begun.conversation,
        "reply": begun and begun.reply,
        "purpose": "reply",
        "connection": "fake",
        "base_url": "http://127.0.0.1:1/v1",
        "model": "m-1",
        "input_estimate": 11,
        "process": this_process(),
        **more,
    }
    return store.ledger.sent(**given)


def answered(**more: Any) -> CallFinished:
    return CallFinished(outcome="answered", **more)


def dead_process() -> Owner:
    """A process of this host that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return replace(this_process(), pid=child.pid, started=this_process().started + 1000)


def elsewhere() -> Owner:
    """A process of another host: nobody here can know whether it lives."""
    return Owner("another-host", "another-boot", 1, 1.0)


def python(script: str, *arguments: str, **more: Any) -> subprocess.Popen[str]:
    """A child process that runs `script` with the program importable."""
    given: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.Popen([sys.executable, "-c", script, *arguments], cwd=ROOT, text=True, **given)


def let_leases_run_out(store: Store) -> None:
    from sqlalchemy import update

    from chatbot.store.tables import leases

    with store._database.write() as connection:
        connection.execute(update(leases).values(until=leases.c.until - 60))


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process can grow; SQLite then says what it says of a full disk."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
