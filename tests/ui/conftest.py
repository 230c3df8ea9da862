"""The chat page over a fake server that answers with what was said; a file that needs another one makes its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_openai import FakeOpenAI
from tests.ui.chat_tab import Tab, tab, talking_to

KEY = "sk-canary-1b2c3d4e5f6a7b8c9d0e"
SETTINGS = "[chat]\ntitles_by_model = false\n"


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def page(tmp_path: Path, fake: FakeOpenAI, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tab]:
    with tab(tmp_path, monkeypatch, SETTINGS, **talking_to(fake.base_url, "echo", KEY)) as opened:
        yield opened.open()
