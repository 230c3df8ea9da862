"""The sidebar's model picker in a real browser, with models that end: an id is chosen, and another can be typed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.browser.app import PATIENCE, App, Chat
from tests.fake_openai import FakeOpenAI

pytestmark = pytest.mark.browser


@pytest.fixture
def ending_app(tmp_path: Path, fake: FakeOpenAI) -> Iterator[App]:
    app = App(tmp_path, fake.url("ending"))
    app.settle(model="echo")
    yield app.start()
    app.close()


def test_a_model_that_ends_is_chosen_by_its_id_and_another_typed(
    context: BrowserContext, ending_app: App, fake: FakeOpenAI
) -> None:
    chat = Chat(context, ending_app.url).open()
    page, picker = chat.page, chat.page.get_by_label("Model", exact=True)
    chat.say("One")
    chat.whole(1)
    page.reload()  # the list has arrived meanwhile
    expect(page.get_by_text("echo was shut down on 2001-01-01. Choose another model.")).to_be_visible(timeout=PATIENCE)
    picker.click()
    page.get_by_role("option", name="words:200@50 · until 2999-12-31").click()
    expect(page.get_by_text("was shut down on")).to_have_count(0, timeout=PATIENCE)
    expect(picker).to_have_value("words:200@50 · until 2999-12-31", timeout=PATIENCE)
    picker.fill("words:3@0")
    picker.press("Enter")
    expect(picker).to_have_value("words:3@0", timeout=PATIENCE)
    chat.say("Two")
    chat.whole(3)
    asked = [request.body["model"] for request in fake.requests if isinstance(request.body, dict)]
    assert asked[-2:] == ["echo", "words:3@0"]
    page.reload()
    chat.ready()
    expect(picker).to_have_value("words:3@0", timeout=PATIENCE)
