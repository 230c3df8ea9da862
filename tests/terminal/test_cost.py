"""The command `chatbot cost`: the page's figures in a terminal."""

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update

from chatbot.__main__ import BILLED_BY, main
from chatbot.core.events import CallFinished
from chatbot.core.money import Usage
from chatbot.core.pricing import LOCAL, Cost, unknown
from chatbot.store.store import Store
from chatbot.store.tables import calls, conversations, messages
from chatbot.store.values import Begun
from tests.store.scene import call, exchange


@pytest.fixture
def spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    url = f"sqlite:///{tmp_path / 'spent.db'}"
    monkeypatch.setenv("BYTEBOT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BYTEBOT_DATABASE_URL", url)
    return Store.open(url)


def one(store: Store, amount: int | None, model: str = "luna", begun: Begun | None = None) -> None:
    cost = unknown("no price") if amount is None else Cost(nanodollars=amount, source="computed")
    store.ledger.settle(call(store, begun, model=model), CallFinished(outcome="answered", cost=cost))


def test_nothing_was_spent(spent: Store, capsys: pytest.CaptureFixture[str]) -> None:
    for since in ([], ["--since", "2026-11-01"]):
        assert main(["cost", *since]) == 0
        assert capsys.readouterr().out == "Nothing was spent yet.\n"


def test_conversations_of_one_title_are_told_apart(spent: Store, capsys: pytest.CaptureFixture[str]) -> None:
    begun = [exchange(spent, text=text) for text in ("Twin", "Alone", "Twin", "no conversation")]
    for amount, each in enumerate((None, *begun), 1):
        one(spent, amount * 1_000_000, begun=each)
    ids = [each.conversation for each in begun]
    assert main(["cost", "--by", "conversation"]) == 0
    names = [line.rpartition("  $")[0].strip() for line in capsys.readouterr().out.splitlines()]
    first, alone, second, odd = ids
    assert names == [
        f"no conversation ({odd[:8]})",
        f"Twin ({second[:8]})",
        "Alone",
        f"Twin ({first[:8]})",
        "no conversation",
        "Together",
    ]
    assert main(["cost", "--by", "conversation", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["id"], row["conversation"], row["nanodollars"]) for row in rows] == [
        (odd, "no conversation", 5_000_000),
        (second, "Twin", 4_000_000),
        (alone, "Alone", 3_000_000),
        (first, "Twin", 2_000_000),
        (None, "no conversation", 1_000_000),
    ]
    assert main(["cost", "--by", "model", "--json"]) == 0
    assert all("id" not in row for row in json.loads(capsys.readouterr().out)["rows"])


