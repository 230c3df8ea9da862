"""The whole story, as somebody new would live it: chat, stop, continue, edit, switch, refresh, restart, kill -9.

pytest tests/browser/test_show.py --screenshots docs/images      also makes the pictures of the README
"""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.app import PATIENCE, App, Chat
from tests.embedded.conftest import no_package_fits

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What is said, and by which model the long answers come."""

    quick: str
    slow: str
    hello: str
    more: str
    long: str


FAKE = Story(quick="words:60@0", slow="words:3000@60", hello="Hello", more="And what else?", long="Tell me a lot")
OFFLINE = Story(
    quick="SmolLM2-135M",
    slow="SmolLM2-135M",
    hello="What is the capital of Japan?",
    more="What is a decorator in Python?",
    long="Write a long story about a robot who learns to paint, with many chapters.",
)
Shot = Callable[[Page, str], None]


@pytest.fixture
def shot(request: pytest.FixtureRequest, tmp_path: Path) -> Shot:
    """Takes a picture; they are kept where --screenshots says."""
    folder = Path(request.config.getoption("--screenshots") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)

    def take(page: Page, name: str) -> None:
        page.wait_for_timeout(700)
        page.screenshot(path=folder / f"{name}.png")

    return take


def live(context: BrowserContext, app: App, story: Story, shot: Shot) -> str:
    """The story; gives the address of its first conversation. The app runs; it is restarted and killed on the way."""
    app.settle(model=story.quick)
    chat = Chat(context, app.url).open()
    shot(chat.page, "empty-light-1280")
    chat.say(story.hello)
    chat.whole(1)
    chat.say(story.more)
    chat.whole(3)
    shot(chat.page, "chat-light-1280")
    first = chat.query

    # Stop in the middle: the part is kept. Continue goes on in the same reply.
    app.settle(model=story.slow)
    chat.open()
    chat.say(story.long)
    _grown(chat, 1, 120)
    chat.input.press("Escape")
    chat.told(1, "You stopped this.")
    part = chat.text(1)
    shot(chat.page, "stopped-light-1280")
    chat.press("Continue")
    _grown(chat, 1, len(part) + 80)
    _stop(chat)
    assert chat.text(1).startswith(part[: len(part) // 2])
    long = chat.query

    # Edit the question: both versions stay, and the switch goes between them.
    chat.choose(0, "Edit")
    chat.page.get_by_label("Edit your message").fill(f"{story.long} Be brief.")
    chat.press("Save and send")
    chat.told(0, "2/2")
    _grown(chat, 1, 60)
    _stop(chat)
    chat.messages.nth(0).get_by_role("button", name="chevron_left").first.click()
    chat.told(0, "1/2")
    shot(chat.page, "branches-light-1280")

    # Refresh in the middle of a reply: it goes on, live.
    chat.open()
    chat.say(story.long)
    _grown(chat, 1, 60)
    chat.page.reload()
    chat.ready()
    expect(chat.page.get_by_role("button", name="Stop")).to_be_visible(timeout=PATIENCE)
    before = len(chat.text(1))
    _grown(chat, 1, before + 40)

    # Closed in an orderly way: the reply is kept and marked, and everything is found again.
    refreshed = chat.query
    app.kill(signal.SIGTERM)
    app.start()
    chat.open(refreshed)
    chat.told(1, "ByteBot was closed while this was written.")
    assert len(chat.text(1)) >= before
    chat.open(first)
    chat.count(4)
    chat.open(long)
    chat.count(2)

    # Killed in the middle of a sentence: the part is there after the restart, marked, with a way to go on.
    chat.open(refreshed)
    chat.press("Continue")
    _grown(chat, 1, before + 200)
    chat.page.wait_for_timeout(1_200)
    seen = len(chat.text(1))
    app.kill()
    app.start()
    chat.open(refreshed)
    chat.told(1, "ByteBot was closed while this was written.")
    assert len(chat.text(1)) >= before + 150, f"{seen} characters had been seen"
    expect(chat.page.get_by_role("button", name="Continue")).to_be_visible(timeout=PATIENCE)
    shot(chat.page, "killed-light-1280")
    return first


def _grown(chat: Chat, number: int, length: int) -> None:
    """Wait until the reply has so many characters."""
    chat.page.wait_for_function(
        "([number, length]) => (document.querySelectorAll('[data-testid=stChatMessage]')[number]"
        "?.querySelector('[class*=st-key-body-]')?.innerText.length || 0) >= length",
        arg=[number, length],
        timeout=PATIENCE,
    )


def _stop(chat: Chat) -> None:
    """Stop the reply, unless it has come to its end in this very moment.

    By key: the button goes down with every line that comes, and on a slow machine from under a mouse.
    """
    stop = chat.page.get_by_role("button", name="Stop")
    if stop.count():
        stop.first.press("Enter", timeout=PATIENCE)
    chat.told(1, "tok")


def _dark_and_small(browser: Browser, app: App, query: str, shot: Shot) -> None:
    """The same conversation in the dark, and on a phone."""
    for scheme, size in (("dark", DESK), ("light", PHONE), ("dark", PHONE)):
        context = browser.new_context(viewport=size, color_scheme=scheme)
        chat = Chat(context, app.url).open(query)
        chat.count(4)
        shot(chat.page, f"chat-{scheme}-{size['width']}")
        context.close()


# The same steps as with the offline model below. Where that runs, once in `make test` is enough.
second_time = pytest.mark.browser if no_package_fits() else pytest.mark.soak


@second_time
def test_the_story(context: BrowserContext, own_app: App) -> None:
    own_app.settle(model=FAKE.quick)
    own_app.start()
    live(context, own_app, FAKE, lambda page, name: None)


@pytest.mark.embedded
@pytest.mark.timeout(400)
def test_the_story_with_the_offline_model(
    browser: Browser, context: BrowserContext, offline_app: App, shot: Shot
) -> None:
    offline_app.start()
    first = live(context, offline_app, OFFLINE, shot)
    _dark_and_small(browser, offline_app, first, shot)
