"""The command `chatbot budget`, and what a limit does in the terminal's faces."""

import json
import re
from pathlib import Path

import pytest

from chatbot import Chatbot
from chatbot.__main__ import main
from chatbot.core.errors import TurnFailed
from chatbot.store.store import Store
from tests.fake_openai import FakeOpenAI
from tests.store.scene import call, exchange
from tests.terminal.house import House


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    url = f"sqlite:///{tmp_path / 'words.db'}"
    monkeypatch.setenv("BYTEBOT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BYTEBOT_DATABASE_URL", url)
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    return Store.open(url)


def test_limits_are_set_shown_and_taken_away(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["budget"]) == 0
    assert capsys.readouterr().out == "There is no limit. Set one with: chatbot budget set month 10\n"
    assert main(["budget", "set", "month", "10"]) == 0
    assert main(["budget", "set", "model", "$2.50", "--for", "gpt-6-*"]) == 0
    call(store, model="gpt-6-luna", most=1_250_000_000)
    capsys.readouterr()
    assert main(["budget"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "each month: $10, $0.00 spent (0 %), $1.25 held  [Asia/Kolkata]",
        "gpt-6-*, each month: $2.50, $0.00 spent (0 %), $1.25 held  [Asia/Kolkata]",
    ]
    assert main(["budget", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(one["kind"], one["for"], one["limit"], one["held"]) for one in found] == [
        ("month", None, "10.000000000", "1.250000000"),
        ("model", "gpt-6-*", "2.500000000", "1.250000000"),
    ]
    assert main(["budget", "set", "month", "20"]) == 0
    assert main(["budget", "remove", "model", "--for", "gpt-6-*"]) == 0
    capsys.readouterr()
    assert main(["budget", "log"]) == 0
    assert [line.split("  ")[1] for line in capsys.readouterr().out.splitlines()] == [
        "model gpt-6-*: $2.50 -> none",
        "month: $10 -> $20",
        "model gpt-6-*: none -> $2.50",
        "month: none -> $10",
    ]


def test_setting_a_limit_anew_says_what_it_replaces(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["budget", "set", "day", "0.05"]) == 0
    assert main(["budget", "set", "month", "10"]) == 0
    assert "was" not in capsys.readouterr().out
    assert main(["budget", "set", "day", "0.10"]) == 0
    assert [line.partition(", $0.00 spent")[0] for line in capsys.readouterr().out.splitlines()] == [
        "each day: $0.10 (was $0.05)",
        "each month: $10",
    ]
    assert main(["budget", "--json", "set", "day", "1"]) == 0
    assert [one.get("was", "-") for one in json.loads(capsys.readouterr().out)] == ["0.100000000", "-"]
    assert main(["budget", "--json", "set", "model", "1", "--for", "gpt-*"]) == 0
    assert [one.get("was", "-") for one in json.loads(capsys.readouterr().out)] == ["-", "-", None]
    assert main(["budget", "--json"]) == 0
    assert all("was" not in one for one in json.loads(capsys.readouterr().out))


@pytest.mark.parametrize("words", [["budget"], ["budget", "set"], ["budget", "remove"]])
def test_every_argument_of_the_help_has_a_name_and_a_word(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*words, "--help"]) == 0
    said = capsys.readouterr().out
    named = re.findall(r"^  ([A-Z]+|-.*?)(?:  +(.*))?$", said, re.MULTILINE)
    assert {name for name, _ in named} & {"ACTION", "KIND"}
    assert not [name for name, about in named if not about and name != "ACTION"], said
    assert not re.search(r"^ +$", said, re.MULTILINE)
    assert "{" not in said


def test_a_conversations_limit_names_one_that_is_there(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    begun = exchange(store)
    assert main(["budget", "set", "conversation", "0.5", "--for", begun.conversation]) == 0
    assert capsys.readouterr().out.startswith(f"conversation {begun.conversation}: $0.50, $0.00 spent (0 %)")
    assert main(["budget", "set", "conversation", "0.5", "--for", "nobody"]) == 2
    assert "There is no conversation 'nobody'" in capsys.readouterr().err


def test_the_beginning_of_a_conversations_id_is_enough(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    begun = exchange(store).conversation
    assert main(["budget", "set", "conversation", "0.5"]) == 0
    assert main(["budget", "set", "conversation", "0.5", "--for", begun[:3]]) == 2
    assert "at least 4 characters" in capsys.readouterr().err
    assert main(["budget", "set", "conversation", "0.5", "--for", begun[:4]]) == 0
    assert f"conversation {begun}: $0.50" in capsys.readouterr().out
    assert main(["budget", "set", "conversation", "0.6", "--for", begun[:5]]) == 0
    assert "$0.60 (was $0.50)" in capsys.readouterr().out
    store.conversations.delete(begun)
    assert main(["budget", "remove", "conversation", "--for", begun[:4]]) == 0
    assert [one.subject for one in store.ledger.budgets.all()] == [""]
    for id in ("abcd1", "abcd2"):
        store.ledger.budgets.set("conversation", 1, subject=id, zone="UTC")
    assert main(["budget", "remove", "conversation", "--for", "abcd"]) == 2
    assert "several" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["set", "month", "ten"], "The limit is 'ten'; it must be dollars"),
        (["set", "month", "-1"], "-1"),
        (["set", "month", "1e3"], "'1e3'"),
        (["set", "month", "2000000"], "'2000000'"),
        (["set", "month", "0.0000000001"], "0.0000000001"),
        (["set", "model", "5"], "needs the model's name"),
        (["set", "day", "5", "--for", "gpt"], "'gpt' cannot be said with it"),
        (["set", "week", "5"], "'week'"),
        (["remove", "day"], "There is no limit for day"),
    ],
)
def test_what_cannot_be_a_limit_is_named(
    store: Store, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["budget", *words]) != 0
    assert said in capsys.readouterr().err
    assert store.ledger.budgets.all() == []


