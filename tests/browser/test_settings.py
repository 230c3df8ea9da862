"""The settings in a real browser: a key that is typed leaves nothing behind, a model's id can be typed, a theme chosen."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, WebSocket, expect

from tests.browser.app import PATIENCE, App
from tests.fake_openai import FakeOpenAI

pytestmark = pytest.mark.browser
CANARY = "sk-canary-of-the-browser-9c2f1e"


@pytest.fixture
def loud_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """A server that logs all there is to log, and has no connection but the offline one."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("STREAMLIT_LOGGER_LEVEL", "debug")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    app = App(tmp_path).start()
    yield app
    app.close()


class Wire:
    """What goes over the page's websockets."""

    def __init__(self, page: Page) -> None:
        self.sent: list[bytes] = []
        self.received: list[bytes] = []
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: self.sent.append(_bytes(frame)))
        socket.on("framereceived", lambda frame: self.received.append(_bytes(frame)))


def _bytes(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame


def settings(context: BrowserContext, app: App) -> tuple[Page, Wire]:
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    wire = Wire(page)
    page.goto(f"{app.url}/settings")
    expect(page.get_by_role("button", name="Add a connection")).to_be_visible(timeout=PATIENCE)
    return page, wire


def add(page: Page, name: str, url: str, key: str) -> None:
    if not page.get_by_text("New connection").is_visible():
        page.get_by_role("button", name="Add a connection").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Base URL", exact=True).fill(url)
    page.get_by_label("Key (if it needs one)", exact=True).fill(key)
    page.get_by_role("button", name="Save and test").click()


def test_a_key_that_was_typed_leaves_nothing_behind(context: BrowserContext, loud_app: App, fake: FakeOpenAI) -> None:
    page, wire = settings(context, loud_app)
    # Refused first: the form stays, the key does not.
    add(page, "not a name", fake.base_url, CANARY)
    expect(page.get_by_text("cannot name a connection")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_label("Name", exact=True)).to_have_value("not a name", timeout=PATIENCE)
    expect(page.get_by_label("Key (if it needs one)", exact=True)).to_have_value("", timeout=PATIENCE)
    sent = len(wire.sent)
    add(page, "mine", fake.base_url, CANARY)
    expect(page.get_by_text("lists 6 models")).to_be_visible(timeout=PATIENCE)
    assert any(CANARY.encode() in frame for frame in wire.sent[sent:]), "the test proves nothing"
    assert [request for request in fake.requests if request.headers.get("authorization") == f"Bearer {CANARY}"]
    sent = len(wire.sent)
    page.get_by_role("button", name="Replace").click()
    expect(page.get_by_label("Key", exact=True)).to_have_value("", timeout=PATIENCE)
    page.get_by_role("tab", name="Data").click()
    expect(page.get_by_text("Data folder", exact=True)).to_be_visible(timeout=PATIENCE)
    assert len(wire.sent) > sent
    secret = CANARY.encode()
    assert not any(secret in frame for frame in wire.sent[sent:]), "the browser still has the key"
    assert not any(secret in frame for frame in wire.received), "the server sent the key back"
    kept_by_the_browser = page.evaluate("JSON.stringify([localStorage, sessionStorage, location.href])")
    assert CANARY not in kept_by_the_browser + page.content()
    log = loud_app.log.read_bytes()
    assert b"Removing orphaned files" in log, "the log is not at DEBUG"
    for spelling in (secret, secret.hex().encode(), secret.hex(" ").encode()):
        assert spelling not in log
    for path in loud_app.data.iterdir():
        assert path.name == "keys.toml" or secret not in path.read_bytes(), path


def test_a_models_id_can_be_typed(context: BrowserContext, loud_app: App, fake: FakeOpenAI) -> None:
    page, _ = settings(context, loud_app)
    add(page, "mine", fake.url("no-models"), "")
    expect(page.get_by_text("type the id of one")).to_be_visible(timeout=PATIENCE)
    field = page.get_by_label("Model").first
    field.fill("words:5@0")
    field.press("Enter")
    expect(page.get_by_text("in new chats.")).to_be_visible(timeout=PATIENCE)
    page.reload()
    expect(page.get_by_label("Model").first).to_have_value("words:5@0", timeout=PATIENCE)


def test_the_theme_is_chosen_where_the_settings_are(context: BrowserContext, loud_app: App) -> None:
    page, _ = settings(context, loud_app)
    page.get_by_test_id("stMainMenu").get_by_role("button").click()
    page.get_by_role("menuitemradio", name="Dark").click()
    page.keyboard.press("Escape")
    assert _scheme(page) == "dark"
    page.get_by_role("link", name="Chat").click()
    expect(page.get_by_test_id("stChatInputTextArea")).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_test_id("stMainMenu")).to_have_count(0, timeout=PATIENCE)
    assert _scheme(page) == "dark"


def _scheme(page: Page) -> str:
    scheme: str = page.evaluate("getComputedStyle(document.querySelector('.stApp')).colorScheme")
    return scheme


def test_all_tabs_are_in_sight_on_a_phone(context: BrowserContext, app: App) -> None:
    page, _ = settings(context, app)
    page.set_viewport_size({"width": 390, "height": 844})
    for tab in page.get_by_role("tab").all():
        expect(tab).to_be_in_viewport(ratio=1, timeout=PATIENCE)
