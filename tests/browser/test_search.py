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
    store = Store.open(f"sqlite:///{app.data}/bytebot.db")
    first = last = exchange(store, text="a question about animals")
    old = begin(store, None, conversation=first.conversation, parent=first.user)
    finish(store, old.reply, "An old branch with a quagga in it.")
    for number in range(20):
        words = "a zebra, far up" if number == 2 else f"question {number}"
        last = exchange(store, last, text=words, answer="Words. " * 60)
    store.conversations.set_head(first.conversation, last.reply)
    store.close()
    field = chat.page.get_by_placeholder("Search everything said")
    field.press_sequentially("zebra f", delay=30)  # no Enter: it lists while one types
    chat.page.get_by_role("button", name=re.compile("a zebra, far up")).click()
    up = chat.messages.filter(has_text="a zebra, far up")
    expect(up).to_be_in_viewport(timeout=PATIENCE)
    field.fill("quagga")
    chat.page.get_by_role("button", name=re.compile("old branch with a quagga")).click()
    expect(chat.messages.filter(has_text="An old branch with a quagga")).to_be_in_viewport(timeout=PATIENCE)
    chat.count(2)
    field.fill("")
    expect(chat.page.get_by_role("button", name=re.compile("old branch with"))).to_have_count(0, timeout=PATIENCE)
    expect(chat.page.locator(".st-key-conversations")).to_be_visible()
