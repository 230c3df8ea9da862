"""The costs page in process: what it says, what it lets choose, what it gives away as a file."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from chatbot.__main__ import main
from chatbot.core.events import CallFinished
from chatbot.core.pricing import FREE, LOCAL, Cost, unknown
from chatbot.core.settings import Options
from chatbot.providers.rates import price
from chatbot.store.store import Store
from chatbot.ui import cost_file, cost_page, session
from chatbot.ui.cost_sums import Chosen
from tests.store.scene import call, exchange
from tests.ui.chat_tab import Tab, tab
from tests.ui.settings_page import plain
from tests.ui.test_cost_sums import USAGE, billed

OPENAI = "https://api.openai.com/v1"
SETTINGS = f"""
[connections.vendor]
base_url = "{OPENAI}"
"""


class Costs(Tab):
    """One tab of a browser on the costs page."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.app.switch_page("pages/costs.py")

    def look(self) -> "Costs":
        self.run()
        return self

    @property
    def store(self) -> Store:
        return self.engine.store

    def figures(self) -> dict[str, str]:
        return {plain(metric.label): plain(metric.value) for metric in self.app.metric}

    def table(self, begins: str) -> list[list[str]]:
        """The rows of the table whose head begins with this word."""
        (found,) = [it.value for it in self.app.markdown if it.value.startswith(f"| {begins} |")]
        rows = [line.strip("| ").split(" | ") for line in found.splitlines()[2:]]
        return [[plain(cell).replace("\xa0", " ") for cell in row] for row in rows]

    def said(self) -> list[str]:
        return [words.replace("\xa0", " ") for words in super().said()]

    def choose(self, name: str) -> "Costs":
        self.app.selectbox(key="costs-range").set_value(name)
        self.run()
        return self


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Costs]:
    # In process every run is the first of a server, and the guard's way there and back would forget what was chosen.
    monkeypatch.setattr(session, "guard", lambda page: None)
    with tab(tmp_path, monkeypatch, SETTINGS, BYTEBOT_CONNECTION="vendor", BYTEBOT_MODEL="gpt-6-luna"):
        yield Costs(tmp_path)


def luna(usage: object = USAGE, model: str = "gpt-6-luna") -> Cost:
    return price(OPENAI, [model], usage, tier=None, at=datetime.now(UTC))  # type: ignore[arg-type]


def test_an_empty_ledger_explains_itself(page: Costs) -> None:
    page.look()
    assert page.says("Nothing was spent yet.")
    assert page.links() == ["Begin a chat"]
    assert not page.figures()


def test_a_call_that_is_out_is_no_spending_yet(page: Costs) -> None:
    call(page.store)
    page.look()
    assert page.says("Nothing was spent yet.")
    assert page.says("1 being answered now")


def test_nothing_in_the_range_says_what_there_is(page: Costs) -> None:
    billed(page.store, at=datetime(2020, 3, 1, 12, tzinfo=UTC))
    billed(page.store, unknown("no price"), at=datetime(2020, 3, 4, 12, tzinfo=UTC))
    page.look()
    assert page.says("No calls in ")
    assert page.says("There are 2 calls from 1 Mar to 4 Mar 2020: > $0.0041 in all (1 unpriced).")
    page.click("costs-everything")
    assert page.figures()["All"] == "> $0.0041"


def test_sums_say_what_they_are_made_of(page: Costs) -> None:
    begun = exchange(page.store, text="A $5 question, and *more*")
    billed(page.store, luna(), begun=begun, model="gpt-6-luna")
    billed(page.store, unknown("no price"), begun=begun, model="secret")
    billed(page.store, LOCAL, model="tiny")
    billed(page.store, FREE, usage=None, outcome="refused", model="tiny")
    page.look()
    assert page.figures()["This month"].startswith("> $0.000")
    assert page.figures()["Calls"] == "3"
    assert page.says("Of 3 calls: 1 unpriced, 1 local. What")
    assert [row[0] for row in page.table("Model")] == ["gpt-6-luna", "secret", "tiny"]
    assert [row[2] for row in page.table("Model")][1:] == ["—", "local"]
    assert [row[:2] for row in page.table("Tokens")][:2] == [["Input", "1,203"], ["Cached input", "1,503"]]
    assert "A $5 question, and *more*" in [plain(words) for words in page.links()]