def test_one_shot_over_the_limit_says_so_and_sends_nothing(tmp_path: Path) -> None:
    with FakeOpenAI(host="0.0.0.0") as server:
        house = House(tmp_path, server)
        assert house.run("ask", "--model", "echo", "Hello").status == 0
        assert house.run("budget", "set", "month", "1").status == 0
        sent = len(server.chats())
        ran = house.run("ask", "--model", "echo", "Hello")
        assert ran.status == 1
        assert "No price is known for" in ran.err
        assert "--allow-unpriced" in ran.err
        assert len(server.chats()) == sent
        assert house.run("ask", "--allow-unpriced", "--model", "echo", "Hello").status == 0


def test_a_script_is_told(tmp_path: Path) -> None:
    with FakeOpenAI(host="0.0.0.0") as server:
        house = House(tmp_path, server)
        house.run("budget", "set", "day", "1")
        with Chatbot("echo", home=house.home) as bot, pytest.raises(TurnFailed, match="No price is known") as caught:
            bot.chat("Hello")
        assert caught.value.way_out == "unpriced"
        with Chatbot("echo", home=house.home, allow_unpriced=True) as bot:
            assert bot.chat("Hello")


def test_one_shot_says_when_a_mark_was_passed(tmp_path: Path) -> None:
    with FakeOpenAI(host="0.0.0.0") as server:
        house = House(tmp_path, server)
        (house.data / "prices.toml").write_text('[[price]]\nmodel = "*"\ninput = 10\noutput = 10\n')
        house.settings("[chat]\nmax_output = 16\ntitles_by_model = false\n")
        ran = house.run("ask", "--model", "words:15", "Hello")
        assert (ran.status, ran.err) == (0, "")
        spent = json.loads(house.run("cost", "--json").out)["total"]["nanodollars"]
        # One more of the same passes one half, and what it may cost at most still fits.
        assert house.run("budget", "set", "month", f"{2.8 * spent / 1e9:.9f}").status == 0
        ran = house.run("ask", "--model", "words:15", "Hello")
        assert ran.status == 0, ran.err
        assert "% of your limit of $" in ran.err
        assert ran.err.rstrip().endswith("is spent.")
