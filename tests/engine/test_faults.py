"""Every row of the table of faults, at every point where it can strike, through a whole turn."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.core.events import CallFinished
from chatbot.core.pricing import FREE
from chatbot.store.store import Store
from tests.fake_openai import FAULTS, FakeOpenAI
from tests.reliability import CASES, KEY, PAGE, line, play
from tests.template import new_database

MOST_ATTEMPTS = 4


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.mark.parametrize(("name", "point"), CASES, ids=[f"{name}:{point}" for name, point in CASES])
def test_a_fault(server: FakeOpenAI, tmp_path: Path, name: str, point: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    right = FAULTS[name].right[point]  # type: ignore[index]
    store = Store.open(f"sqlite:///{new_database(tmp_path / 'words.db')}")
    outcome = play(server, store, name, point)
    row = outcome.row

    assert (row.state, row.error_kind) == (right.state, right.kind)
    if FAULTS[name].more:
        assert outcome.text.startswith(right.text)
    else:
        assert outcome.text == right.text
    assert outcome.reasoning == right.reasoning
    assert (row.text, row.reasoning) == (outcome.text, outcome.reasoning), "what was seen is what is stored"

    assert outcome.attempts in right.attempts
    assert outcome.attempts <= MOST_ATTEMPTS
    assert [call.outcome for call in outcome.calls] == outcome.settled, "every attempt has its settled row"
    assert len(outcome.calls) == outcome.attempts
    for call in outcome.calls:
        if call.usage is None:
            assert call.cost == FREE
        elif call.usage.estimated:
            assert call.cost.source == "estimated"
        assert call.usage is not None or call.outcome == "refused", "used tokens are counted or estimated"

    finished = [event.cost for event in outcome.events if isinstance(event, CallFinished)]
    assert [call.cost for call in outcome.calls] == finished, "what the ledger holds is what was seen"

    assert outcome.after == "complete", "the history that is left is well-formed"
    if right.state in ("cut", "failed"):
        assert row.error
        assert len(row.error) < 300
        assert "Traceback" not in row.error
        assert "<" not in row.error, "a provider's page is never shown"
    assert KEY not in caplog.text + str(row)
    assert line(name, point, outcome) in PAGE.read_text(encoding="utf-8"), (
        "docs/reliability.md is stale: python -m tests.reliability"
    )
    store.close()
