"""The settings page, opened in process on a home of its own; and the fields of a page by their words."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.testing.v1 import AppTest

from chatbot.home.home import Home
from chatbot.ui import session
from tests.template import new_database

ROOT = Path(__file__).parents[2]


@cache
def _components() -> BidiComponentManager:
    """The installed packages' components, looked for once: each page would read the metadata of every package again."""
    found = BidiComponentManager()
    found.discover_and_register_components(start_file_watching=False)
    return found


class Page:
    """One tab of a browser on the app, and the folders behind it."""

    def __init__(self, folder: Path, entry: str) -> None:
        self.data = folder / "data"
        self.settings_file = self.data / "settings.toml"
        self.app = AppTest.from_file(str(ROOT / entry), default_timeout=30)
        self.app._bidi_component_manager = _components()

    @property
    def home(self) -> Home:
        return session.home()

    def run(self) -> "Page":
        self.app.run()
        return self.sound()

    def sound(self) -> "Page":
        assert not self.app.exception, [error.value for error in self.app.exception]
        return self

    def click(self, key: str) -> "Page":
        self.app.button(key=key).click()
        return self.run()

    def field(self, key: str) -> Any:
        """A widget of a form by the key it is named by; where it began anew, its own has a number."""
        try:
            counts = self.app.session_state["settings_anew"]
        except KeyError:
            counts = {}
        return self.app.get_by_key(f"{key}~{counts[key]}" if key in counts else key)

    def press(self, words: str) -> "Page":
        """Click the button with these words, in a form or out of it."""
        found = [button for button in self.app.button if button.label == words]
        assert len(found) == 1, f"{len(found)} buttons say {words!r}"
        found[0].click()
        return self.run()

    def settled(self) -> "Page":
        """The page when no test is under way any more."""
        for _ in range(60):
            if not any("Testing" in info.value for info in self.app.info):
                return self
            self.run()
        raise AssertionError("the test of a connection does not end")

    def said(self) -> list[str]:
        """Every sentence on the page, as a person reads it."""
        kinds = ("error", "warning", "success", "info", "caption", "markdown", "text", "toast")
        return [plain(str(element.value)) for kind in kinds for element in self.app.get(kind)]

    def says(self, words: str) -> bool:
        return any(words in sentence for sentence in self.said())


def plain(markdown: str) -> str:
    """Markdown made of a sentence, as the sentence."""
    return OPEN_LINE.sub(r"\1", markdown).replace("\\", "").replace("**", "").translate(dict.fromkeys((0x200B, 0x2060)))


# How the list draws the name of the chat that is open.
OPEN_LINE = re.compile(r"^:small\[\*\*(.*)\*\*\]$")


@contextmanager
def opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch, entry: str = "tests/ui/settings_entry.py", **variables: str
) -> Iterator[Page]:
    """A page on a home in `folder`, whose environment holds these variables and no key of the person who runs this."""
    for name in os.environ:
        if name.startswith(("OPENAI_", "BYTEBOT_", "PIP_", "UV_")):
            monkeypatch.delenv(name)
    here = folder / "here"
    here.mkdir(exist_ok=True)
    monkeypatch.chdir(here)
    settings = {
        "BYTEBOT_DATA_DIR": str(folder / "data"),
        "BYTEBOT_CACHE_DIR": str(folder / "cache"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        # The offline model is not fetched for these tests.
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        **variables,
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    if not (folder / "data" / "bytebot.db").exists():
        new_database(folder / "data" / "bytebot.db")
    st.cache_resource.clear()
    st.cache_data.clear()
    try:
        yield Page(folder, entry)
    finally:
        session.engine().close()
        st.cache_resource.clear()
        st.cache_data.clear()
