"""Texts that were written to break a chat, through the page: as message, reply, title, model, prompt and in settings.toml."""

import json
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from textwrap import dedent
from typing import Any

import pytest

from chatbot.core.blocks import drawable, label, split
from chatbot.core.text import facing, repair, visible
from chatbot.store.conversations import LONGEST_TITLE
from chatbot.ui.message import MOST_DRAWN
from tests.fake_openai import FakeOpenAI
from tests.hostile import EMPTY, TEXTS, TOO_LONG
from tests.ui.chat_tab import Tab, tab, talking_to
from tests.ui.settings_page import OPEN_LINE, plain

KEY = "sk-canary-1f2e3d4c5b6a79880716"
PATIENT = """\
[chat]
titles_by_model = false
max_output = 1_000_000
[connections.openai]
context = 10_000_000
"""
ON_ONE_LINE = (
    "control characters",
    "ansi",
    "bidi overrides",
    "bidi isolates",
    "separators",
    "html",
    "directives",
    "dollars",
    "pictures",
)
AS_IT_IS = {"text", "code_element", "bidi_component", "json"}
"""Elements that show a text letter by letter."""
NO_MARKDOWN = {"id", "value", "raw_value", "default", "element_id", "url", "options"}
"""Fields of which the same is true, or that are not shown."""
PICTURE = re.compile(r"(?<!\\)(?:\\\\)*!\[")
COLOUR = re.compile(r"(?<!\\)(?:\\\\)*:(red|blue-background|rainbow|small)\[")


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture(scope="module")
def page(server: FakeOpenAI, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    folder = tmp_path_factory.mktemp("hostile")
    with (
        pytest.MonkeyPatch.context() as patch,
        tab(folder, patch, PATIENT, **talking_to(server.base_url, "echo", KEY)) as page,
    ):
        yield page.open()


def markdown_of(page: Tab) -> list[str]:
    """Every string on the page that the browser reads as Markdown, or might."""
    found: list[str] = []

    def strings(message: Any) -> None:
        for field, value in message.ListFields():
            for each in value if hasattr(value, "extend") else [value]:
                if hasattr(each, "ListFields"):
                    strings(each)
                elif isinstance(each, str) and field.name not in NO_MARKDOWN:
                    found.append(each)

    def walk(node: Any) -> None:
        proto = getattr(node, "proto", None)
        if hasattr(proto, "ListFields") and node.type not in AS_IT_IS:
            assert not getattr(proto, "allow_html", False)
            strings(proto)
        for child in getattr(node, "children", {}).values():
            walk(child)

    walk(page.app._tree)
    return found


def door(text: str) -> str:
    """What Streamlit makes of every text."""
    return dedent(text).strip()


def as_said(text: str) -> str:
    """What stands on the page for a person's message: control characters as pictures, and not more than can be drawn."""
    lines = visible(text[:MOST_DRAWN]).split("\n")
    return door("\n".join(map(facing, lines)) + ("" if len(text) <= MOST_DRAWN else "…"))


def typed(name: str) -> str:
    """The text as a browser can send it."""
    return TEXTS[name].encode("utf-8", "replace").decode()


def inert(page: Tab, *replies: str) -> None:
    """Outside of replies, which are drawn by a rule of their own, nothing is a picture, a colour or a tag."""
    drawn = {door(drawable(block)) for text in replies for block in split(text)}
    for text in markdown_of(page):
        if text not in drawn:
            text = OPEN_LINE.sub(r"\1", text)
            assert not PICTURE.search(text), text
            assert not COLOUR.search(text) or text.endswith(
                (
                    ":small[:gray[answering]]",
                    ":small[:gray[new answer]]",
                    ":small[:gray[failed]]",
                    ":small[:gray[local]]",
                    ":small[:gray[—]]",
                )
            ), text


def held_with(page: Tab, **changed: str) -> None:
    """As if it had been chosen in another tab: a model's id can be typed, but not in an AppTest."""
    conversations = page.engine.store.conversations
    newest = conversations.latest()
    assert newest is not None
    conversations.set_options(newest.id, replace(newest.options, **changed))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", TEXTS)
def test_a_message_and_its_reply_stand_on_the_page_as_they_are(page: Tab, name: str) -> None:
    text = repair(typed(name))
    page.press("New chat").say(typed(name))
    for stored in (False, True):  # as it was followed, and as it is kept
        if stored:
            page.run()
        assert [element.value for element in page.app.text] == [as_said(text)]
        body = page.app.chat_message[1].markdown
        assert [element.value for element in body] == [door(drawable(block)) for block in split(text)]
        assert page.kept()[1].state == "complete"
        assert any(re.search(r"\d tokens? ·", sentence) for sentence in page.said())
        inert(page, text)


def test_what_cannot_be_sent_is_refused_above_the_messages(page: Tab) -> None:
    for text in [*EMPTY[1:], TOO_LONG]:
        page.press("New chat").say(text)
        words = "The message has 2,000,001 characters" if text is TOO_LONG else "The message is empty."
        assert [plain(warning.value).startswith(words) for warning in page.app.warning] == [True]
        assert not page.app.chat_message


def test_a_title_is_shown_as_what_it_is(page: Tab) -> None:
    page.press("New chat").say("A conversation")
    for name in ON_ONE_LINE:
        page.choose("head-menu", "Rename")
        field = next(field for field in page.app.text_input if field.label == "Title")
        field.set_value(typed(name)[:LONGEST_TITLE])
        page.press("Save")
        title = page.engine.store.conversations.latest().title  # type: ignore[union-attr]
        assert page.app.subheader[0].value == label(title), name
        inert(page)
    page.press("New chat")
    inert(page)


def test_a_models_name_and_a_prompt_are_shown_as_what_they_are(page: Tab) -> None:
    for name in ON_ONE_LINE:
        text = repair(TEXTS[name])
        page.press("New chat").say("echo")
        for model in (f"echo:{text}", text):
            held_with(page, model=model, system=text)
            page.run().say("And?")
            reply = page.kept()[-1]
            assert reply.model_asked == model, name
            assert reply.state == ("complete" if model != text else "failed"), name
            assert reply.options["system"] == text
            inert(page, "echo", "And?")


def test_a_servers_error_is_shown_as_what_it_is(page: Tab) -> None:
    for model in ("error:400", "error-inside"):
        page.press("New chat").say("echo")
        held_with(page, model=model)
        page.run()
        for name in ON_ONE_LINE:
            page.say(typed(name))
            assert page.kept()[-1].state in ("failed", "cut"), name
            inert(page, "echo", "So far")


def test_a_model_that_names_a_conversation_names_it_in_plain_words(
    server: FakeOpenAI, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = talking_to(server.base_url, "told", KEY)
    with tab(tmp_path, monkeypatch, PATIENT.replace("false", "true"), **named) as page:
        page.open().say(f"escaped:{json.dumps(TEXTS['lone surrogates'] + ' ![x](http://h/x.png)')}")
        conversations = page.engine.store.conversations
        until = time.monotonic() + 20
        while conversations.latest().title_by != "model" and time.monotonic() < until:  # type: ignore[union-attr]
            time.sleep(0.02)
        assert conversations.latest().title.startswith("high � low")  # type: ignore[union-attr]
        inert(page.run(), page.kept()[1].text)


@pytest.mark.parametrize(
    "settings",
    [
        '[chat]\nconnection = "![x](http://127.0.0.1:9/y.png)"\n',
        '[chat]\nmodel = "![x](http://127.0.0.1:9/y.png) :red[z]"\n',
        '[connections."![x](http://127.0.0.1:9/y.png)"]\nbase_url = "http://127.0.0.1:9/v1"\n',
        '[connections.mine]\nbase_url = "http://127.0.0.1:9/![x](http://127.0.0.1:9/y.png)/v1"\nmodel = "![x](u)"\n',
        '[connections.mine]\nbase_url = "![x](http://127.0.0.1:9/y.png)"\n',
        '"![x](http://127.0.0.1:9/y.png)" = 1\n[chat]\nmax_output = "![x](http://127.0.0.1:9/y.png)"\n',
        "![x](http://127.0.0.1:9/y.png)\n",
    ],
)
def test_a_settings_file_is_told_about_in_plain_words(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, settings: str
) -> None:
    with tab(tmp_path, monkeypatch, settings, OPENAI_API_KEY=KEY, OPENAI_BASE_URL="http://127.0.0.1:9/v1") as page:
        page.open().say("Hello")
        inert(page)
        page.app.switch_page("pages/settings.py").run()
        inert(page.sound())  # type: ignore[arg-type]
