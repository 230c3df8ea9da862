"""The command `chatbot reconcile`: the table, JSON, the admin key, and what cannot be read."""

import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.__main__ import main
from chatbot.store.store import Store
from tests.engine.bills import DAY, HEAD, line, spend
from tests.fake_admin import ADMIN_KEY
from tests.fake_openai import FakeOpenAI


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ADMIN_KEY"):
        monkeypatch.delenv(name, raising=False)
    url = f"sqlite:///{tmp_path / 'bills.db'}"
    monkeypatch.setenv("BYTEBOT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("BYTEBOT_DATABASE_URL", url)
    monkeypatch.chdir(tmp_path)
    store = Store.open(url)
    yield store
    store.close()


def bill(folder: Path, text: str) -> str:
    (folder / "bill.csv").write_text(text, encoding="utf-8")
    return str(folder / "bill.csv")


def test_the_table(house: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spend(house, 200_000)
    spend(house, None, model="sol\x1b[31m", answered=None)
    file = bill(tmp_path, HEAD + line("0.0002") + line("-0.25", model="gpt-image", tokens=(0, 0, 0)))
    assert main(["reconcile", file]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["OpenAI, 2026-11-03 to 2026-11-03, beside the calls over openai.", ""]
    assert [re.split(" {2,}", line) for line in lines[2:]] == [
        ["Day (UTC)", "Model", "Billed", "Here", "Difference", "Tokens", "Of ours", "Why"],
        ["2026-11-03", "gpt-6-luna-2026-05-01", "$0.0002", "$0.0002", "$0.00", "0", "Agrees."],
        ["2026-11-03", "gpt-image", "−$0.25", "—", "−$0.25", "0", "A credit of $0.25."],
        [
            *("2026-11-03", "sol␛[31m", "—", "—", "—", "1 unpriced"),
            "They did not bill this call: perhaps another account or project has it.",
        ],
        ["Together", "−$0.2498", "> $0.0002", "at most −$0.25", "1 of 3 rows agree. Of ours, 1 unpriced."],
    ]
    assert len({line.index("Why") for line in lines[2:3]} | {lines[3].index("Agrees")}) == 1, "columns are straight"


def test_json_has_every_digit(house: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spend(house, 200_001)
    text = HEAD.replace("\n", ",amount_currency\n") + line("0.0004").replace("\n", ",usd\n")
    text += line("2.5", model="other").replace("\n", ",eur\n")
    assert main(["reconcile", bill(tmp_path, text), "--json", "--connection", "openai"]) == 0
    found = json.loads(capsys.readouterr().out)
    first = found["rows"][0]
    assert first["billed"] == {
        "dollars": "0.000400000",
        "nanodollars": 400_000,
        "input_tokens": 1000,
        "cached_tokens": 0,
        "output_tokens": 200,
        "requests": 1,
    }
    assert first["difference"] == {"dollars": "0.000199999", "nanodollars": 199_999, "tokens": 0, "requests": 0}
    assert (first["cause"], first["here"]["calls"]) == ("price", 1)
    assert found["total"]["difference"]["dollars"] == "0.000199999"
    assert found["other_currencies"] == {"EUR": "2.500000000"}
    assert (found["vendor"], found["zone"], found["connections"]) == ("OpenAI", "UTC", ["openai"])


def test_json_has_no_number_for_what_is_unknown(
    house: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spend(house, None, model="sol", answered=None)
    file = bill(tmp_path, HEAD + line("0.0002"))
    assert main(["reconcile", file, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    sol = found["rows"][1]
    assert (sol["model"], sol["here"]["nanodollars"], sol["here"]["unpriced"]) == ("sol", None, 1)
    assert sol["difference"] == {"dollars": None, "nanodollars": None, "tokens": None, "requests": None}
    assert found["total"]["here"] == {"dollars": None, "nanodollars": None, "calls": 1, "estimated": 0, "unpriced": 1}
    assert found["total"]["difference"] == {"dollars": None, "nanodollars": None}
    spend(house, 100_000)
    assert main(["reconcile", file, "--json"]) == 0
    whole = json.loads(capsys.readouterr().out)["total"]
    assert (whole["here"]["nanodollars"], whole["difference"]["nanodollars"]) == (100_000, 100_000)


def test_every_file_that_cannot_be_read_is_named(
    house: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spend(house, 200_000)
    good = bill(tmp_path, HEAD + line("0.0002"))
    (tmp_path / "names.csv").write_text("name\nAda\n", encoding="utf-8")
    (tmp_path / "free.csv").write_text(HEAD + line("free"), encoding="utf-8")
    assert main(["reconcile", "names.csv", good, "missing.csv", "free.csv"]) == 2
    out, err = capsys.readouterr()
    first, second, third = err.splitlines()
    assert first.startswith("chatbot: names.csv, line 1: no column says the day.")
    assert second == "'missing.csv' cannot be read: No such file or directory."
    assert third == "free.csv, line 2, amount_value: 'free' is no amount."
    assert out == "", "nothing is compared"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Name a provider's CSV, or give --admin"),
        (["x.csv", "--admin"], "Name a provider's CSV, or give --admin"),
        (["missing.csv"], "'missing.csv' cannot be read: No such file or directory."),
        (["."], "'.' cannot be read: Is a directory."),
        (["bill.csv", "--since", "2026-11-01"], "--since and --until belong to --admin"),
        (["--admin", "--since", "yesterday"], "'yesterday' is no day. Write it as 2026-11-25."),
        (["bill.csv"], "bill.csv, line 1: no column says the day."),
        (["whose.csv"], "Choose the connection that it is of: openai, proxy. Say it with: --connection openai"),
    ],
)
def test_what_is_wrong_is_said(
    house: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    bill(tmp_path, "name\nAda\n")
    spend(house, 200_000)
    (tmp_path / "whose.csv").write_text("day,model,usd\n2026-11-03,m,1\n", encoding="utf-8")
    spend(house, 200_000, connection="proxy", base_url="https://else.example/v1")
    assert main(["reconcile", *arguments]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert out == ""


@pytest.mark.parametrize("way", ["environment", "pipe"])
def test_an_admin_key(
    house: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, way: str, tmp_path: Path
) -> None:
    with FakeOpenAI() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        if way == "environment":
            monkeypatch.setenv("OPENAI_ADMIN_KEY", ADMIN_KEY)
        else:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{ADMIN_KEY}\n".encode())))
        spend(house, 112_300_000, base_url=server.base_url, answered="gpt-6-luna", tokens=(123_000, 0, 200_000))
        days = ["--since", str(DAY), "--until", str(DAY)]
        assert main(["reconcile", "--admin", "--connection", "openai", *days]) == 0
        out = capsys.readouterr().out
        assert "gpt-6-luna" in out
        assert "Agrees." in out
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert ADMIN_KEY.encode() not in kept, "it is stored nowhere"


def test_a_key_that_is_refused(
    house: Store, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with FakeOpenAI() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-everyday-key-1234567")
        assert main(["reconcile", "--admin"]) == 1
    out, err = capsys.readouterr()
    assert "The admin key was not accepted." in err
    assert "1234567" not in out + err
