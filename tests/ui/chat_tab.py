"""The chat page opened in process, over a real fake server and a data folder of its own; and what a person sees of it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatbot.core.blocks import drawable
from chatbot.engine.engine import Engine
from chatbot.store.values import StoredMessage
from chatbot.ui import session, warm
from tests.ui.settings_page import Page, opened, plain

KINDS = ("title", "header", "subheader", "error", "warning", "success", "info", "caption", "markdown", "text", "toast")


class Tab(Page):
    """One tab of a browser on the chat page, with what stands behind it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, "app.py")
        self.app.default_timeout = 90  # seconds; a run lasts as long as the reply, and machines may be busy

    @property
    def engine(self) -> Engine:
        return session.engine()

    def open(self) -> "Tab":
        """Go to the chat, and wait for what the server loads beside its first page."""
        self.run()
        until = time.monotonic() + 30
        while not warm.done() and time.monotonic() < until:
            time.sleep(0.05)
        return self

    def run(self) -> "Tab":
        super().run()
        return self

    def say(self, text: str) -> "Tab":
        """Type it and press Enter; the reply has ended when this returns."""
        self.app.chat_input[0].set_value(text)
        return self.run()

    def choose(self, menu: str, item: str) -> "Tab":
        """Choose something from the menu with this key."""
        found = next(button for button in self.app.get("menu_button") if button.key == menu)
        found.set_value(item)
        return self.run()

    # — what a person sees —

    def said(self) -> list[str]:
        """Every text on the page, its Markdown escapes taken away."""
        return [plain(str(element.value)) for kind in KINDS for element in self.app.get(kind)]

    def draws(self, text: str) -> bool:
        """Whether this raw Markdown stands on the page as a block of its own."""
        return any(element.value == drawable(text) for element in self.app.get("markdown"))

    def buttons(self) -> list[str]:
        return [button.label for button in self.app.button]

    def links(self) -> list[str]:
        return [link.proto.label for link in self.app.get("page_link")]

    # — what is kept —

    def kept(self) -> list[StoredMessage]:
        """Every message of the newest conversation, as they were made."""
        conversations = self.engine.store.conversations
        newest = conversations.latest()
        assert newest is not None, "nothing was stored"
        ids = list(conversations.tree(newest.id).by_id)
        rows = conversations.messages(ids)
        return [rows[id] for id in ids]


@contextmanager
def tab(folder: Path, monkeypatch: pytest.MonkeyPatch, settings: str = "", **variables: str) -> Iterator[Tab]:
    """A tab on a home in `folder`; `settings` is its settings.toml, the variables are its environment."""
    if settings:
        (folder / "data").mkdir(exist_ok=True)
        (folder / "data" / "settings.toml").write_text(settings, encoding="utf-8")
    with opened(folder, monkeypatch, **variables):
        yield Tab(folder)


def talking_to(base_url: str, model: str, key: str) -> dict[str, str]:
    """The variables that send new chats there."""
    return {
        "OPENAI_API_KEY": key,
        "OPENAI_BASE_URL": base_url,
        "BYTEBOT_CONNECTION": "openai",
        "BYTEBOT_MODEL": model,
    }