def test_conversations_of_one_title_are_told_apart(page: Costs) -> None:
    now = datetime.now(UTC)
    at = now.replace(day=1, hour=12, minute=0, second=0, microsecond=0)
    begun = [exchange(page.store, text=text) for text in ("Twin", "Twin", "Alone")]
    for number, each in enumerate(begun):
        billed(
            page.store, Cost(nanodollars=10**8 - number, source="computed"), begun=each, at=at.replace(minute=number)
        )
    page.look().choose("All")
    assert page.links()[:3] == ["Twin", "Twin", "Alone"]
    day = f"1 {at:%b}"
    assert [words for words in page.said() if words.endswith("1 call")] == [
        f"{day} 12:00 · 1 call",
        f"{day} 12:01 · 1 call",
        "1 call",
    ]
    billed(page.store, luna(), begun=exchange(page.store, text="Twin"), at=at.replace(minute=1, second=7))
    page.look()
    assert page.says(f"{day} 12:01:07 · 1 call")


def test_names_from_outside_stay_names(page: Costs) -> None:
    hostile = "a|b ![p](http://h/p.png) <b> :red[x] $1$"
    options = Options(connection="fake", model=hostile, system=hostile)
    begun = exchange(page.store, text=hostile, options=options)
    billed(page.store, luna(), begun=begun, model=hostile, connection=hostile)
    page.look()
    for table in ("Model", "Begins with", "Connection"):
        ((name, calls, _),) = page.table(table)
        assert name.startswith("a|b ![p](http://h"), table
        assert calls == "1"
    assert not any("![p]" in element.value for element in page.app.markdown)
    assert not any("![p]" in link.proto.label for link in page.app.get("page_link"))


def test_local_models_alone_are_local(page: Costs) -> None:
    billed(page.store, LOCAL, model="tiny")
    page.look()
    assert page.says("All of this was answered on this machine: nobody bills it.")
    assert page.figures()["This month"] == "local"
    assert not any("$" in value for name, value in page.figures().items() if name == "This month")
    assert {row[-1] for row in page.table("Tokens")} == {"local"}


def test_unpriced_calls_alone_are_unknown(page: Costs) -> None:
    billed(page.store, unknown("no price"), model="secret")
    page.look()
    assert page.figures()["This month"] == "—"
    assert page.table("Model") == [["secret", "1", "—"]]
    assert {row[-1] for row in page.table("Tokens")} == {"—"}


def test_a_projection_needs_two_days(page: Costs, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 16, tzinfo=UTC)
    monkeypatch.setattr("chatbot.ui.clock.now", lambda: now)
    billed(page.store, Cost(nanodollars=10**9, source="computed"), at=now - timedelta(days=10))
    page.look()
    assert page.figures()["By 30 Nov"] == "—"
    billed(page.store, Cost(nanodollars=10**9, source="computed"), at=now - timedelta(days=3))
    page.run()
    assert page.figures()["By 30 Nov"] == "≈ $4.00"
    page.choose("Last 7 days")
    assert page.figures()["Last 7 days"] == "$1.00"
    assert page.figures()["This month so far"] == "$2.00"


def test_choices_narrow_what_is_shown(page: Costs) -> None:
    billed(
        page.store, Cost(nanodollars=10**7, source="computed"), begun=exchange(page.store, tag="terminal"), model="a"
    )
    billed(page.store, Cost(nanodollars=10**8, source="computed"), model="b", connection="other")
    page.look()
    assert page.figures()["This month"] == "$0.1100"
    page.app.multiselect(key="costs-models").set_value(["a"])
    page.run()
    assert page.figures()["This month"] == "$0.0100"
    page.app.multiselect(key="costs-connections").set_value(["other"])
    page.run()
    assert page.says("with this choice of models, connections or chats")
    page.click("costs-everything")
    assert page.figures()["All"] == "$0.1100"
    page.app.multiselect(key="costs-begun").set_value(["terminal"])
    page.run()
    assert page.figures()["All"] == "$0.0100"


def test_one_chat_and_the_way_back(page: Costs) -> None:
    begun = exchange(page.store, text="Mine")
    billed(page.store, Cost(nanodollars=10**7, source="computed"), begun=begun)
    billed(page.store, Cost(nanodollars=10**8, source="computed"))
    page.app.query_params["chat"] = begun.conversation
    page.look()
    assert page.says("Only Mine")
    assert page.figures()["This month"] == "$0.0100"
    page.click("costs-all-chats")
    assert page.figures()["This month"] == "$0.1100"


