"""The sidebar's model picker: a model that its vendor shuts down wears the day, and is still chosen by its id."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbot.ui.open_chat import OpenChat
from tests.fake_openai import FakeOpenAI
from tests.ui.chat_tab import Tab, tab, talking_to

SETTINGS = "[chat]\ntitles_by_model = false\n"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tab]:
    with FakeOpenAI() as fake:
        names = talking_to(fake.url("ending"), "echo", "sk-canary-0a1b2c3d4e5f")
        with tab(tmp_path, monkeypatch, SETTINGS, **names) as opened:
            yield opened.open()


def picker(page: Tab) -> Any:
    for _ in range(40):
        found = next(box for box in page.app.selectbox if box.label == "Model")
        if "silent" in found.options:  # the list has arrived
            return found
        page.run()
    raise AssertionError(found.options)


def chosen(page: Tab) -> str:
    chat: OpenChat = page.app.session_state["chat"]
    return chat.options.model


def test_a_model_wears_the_day_it_ends(page: Tab) -> None:
    options = picker(page).options
    assert "echo · shut down 2001-01-01" in options
    assert "words:200@50 · until 2999-12-31" in options
    assert "silent" in options
    assert page.says("echo was shut down on 2001-01-01. Choose another model.")


def test_what_is_chosen_is_the_id(page: Tab) -> None:
    picker(page).set_value("words:200@50")
    page.run()
    assert chosen(page) == "words:200@50"
    assert not page.says("Choose another model"), "that is far away"
    picker(page).set_value("echo")
    page.run()
    page.say("Hello.")
    assert page.kept()[-1].model_asked == "echo"
