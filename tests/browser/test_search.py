"""Searching as a person does: typing, and going to a message far up and on another branch."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from chatbot.store.store import Store
from tests.browser.app import PATIENCE, App, Chat
from tests.store.scene import begin, exchange, finish

pytestmark = pytest.mark.browser


def test_a_click_on_a_hit_brings_the_message_into_sight(tab: Callable[[str], Chat], app: App) -> None:
    chat = tab("words:40@100")
    zoo(app, "zebra", "quagga")
    field = chat.page.get_by_placeholder("Search everything said")
    field.press_sequentially("zebra f", delay=30)  # no Enter: it lists while one types
    chat.page.get_by_role("button", name=re.compile("a zebra, far up")).click()
    up = chat.messages.filter(has_text="a zebra, far up")
    expect(up).to_be_in_viewport(timeout=PATIENCE)
    for _ in range(10):  # and it stays there, while those below it are still being drawn
        expect(up).to_be_in_viewport(timeout=1)
        chat.page.wait_for_timeout(100)
    # Only a stretch is drawn, which goes on where one asks for it.
    expect(chat.messages.filter(has_text="question 12")).to_have_count(1, timeout=PATIENCE)
    expect(chat.messages.filter(has_text="question 13")).to_have_count(0)
    chat.page.get_by_role("button", name="Later messages (14)").press("Enter")
    expect(chat.messages.filter(has_text="question 13")).to_be_in_viewport(timeout=PATIENCE)
    expect(chat.messages.filter(has_text="question 19")).to_have_count(1, timeout=PATIENCE)
    field.fill("quagga")
    chat.page.get_by_role("button", name=re.compile("old branch with a quagga")).click()
    expect(chat.messages.filter(has_text="An old branch with a quagga")).to_be_in_viewport(timeout=PATIENCE)
    chat.count(2)
    field.fill("")
    expect(chat.page.get_by_role("button", name=re.compile("old branch with"))).to_have_count(0, timeout=PATIENCE)
    expect(chat.page.locator(".st-key-conversations")).to_be_visible()


@pytest.mark.parametrize(
    ("where", "up", "beside"), [("beside the chat", "lemur", "dodo"), ("on the History page", "tapir", "moa")]
)
def test_enter_goes_to_the_first_place_that_was_found(
    tab: Callable[[str], Chat], app: App, where: str, up: str, beside: str
) -> None:
    chat = tab("words:40@100")
    zoo(app, up, beside)
    if where == "on the History page":
        chat.page.get_by_role("link", name="History").click()
        field = chat.page.get_by_placeholder("titles and all")
    else:
        field = chat.page.get_by_placeholder("Search everything said")
    expect(field).to_have_attribute("data-enter", "heard", timeout=PATIENCE)
    # At once, before there has been time to look for it.
    field.press_sequentially(up, delay=5)
    field.press("Enter")
    expect(chat.messages.filter(has_text=f"a {up}, far up")).to_be_in_viewport(timeout=PATIENCE)
    field = chat.page.get_by_placeholder("Search everything said", exact=True)
    field.fill(beside)
    found = chat.page.get_by_role("button", name=re.compile(f"old branch with a {beside}"))
    expect(found).to_be_visible(timeout=PATIENCE)
    field.press("Enter")
    expect(chat.messages.filter(has_text=f"An old branch with a {beside}")).to_be_in_viewport(timeout=PATIENCE)
    # Nothing is found, so nothing is gone to.
    field.fill("okapi")
    field.press("Enter")
    expect(chat.page.get_by_text("Nothing found for")).to_be_visible(timeout=PATIENCE)
    expect(chat.messages.filter(has_text=f"An old branch with a {beside}")).to_be_in_viewport()


def zoo(app: App, up: str, beside: str) -> None:
    """A long conversation with something far up, and something on another branch."""
    store = Store.open(f"sqlite:///{app.data}/bytebot.db")
    first = last = exchange(store, text="a question about animals")
    old = begin(store, None, conversation=first.conversation, parent=first.user)
    finish(store, old.reply, f"An old branch with a {beside} in it.")
    for number in range(20):
        words = f"a {up}, far up" if number == 2 else f"question {number}"
        last = exchange(store, last, text=words, answer="Words. " * 60)
    store.conversations.set_head(first.conversation, last.reply)
    store.close()