def test_what_the_same_would_have_cost_elsewhere(page: Costs) -> None:
    for _ in range(2):
        billed(page.store, luna(model="gpt-5.6-luna"), model="gpt-5.6-luna", base_url=OPENAI)
    billed(page.store, unknown("no usage"), usage=None, model="gpt-5.6-luna", base_url=OPENAI)
    before = page.store.ledger.calls()
    page.look()
    box = page.app.selectbox(key="costs-what-if")
    assert any(option.startswith("claude-") and option.endswith(" · anthropic") for option in box.options), (
        "no key needed"
    )
    (choice,) = [option for option in box.options if plain(option) == "gpt-6-luna · vendor"]
    box.select(choice)
    page.run()
    once = luna().nanodollars
    assert once is not None
    assert page.says(f"These calls on gpt-6-luna: > ${2 * once / 1e9:.4f} instead of > $")
    assert page.says("1 call without a known usage not counted")
    assert page.store.ledger.calls() == before


def test_elsewhere_is_no_model_that_nobody_ever_heard_from(page: Costs) -> None:
    billed(page.store, luna(), model="answers")
    billed(page.store, FREE, usage=None, outcome="refused", model="error:500")
    billed(page.store, unknown("no answer"), usage=None, outcome="uncertain", model="never")
    page.look()
    offered = [plain(option).partition(" · ")[0] for option in page.app.selectbox(key="costs-what-if").options]
    assert "answers" in offered
    assert not {"error:500", "never"} & set(offered)


def test_a_loss_is_called_one(page: Costs) -> None:
    number = call(page.store, model="small")
    paid, dear = Cost(nanodollars=300_000, source="computed"), Cost(nanodollars=200_000, source="computed")
    page.store.ledger.settle(number, CallFinished(outcome="answered", usage=USAGE, cost=paid, instead=dear))
    page.look()
    assert page.figures()["Cost more by cheap models"] == "$0.0001"
    assert not [name for name in page.figures() if name.startswith("Saved")]


def test_a_file_for_a_spreadsheet(page: Costs) -> None:
    begun, gone = exchange(page.store, text="=1+1"), exchange(page.store, text="Gone")
    at = datetime(2026, 7, 1, 22, 30, 15, tzinfo=UTC)
    billed(page.store, Cost(nanodollars=1_169_200, source="computed"), begun=begun, model="@cmd", at=at)
    billed(page.store, unknown("no usage"), usage=None, begun=gone)
    billed(page.store, LOCAL, purpose="title")
    page.store.conversations.delete(gone.conversation)
    names, known = page.store.conversations.names(), cost_page.remembered().now()
    berlin = ZoneInfo("Europe/Berlin")
    ledger = cost_page.Ledger(known, names, berlin, datetime.now(berlin), None)
    data = cost_file.whole(known, names, ledger.sums(Chosen()))
    assert data.startswith(b"\xef\xbb\xbftime,")
    assert b"\r\n" in data
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[0] == {
        "time": "2026-07-02 00:30:15",
        "zone": "UTC+0200",
        "conversation": "'=1+1",
        "purpose": "reply",
        "connection": "fake",
        "model_asked": "'@cmd",
        "model_answered": "'@cmd",
        "input_tokens": "1003",
        "output_tokens": "333",
        "cached_tokens": "501",
        "cache_write_tokens": "101",
        "reasoning_tokens": "111",
        "dollars": "0.001169200",
        "source": "computed",
        "outcome": "answered",
        "tier": "",
    }
    assert (rows[1]["conversation"], rows[1]["dollars"], rows[1]["input_tokens"]) == ("deleted conversation", "", "")
    assert (rows[2]["conversation"], rows[2]["dollars"], rows[2]["source"]) == ("", "0.000000000", "local")


def test_the_terminal_prints_the_same(page: Costs, capsys: pytest.CaptureFixture[str]) -> None:
    begun = exchange(page.store, text="Question")
    for model in ("gpt-6-luna", "gpt-5.6-luna", "secret"):
        billed(page.store, luna(model=model), begun=begun, model=model, base_url=OPENAI)
    page.look()
    capsys.readouterr()
    assert main(["cost", "--by", "model", "--json", "--what-if", "gpt-6-luna", "--connection", "vendor"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["model"] for row in found["rows"]] == [row[0] for row in page.table("Model")]
    sums = cost_page.read().sums(Chosen())
    assert found["total"]["nanodollars"] == sums.whole().nanodollars
    once = luna().nanodollars
    assert once is not None
    assert found["what_if"]["nanodollars"] == 3 * once
    assert found["what_if"]["model"] == "gpt-6-luna"
    assert main(["cost", "--what-if", "gpt-6-luna", "--connection", "vendor"]) == 0
    assert "On gpt-6-luna at vendor: $0.00" in capsys.readouterr().out
