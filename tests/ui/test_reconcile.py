"""A bill dropped on the page, beside the ledger of a home of its own; and OpenAI asked with an admin key."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chatbot.ui import session
from tests.engine.bills import DAY, HEAD, line, spend
from tests.fake_admin import ADMIN_KEY
from tests.fake_openai import FakeOpenAI
from tests.ui.settings_page import Page, opened

ENTRY = "tests/ui/reconcile_page.py"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    with opened(tmp_path, monkeypatch, ENTRY) as page:
        yield page.run()


def drop(page: Page, *texts: str) -> Page:
    files = [(f"{number}.csv", text.encode(), "text/csv") for number, text in enumerate(texts, start=1)]
    page.app.file_uploader[0].set_value(files)
    return page.run()


def table(page: Page) -> list[list[str]]:
    (frame,) = page.app.dataframe
    return [[str(cell) for cell in row] for row in frame.value.to_numpy().tolist()]


def test_an_empty_page_says_where_the_export_is(page: Page) -> None:
    assert page.app.subheader[0].value == "Compare with a provider's bill"
    for words in ("platform.openai.com", "Anthropic", "OpenRouter"):
        assert page.says(words)
    assert not page.app.dataframe


def test_a_dropped_bill_is_compared(page: Page) -> None:
    store = session.engine().store
    spend(store, 200_000)
    spend(store, None, model="sol", answered=None)
    drop(page, HEAD + line("0.0002") + line("1234.5", model="gpt-image"))
    assert table(page) == [
        ["2026-11-03", "gpt-6-luna-2026-05-01", "$0.0002", "$0.0002", "$0.00", "0", "Agrees."],
        [
            *("2026-11-03", "gpt-image", "$1,234.50", "—", "+$1,234.50", "+1,200"),
            "Used outside ByteBot: it made no calls to this model in this time.",
        ],
        [
            *("2026-11-03", "sol", "—", "— (1\N{NO-BREAK SPACE}unpriced)", "—", ""),
            "They did not bill this call: perhaps another account or project has it.",
        ],
    ]
    assert [metric.value for metric in page.app.metric] == ["$1,234.50", "> $0.0002", "at most +$1,234.50"]
    said = "OpenAI on 2026-11-03 (UTC), beside the calls over openai. 1 of 3 rows agree. Of ours, 1 unpriced."
    assert page.says(said)
    kept = b"".join(path.read_bytes() for path in page.data.rglob("*") if path.is_file())
    assert b"gpt-image" not in kept, "the file is kept nowhere"


def test_what_nobody_priced_is_never_nothing(page: Page) -> None:
    spend(session.engine().store, None, answered=None)
    drop(page, HEAD + line("0.0002", model="gpt-image"))
    assert [metric.value for metric in page.app.metric] == ["$0.0002", "—", "—"]
    spend(session.engine().store, 20_000)
    spend(session.engine().store, None)
    drop(page, HEAD + line("0.0002", requests=3, tokens=(3000, 0, 600)))
    (row,) = table(page)
    assert row[3:5] == ["> $0.00002 (2\N{NO-BREAK SPACE}unpriced)", "at most +$0.00018"]
    assert [metric.value for metric in page.app.metric] == ["$0.0002", "> $0.00002", "at most +$0.0002"]


def test_each_sentence_can_be_read_whole(page: Page) -> None:
    spend(session.engine().store, 200_000)
    drop(page, HEAD + line("0.0002"))
    drawn = page.app.dataframe[0].proto
    assert not drawn.row_height, "what is short needs one line"
    assert not any(column.get("width") for column in json.loads(drawn.columns).values()), "and nothing is cut"
    drop(page, HEAD + line("0.0002") + line("1234.5", model="gpt-image"))
    drawn = page.app.dataframe[0].proto
    assert drawn.row_height > 64, "Streamlit wraps words in rows that are higher"
    columns = [column for column in json.loads(drawn.columns).values() if not column.get("hidden")]
    assert sum(column.get("width") or 80 for column in columns) <= 820, (
        "what a page of 1280 pixels has beside its sidebar"
    )


def test_a_bad_file_does_not_hide_a_good_one(page: Page) -> None:
    spend(session.engine().store, 200_000)
    drop(page, "name\nAda\n", HEAD + line("0.0002"), HEAD + line("free"))
    first, second = (error.value.replace("\\", "") for error in page.app.error)
    assert first.startswith("1.csv, line 1: no column says the day.")
    assert second == "3.csv, line 2, amount_value: 'free' is no amount."
    assert [row[-1] for row in table(page)] == ["Agrees."]
    assert page.says("What is below is of the other files.")
    drop(page, "name\nAda\n", HEAD + line("free"))
    assert [error.value.replace("\\", "")[:5] for error in page.app.error] == ["1.csv", "2.csv"]
    assert not page.app.dataframe
    drop(page, "name\nAda\n", HEAD + line("0.0002"), HEAD + line("0.0002"))
    said = [error.value.replace("\\", "") for error in page.app.error]
    assert len(said) == 2
    assert said[1].startswith("2.csv and 3.csv both bill")


def test_what_is_wrong_with_a_file_is_said(page: Page) -> None:
    spend(session.engine().store, 200_000)
    drop(page, HEAD + line("free"))
    assert [error.value.replace("\\", "") for error in page.app.error] == [
        "1.csv, line 2, amount_value: 'free' is no amount."
    ]
    assert not page.app.dataframe
    drop(page, HEAD + line("0.0002"))
    assert not page.app.error
    assert len(table(page)) == 1


def test_a_long_bill_can_show_only_what_differs(page: Page) -> None:
    store = session.engine().store
    days = [DAY + timedelta(days=number) for number in range(10)]
    for day in days:
        spend(store, 200_000, day=day)
    drop(page, HEAD + "".join(line("0.0002", day=day) for day in days[:9]) + line("0.0009", day=days[9]))
    assert len(table(page)) == 10
    page.app.toggle[0].set_value(True)
    page.run()
    assert [row[0] for row in table(page)] == [str(days[9])]


def test_the_connection_can_be_chosen(page: Page) -> None:
    store = session.engine().store
    spend(store, 200_000)
    spend(store, 200_000, connection="work", base_url="https://eu.api.openai.com/v1")
    drop(page, HEAD + line("0.0002"))
    assert table(page)[0][4] == "−$0.0002"
    page.app.selectbox[0].set_value("work")
    page.run()
    assert table(page)[0][4] == "$0.00"


def test_an_admin_key_is_used_once_and_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        FakeOpenAI() as server,
        opened(tmp_path, monkeypatch, ENTRY, OPENAI_BASE_URL=server.base_url, OPENAI_API_KEY="sk-x") as page,
    ):
        page.run()
        today = datetime.now(UTC).date()
        spend(session.engine().store, 112_300_000, day=today, answered="gpt-6-luna", base_url=server.base_url)
        page.app.date_input[0].set_value((today, today))
        page.field("admin_key").set_value(ADMIN_KEY)
        page.press("Ask OpenAI")
        answered(page)
        assert table(page)[0][1:5] == ["gpt-6-luna", "$0.1123", "$0.1123", "$0.00"]
        assert page.field("admin_key").value == ""
        assert ADMIN_KEY not in str(page.app.session_state)
        page.field("admin_key").set_value("sk-other-key-1234567")
        page.press("Ask OpenAI")
        answered(page)
        assert page.says("The admin key was not accepted.")


def answered(page: Page) -> None:
    """Wait until OpenAI is asked no more, as a person does who sees it said."""
    until = time.monotonic() + 60
    while page.says("OpenAI is being asked"):
        assert time.monotonic() < until, "the answer does not come"
        time.sleep(0.1)
        page.run()
