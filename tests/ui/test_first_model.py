"""A chat whose connection names no model begins with one that its server has."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fake_openai import FakeOpenAI
from tests.ui.chat_tab import tab
from tests.ui.test_model_picker import chosen

KEY = "sk-canary-0a1b2c3d4e5f"
SETTINGS = "[chat]\ntitles_by_model = false\n"


@pytest.fixture
def fake() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as running:
        yield running


def connected(base_url: str) -> str:
    return f'{SETTINGS}connection = "mine"\n[connections.mine]\nbase_url = "{base_url}"\n'


def test_it_is_there_before_the_first_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: FakeOpenAI) -> None:
    with tab(tmp_path, monkeypatch, SETTINGS, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=fake.base_url) as page:
        page.open()
        assert chosen(page) == "echo"
        page.say("Hello.")
        assert page.kept()[-1].model_asked == "echo"
        conversations = page.engine.store.conversations
        assert conversations.latest().options.model == "echo"  # type: ignore[union-attr]


def test_what_is_said_before_the_list_is_there_waits_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: FakeOpenAI
) -> None:
    with tab(tmp_path, monkeypatch, connected(fake.base_url)) as page:
        page.open()
        page.app.session_state["chat"].options = page.home.default_options()
        assert chosen(page) == ""
        page.say("Hello.")
        assert page.kept()[-1].model_asked == "echo"


def test_where_nobody_knows_one_the_words_are_kept_with_a_way_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: FakeOpenAI
) -> None:
    with tab(tmp_path, monkeypatch, connected(fake.url("no-models"))) as page:
        page.open().say("Hello.")
        assert page.says("'mine' has no model of its own, and its server lists none for chats. Choose one.")
        assert not fake.chats()
        assert [row.text for row in page.kept()] == ["Hello.", ""]
        assert "Choose another model" in page.buttons()
        page.press("Choose another model")
        assert page.sound()


def test_a_server_that_is_down_is_named_and_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: FakeOpenAI
) -> None:
    with tab(tmp_path, monkeypatch, connected("http://127.0.0.1:9/v1")) as page:
        page.open().say("Hello.")
        assert page.says("Nothing answers at http://127.0.0.1:9")
        assert [row.text for row in page.kept()] == ["Hello.", ""]
        (tmp_path / "data" / "settings.toml").write_text(connected(fake.base_url))
        page.press("Try again")
        assert [(row.text, row.model_asked) for row in page.kept()][-1] == ("Hello.", "echo")


def test_a_history_that_takes_nothing_does_not_break_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake: FakeOpenAI
) -> None:
    with tab(tmp_path, monkeypatch, connected(fake.base_url)) as page:
        page.open().say("Hello.")
        conversations = page.engine.store.conversations
        begun = conversations.latest()
        assert begun is not None
        conversations.set_options(begun.id, replace(begun.options, model=""))
        path = tmp_path / "data" / "bytebot.db"
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")  # as another program would hold it
            page.run()
            other.rollback()
        assert not page.app.exception
        assert chosen(page) == "echo"