def test_short_ids_are_as_long_as_tells_them_apart(spent: Store, capsys: pytest.CaptureFixture[str]) -> None:
    ids = [f"0123456789{end}" for end in "ab"]
    for id in ids:
        begun = exchange(spent, text="Twin")
        one(spent, 1_000_000, begun=begun)
        with spent._database.write() as transaction:
            transaction.execute(text("PRAGMA defer_foreign_keys = ON"))
            transaction.execute(update(conversations).where(conversations.c.id == begun.conversation).values(id=id))
            for table in (messages, calls):
                mine = table.c.conversation == begun.conversation
                transaction.execute(update(table).where(mine).values(conversation=id))
    assert main(["cost", "--by", "conversation"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.partition("  ")[0] for line in lines[:2]} == {f"Twin ({id})" for id in ids}


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
    assert capsys.readouterr().out == "Nothing was spent since 2999-01-01. Before that: 1 call, $0.0050 in all.\n"
    assert main(["cost", "--since", "yesterday"]) == 2
    assert "'yesterday' is no day. Write it as 2026-11-25." in capsys.readouterr().err


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows keeps its zone to itself")
@pytest.mark.usefixtures("berlin")
def test_days_have_the_offset_that_held_then(spent: Store, capsys: pytest.CaptureFixture[str]) -> None:
    for moment in (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), datetime(2026, 12, 1, 22, 30, tzinfo=UTC)):
        one(spent, 5_000_000)
        with spent._database.write() as transaction:
            newest = select(func.max(calls.c.id)).scalar_subquery()
            transaction.execute(update(calls).where(calls.c.id == newest).values(started=moment))
    assert main(["cost"]) == 0
    days = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert days == ["2026-07-02", "2026-12-01", "Together"]
    assert main(["cost", "--since", "2026-07-02", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"]["calls"] == 2


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-02-30", "", "2026"])
def test_a_day_at_the_end_of_the_calendar_is_no_traceback(
    spent: Store, capsys: pytest.CaptureFixture[str], day: str
) -> None:
    assert main(["cost", "--since", day]) in (0, 2)
    assert "Traceback" not in capsys.readouterr().err


def test_the_same_on_another_model(spent: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text('[connections.vendor]\nbase_url = "https://api.openai.com/v1"\n')
    usage = Usage(input_tokens=1_000_000, output_tokens=100_000)
    paid = Cost(nanodollars=9_800_000_000, source="computed")
    spent.ledger.settle(call(spent), CallFinished(outcome="answered", usage=usage, cost=paid))
    one(spent, None, "nobody")  # nor a usage
    assert main(["cost", "--by", "model", "--what-if", "gpt-6-luna", "--connection", "vendor"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("On gpt-6-luna at vendor: > $0.")
    assert last.endswith("instead of > $9.80 (1 unpriced), at today's prices.")
    assert main(["cost", "--what-if", "no-such-model", "--connection", "vendor"]) == 0
    assert "On no-such-model at vendor: — instead of" in capsys.readouterr().out
    assert main(["cost", "--what-if", "gpt-6-luna", "--connection", "nobody"]) != 0
    assert "nobody" in capsys.readouterr().err
    assert spent.ledger.total().nanodollars == paid.nanodollars


@pytest.fixture
def keyless(spent: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A ledger with one call on this machine, and nobody's key."""
    for name in [name for name in os.environ if name.startswith("OPENAI_")]:
        monkeypatch.delenv(name)
    usage = Usage(input_tokens=1_000_000, output_tokens=100_000)
    spent.ledger.settle(call(spent), CallFinished(outcome="answered", usage=usage, cost=LOCAL))
    return spent


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gpt-6-luna", "--connection", "openai"], "On gpt-6-luna at openai: $"),
        (["gpt-6-luna"], "On gpt-6-luna at openai: $"),
        (["claude-haiku-5-5", "--connection", "anthropic"], "On claude-haiku-5-5 at anthropic: $"),
        (["SmolLM2-135M"], "On SmolLM2-135M at offline: local"),
        (["gpt-6-luna", "--connection", "offline"], "On gpt-6-luna at offline: local"),
    ],
)
def test_a_price_needs_no_key(keyless: Store, capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    assert main(["cost", "--what-if", *words]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith(said)


def test_a_connection_that_is_set_up_goes_before_the_vendor_of_its_name(
    keyless: Store, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('[connections.anthropic]\nbase_url = "http://127.0.0.1:1/v1"\n')
    assert main(["cost", "--what-if", "gpt-6-luna", "--connection", "anthropic"]) == 0
    assert "at anthropic: local instead of local" in capsys.readouterr().out
    # One that cannot be read is not replaced by the vendor's address either.
    settings.write_text('[connections.openai]\nbase_url = "nonsense"\n')
    assert main(["cost", "--what-if", "gpt-6-luna", "--connection", "openai"]) == 1
    assert "nonsense" in capsys.readouterr().err


@pytest.mark.parametrize("by", BILLED_BY)
def test_every_name_it_sums_by(spent: Store, capsys: pytest.CaptureFixture[str], by: str) -> None:
    one(spent, 5_000_000)
    assert main(["cost", "--by", by]) == 0
    assert "$0.0050  1 call" in capsys.readouterr().out
