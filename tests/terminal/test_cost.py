"""The command `chatbot cost`: the page's figures in a terminal."""

import json
from pathlib import Path

import pytest

from chatbot.__main__ import main
from chatbot.core.events import CallFinished
from chatbot.core.pricing import Cost, unknown
from chatbot.store.store import Store
from tests.store.scene import call


@pytest.fixture
def spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    url = f"sqlite:///{tmp_path / 'spent.db'}"
    monkeypatch.setenv("BYTEBOT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BYTEBOT_DATABASE_URL", url)
    return Store.open(url)


def one(store: Store, amount: int | None, model: str = "luna") -> None:
    cost = unknown("no price") if amount is None else Cost(nanodollars=amount, source="computed")
    store.ledger.settle(call(store, model=model), CallFinished(outcome="answered", cost=cost))


def test_nothing_was_spent(spent: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost"]) == 0
    assert capsys.readouterr().out == "Nothing was spent yet.\n"


def test_a_table_with_its_sum(spent: Store, capsys: pytest.CaptureFixture[str]) -> None:
    one(spent, 1_169_200)
    one(spent, 9_800_000_000, "sol\x1b[31m")
    one(spent, None, "nobody")
    assert main(["cost", "--by", "model"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[-4:] for line in lines[:2]] == [
        ["sol␛[31m", "$9.80", "1", "call"],
        ["luna", "$0.0012", "1", "call"],
    ]
    assert lines[2].split() == ["nobody", "—", "1", "call,", "1", "unpriced"]
    assert lines[3].split() == ["Together", ">", "$9.80", "3", "calls,", "1", "unpriced"]


def test_json_has_every_digit(spent: Store, capsys: pytest.CaptureFixture[str]) -> None:
    one(spent, 1_169_200)
    one(spent, None, "nobody")
    assert main(["cost", "--by", "model", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["dollars"] for row in found["rows"]] == ["0.001169200", None]
    assert found["total"] == {
        "dollars": "0.001169200",
        "nanodollars": 1_169_200,
        "calls": 2,
        "estimated": 0,
        "local": 0,
        "unpriced": 1,
    }


def test_since_a_day(spent: Store, capsys: pytest.CaptureFixture[str]) -> None:
    one(spent, 5_000_000)
    assert main(["cost", "--since", "2000-01-01"]) == 0
    assert "$0.0050" in capsys.readouterr().out
    assert main(["cost", "--since", "2999-01-01"]) == 0
    assert capsys.readouterr().out == "Nothing was spent yet.\n"
    assert main(["cost", "--since", "yesterday"]) == 2
    assert "'yesterday' is no day. Write it as 2026-11-25." in capsys.readouterr().err
