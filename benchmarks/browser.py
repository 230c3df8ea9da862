"""One Chromium page, and what it sees: bytes that came in, when text was there, how late each token was."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Page, sync_playwright

from tests.browser.app import system_browser

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PATIENCE = 120_000  # milliseconds
INPUT = "[data-testid=stChatInputTextArea], body > textarea"
"""What one types into, on a page of Streamlit and on the floor page."""

# Runs in the page: the moment when a text is there for the n-th time, looked for every 10 ms; 0 when it does not come.
# (Looking at every change would make the looking itself quadratic in the text, and slow down whoever changes most.)
WATCH = """([needle, times, patience]) => new Promise(resolve => {
  const until = Date.now() + patience;
  const look = setInterval(() => {
    const there = document.body.textContent.split(needle).length - 1 >= times;
    if (!there && Date.now() < until) return;
    clearInterval(look);
    resolve(there ? Date.now() : 0);
  }, 10);
})"""

# Every token is the moment at which it was sent, so the page knows by itself how late it is.
CLOCK = """() => {
  const seen = new Set(), lags = window.lags = [];
  new MutationObserver(changes => {
    const now = Date.now();
    for (const change of changes)
      for (const sent of (change.target.textContent.match(/\\b1\\d{12}\\b/g) || []))
        if (!seen.has(sent)) { seen.add(sent); lags.push(now - Number(sent)); }
  }).observe(document.body, {childList: true, characterData: true, subtree: true});
}"""


class Stalled(Exception):
    """The page never showed what was waited for."""


@dataclass
class Bytes:
    """What the page has received since the counting began: on websockets, and in bodies."""

    frames: int = 0
    bodies: int = 0

    @property
    def words(self) -> int:
        """Bytes that carried the conversation: frames where there are any (bodies are scripts then)."""
        return self.frames or self.bodies


@contextlib.contextmanager
def chromium() -> Iterator[Page]:
    """A page of the system's Chromium, one with windows where there is one, or of Playwright's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=system_browser(as_people_have_it=True), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE)
        try:
            yield page
        finally:
            browser.close()


def count_bytes(page: Page) -> Bytes:
    """Count websocket frames and fetched bodies from now on."""
    found = Bytes()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")

    def frame(event: dict[str, dict[str, object]]) -> None:
        payload = str(event["response"]["payloadData"])
        found.frames += len(payload) * 3 // 4 if event["response"]["opcode"] == 2 else len(payload)

    def body(event: dict[str, int]) -> None:
        found.bodies += event["dataLength"]

    session.on("Network.webSocketFrameReceived", frame)
    session.on("Network.dataReceived", body)
    return found


def send(page: Page, words: str) -> float:
    """Type into the page's input and press Enter; gives time.time() just before."""
    # By its name: until it is there, the last text area of our page would be the system prompt's.
    box = page.locator(INPUT)
    box.fill(words)
    began = time.time()
    box.press("Enter")
    return began


def wait_for(page: Page, needle: str, times: int = 1) -> float:
    """time.time() of the moment when the text was in the page so many times; Stalled when it does not come to that."""
    moment = float(page.evaluate(WATCH, [needle, times, PATIENCE])) / 1000
    if not moment:
        raise Stalled(f"{needle!r} was not in the page {times} times within {PATIENCE / 1000:.0f} s")
    return moment
