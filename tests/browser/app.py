"""The real app as a child process, and the chat page in a browser as a person uses it."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
from playwright.sync_api import BrowserContext, FloatRect, Locator, Page, expect

ROOT = Path(__file__).parents[2]
PATIENCE = 90_000  # milliseconds; generous, since two slow cores may be shared with everything else
WINDOWLESS = "chromium-headless-shell"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    # Whatever a page asks for beyond this machine fails at once.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


def system_browser(*, as_people_have_it: bool = False) -> str | None:
    """The path of an installed Chromium; None: Playwright's own.

    The one without a window takes the least of the processor; a page that changes with each token is far slower in it.
    """
    names = (*BROWSERS, WINDOWLESS) if as_people_have_it else (WINDOWLESS, *BROWSERS)
    return next((path for name in names if (path := shutil.which(name))), None)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


class App:
    """`streamlit run app.py` on a data folder of its own; `start` and `kill` as often as you like."""

    def __init__(
        self, folder: Path, base_url: str | None = None, *, cache: Path | None = None, port: int | None = None
    ) -> None:
        """Without a base URL there is no key either: the offline model answers, from the cache folder."""
        self.data = folder / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        self.more = ""
        """What stands in settings.toml besides."""
        self.log = folder / "server.log"
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._environ = {
            **os.environ,
            "BYTEBOT_DATA_DIR": str(self.data),
            "BYTEBOT_CACHE_DIR": str(cache or folder / "cache"),
        }
        if base_url is not None:
            self._environ |= {"OPENAI_API_KEY": "sk-canary-of-the-browser-tests", "OPENAI_BASE_URL": base_url}
        self._child: subprocess.Popen[bytes] | None = None

    def settle(self, *, model: str, titles: bool = False, connection: str = "") -> None:
        """What new chats begin with."""
        lines = ["[chat]", f'model = "{model}"', f"titles_by_model = {str(titles).lower()}"]
        lines += [f'connection = "{connection}"'] if connection else []
        (self.data / "settings.toml").write_text("\n".join([*lines, self.more]))

    def start(self) -> "App":
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(self.port)]
        with self.log.open("ab") as log:
            self._child = subprocess.Popen(command, cwd=ROOT, env=self._environ, stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < until:
            assert self._child.poll() is None, self.log.read_text()
            try:
                with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1) as answer:
                    if answer.status == 200:
                        return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
        raise AssertionError(f"the app did not come up: {self.log.read_text()}")

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        """End the server, and wait until it is gone."""
        if self._child is not None:
            self._child.send_signal(how)
            self._child.wait(20)
            self._child = None

    def threads(self) -> int:
        """How many threads the server has now."""
        assert self._child is not None, "the app is not running"
        return psutil.Process(self._child.pid).num_threads()

    def close(self) -> None:
        if self._child is not None and self._child.poll() is None:
            self.kill()


class Chat:
    """One tab on the chat page."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self._url = url

    def open(self, query: str = "") -> "Chat":
        self.page.goto(f"{self._url}/{query}")
        return self.ready()

    def ready(self) -> "Chat":
        expect(self.input).to_be_visible(timeout=PATIENCE)
        return self

    @property
    def input(self) -> Locator:
        return self.page.get_by_test_id("stChatInputTextArea")

    @property
    def messages(self) -> Locator:
        return self.page.get_by_test_id("stChatMessage")

    @property
    def query(self) -> str:
        """`?c=…` of the open conversation."""
        expect(self.page).to_have_url(re.compile(r"\?c="), timeout=PATIENCE)
        return "?" + self.page.url.partition("?")[2]

    def say(self, text: str) -> None:
        self.input.fill(text)
        self.input.press("Enter")

    def body(self, number: int) -> Locator:
        """The words of a reply, by its number among all messages."""
        return self.messages.nth(number).locator("[class*='st-key-body-']")

    def text(self, number: int) -> str:
        """What can be read of a reply now; code counts, too, though a browser fetches its drawing when it needs it."""
        expect(self.body(number).get_by_test_id("stSkeleton")).to_have_count(0, timeout=PATIENCE)
        return self.body(number).inner_text()

    def told(self, number: int, words: str) -> None:
        """Wait until the message holds these words."""
        expect(self.messages.nth(number)).to_contain_text(words, timeout=PATIENCE)

    def longer(self, number: int, characters: int) -> None:
        """Wait until a reply has grown to more than so many characters."""
        words = self.body(number).element_handle()
        self.page.wait_for_function("([it, size]) => it.innerText.length > size", arg=[words, characters])

    def whole(self, number: int) -> None:
        """Wait until the reply is over, its numbers under it."""
        expect(self.messages.nth(number)).to_contain_text(re.compile(r"(\d|—) tokens? ·"), timeout=PATIENCE)

    def count(self, messages: int) -> None:
        expect(self.messages).to_have_count(messages, timeout=PATIENCE)

    def press(self, words: str) -> None:
        """Click the button that says so."""
        self.page.get_by_role("button", name=words).first.click()

    def choose(self, number: int, item: str) -> None:
        """Choose from a message's menu."""
        choose_from(self.messages.nth(number).get_by_test_id("stMenuButton"), item)

    def choose_above(self, item: str) -> None:
        """Choose from the menu of the chat, beside its title."""
        choose_from(menu_of_chat(self.page), item)


def at_rest(locator: Locator) -> FloatRect | None:
    """Where it stands once it stays there: what the page before had above it goes when the new one is drawn whole."""
    until, before = time.monotonic() + PATIENCE / 1000, locator.bounding_box()
    while time.monotonic() < until:
        locator.page.wait_for_timeout(300)
        now = locator.bounding_box()
        if now == before:
            return now
        before = now
    raise AssertionError("it never comes to rest")


def menu_of_chat(page: Page) -> Locator:
    return page.locator(".st-key-head-menu").get_by_test_id("stMenuButton")


def choose_from(menu: Locator, item: str) -> None:
    menu.click()
    # By key, once it is open: a page that is being drawn may move an item away from under a mouse.
    menu.page.get_by_role("option", name=item).or_(menu.page.get_by_role("menuitem", name=item)).first.press("Enter")
