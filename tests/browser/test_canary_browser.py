"""A key of the environment is in nothing that the browser gets: no frame, no page, no download; and in no file or log."""

from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.app import PATIENCE, App, Chat
from tests.browser.test_settings import Wire
from tests.fake_openai import FakeOpenAI

pytestmark = pytest.mark.browser
KEY = "sk-canary-of-the-browser-tests"
REPEATING = ("reflects", "reflects:400", "fault:status-401", "fault:status-403", "fault:retry-after-long")


@pytest.fixture
def loud_app(own_app: App, monkeypatch: pytest.MonkeyPatch) -> App:
    """A server that logs all there is to log."""
    own_app._environ |= {"STREAMLIT_LOGGER_LEVEL": "debug", "OPENAI_LOG": "debug"}
    own_app.settle(model="echo")
    return own_app.start()


def test_a_key_of_the_environment_never_reaches_the_browser(
    context: BrowserContext, loud_app: App, fake: FakeOpenAI, tmp_path: Path
) -> None:
    chat = Chat(context, loud_app.url)
    wire = Wire(chat.page)
    seen: list[str] = []
    for model in REPEATING:
        loud_app.settle(model=model)
        chat.open()
        chat.say("the-person-said-this-and-nobody-else")
        chat.told(1, "Try again")
        seen.append(chat.page.content())
    assert {request.headers["authorization"] for request in fake.chats()} == {f"Bearer {KEY}"}, "the canary did fly"
    chat.choose_above("Download…")
    for name, words in (("Markdown", "Markdown"), ("CSV", "CSV"), ("ByteBot's JSON", "JSON")):
        chat.page.get_by_role("combobox", name="Format").click()
        chat.page.get_by_role("option", name=name, exact=True).click()
        with chat.page.expect_download() as download:
            chat.page.get_by_role("button", name=f"Download as {words}").click()
        seen.append(Path(download.value.path()).read_text())
    chat.page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(chat.page.get_by_role("dialog")).to_have_count(0, timeout=PATIENCE)
    assert "the-person-said-this" in seen[-1]
    chat.page.get_by_role("link", name="Settings").first.click()
    expect(chat.page.get_by_text("A key is set (environment OPENAI_API_KEY).")).to_be_visible(timeout=PATIENCE)
    chat.page.get_by_role("button", name="Test").first.click()
    expect(chat.page.get_by_text("lists 6 models")).to_be_visible(timeout=PATIENCE)
    chat.page.get_by_role("button", name="Edit").first.click()
    expect(chat.page.get_by_label("Base URL", exact=True)).to_be_visible(timeout=PATIENCE)
    seen.append(
        chat.page.content() + chat.page.evaluate("JSON.stringify([localStorage, sessionStorage, location.href])")
    )
    assert len(wire.sent) > 10
    assert b"Try again" in b"".join(wire.received)
    everything = [*wire.sent, *wire.received, *(text.encode() for text in seen), loud_app.log.read_bytes()]
    everything += [path.read_bytes() for path in loud_app.data.rglob("*") if path.is_file()]
    for spelling in (KEY.encode(), KEY[10:].encode(), KEY.encode().hex().encode(), KEY.encode().hex(" ").encode()):
        assert not [piece for piece in everything if spelling in piece]
    assert b"the-person-said-this" not in loud_app.log.read_bytes()
