"""kill -9 at random moments: nothing that was promised is lost, nothing stays running, the others go on undisturbed."""

import random
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.core.settings import Options
from chatbot.store.lease import this_process
from chatbot.store.store import Store
from chatbot.store.values import Ending
from tests.crash.child import is_from
from tests.crash.promises import check, victim
from tests.fake_openai import FakeOpenAI

pytestmark = pytest.mark.crash


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


def one_kill(server: FakeOpenAI, folder: Path, seed: int) -> None:
    database = f"sqlite:///{folder / f'words-{seed}.db'}"
    server.forget()
    ours = Store.open(database)
    # A live reply of another process, which the kill and the recovery must leave alone.
    living = ours.turns.begin(
        conversation=None,
        parent=None,
        text="I go on.",
        key=uuid.uuid4().hex,
        options=Options(connection="other", model="m"),
        process=this_process(),
    )
    with victim(database, server.base_url, seed) as found:
        time.sleep(random.Random(seed).uniform(0.05, 2.5))
        ours.turns.draft(this_process(), [(living.reply, "Still", "")])
        found.kill()
    # Its own: what the victim before had sent may be read late, and a client of another test may try a port anew.
    check(ours, found, sum(is_from(seed, request.messages) for request in server.chats()))
    assert ours.conversations.messages([living.reply])[living.reply].state == "running"
    ours.turns.finish(living.reply, this_process(), Ending(state="complete", text="Still here."))
    ours.close()


@pytest.mark.parametrize("seed", range(20))
def test_kill(server: FakeOpenAI, tmp_path: Path, seed: int) -> None:
    one_kill(server, tmp_path, seed)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_two_hundred_kills(server: FakeOpenAI, tmp_path: Path) -> None:
    for seed in range(1000, 1200):
        one_kill(server, tmp_path, seed)
