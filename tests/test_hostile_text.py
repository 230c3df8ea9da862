"""Texts that were written to break a chat, through engine, store and downloads: kept as what they are, or refused in words."""

import csv
import io
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from chatbot.core.errors import BadInput, NotFound
from chatbot.core.events import TextDelta, check_grammar
from chatbot.core.settings import Connection, Options, Secret, Timeouts
from chatbot.core.text import repair
from chatbot.engine.actions import Edit, Regenerate, Retry, Say
from chatbot.engine.engine import Engine
from chatbot.engine.outside import Outside
from chatbot.providers.chat_completions import ChatCompletions
from chatbot.store.store import Store
from chatbot.store.values import StoredMessage
from chatbot.ui import downloads
from chatbot.ui.export_form import Form
from tests.fake_openai import FakeOpenAI
from tests.hostile import EMPTY, TEXTS, TOO_LONG

OPTIONS = Options(connection="fake", model="echo", system="Be kind.", max_output=None)
PATIENT = Timeouts(connect=10, first=60, bytes=60, deltas=60, total=120)
HALVES = "half \ud83d half \ude00, nul \x00, pair \U0001f600"
UNSAID = re.compile("[\ud800-\udfff\x00]")
"""What neither database nor browser takes."""
UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What would break a line or turn it around."""


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def engine(server: FakeOpenAI, store: Store) -> Iterator[Engine]:
    engine = opened(server, store)
    yield engine
    engine.close()


def opened(server: FakeOpenAI, store: Store, *, titles: bool = False) -> Engine:
    connection = Connection(name="fake", base_url=server.base_url, timeouts=PATIENT, context=10_000_000)
    provider = ChatCompletions(connection, Secret("sk-hostile-0123456789"), store.quirks)
    outside = Outside(
        connection=lambda _: connection,
        provider=lambda _: provider,
        most_sent=lambda: 10_000_000,
        titles=lambda _: titles,
    )
    return Engine(store, outside)


def play(engine: Engine, text: str, *, model: str = "echo") -> tuple[StoredMessage, StoredMessage]:
    """What was said and what came back, as they are stored; what was seen is what is stored."""
    turn = engine.start(None, Say(text), options=replace(OPTIONS, model=model))
    events = [event for batch in turn.follow() for event in batch]
    check_grammar(events)
    path = engine.store.conversations.tree(turn.conversation).path(turn.reply)
    rows = engine.store.conversations.messages([leaf.id for place in path for leaf in place.segments])
    said, reply = rows[path[0].last.id], rows[turn.reply]
    assert reply.text == "".join(event.text for event in events if isinstance(event, TextDelta))
    assert not UNSAID.search(reply.text + said.text + (reply.error or ""))
    return said, reply


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_kept_sent_and_answered_as_what_it_is(engine: Engine, server: FakeOpenAI, name: str) -> None:
    text = repair(TEXTS[name])
    server.forget()
    said, reply = play(engine, TEXTS[name])
    assert said.text == text
    assert (reply.state, reply.error) == ("complete", None)
    assert reply.text == text
    assert server.chats()[0].messages[-1]["content"] == text
    again = engine.start(reply.conversation, Say("And now?", parent=reply.id), options=replace(OPTIONS, model="strict"))
    assert again.wait(30)
    assert server.chats()[1].messages[-2]["content"] == text
    conversation = engine.store.conversations.get(reply.conversation)
    assert conversation.title
    check_downloads(engine, reply.conversation, text)


def check_downloads(engine: Engine, conversation: str, text: str) -> None:
    kept = engine.store.conversations.get(conversation)
    document = downloads.file(engine, conversation, None, Form("md")).decode()
    # Word for word, but for the backslash before what looks like a heading of the file's own.
    assert text.strip("\r\n") in document.replace("\n\\## ByteBot · gpt", "\n## ByteBot · gpt")
    _, front, _ = document.split("---\n", 2)
    titles = [line.removeprefix("title: ") for line in front.splitlines() if line.startswith("title: ")]
    assert [json.loads(title) for title in titles] == [kept.title]
    table = downloads.file(engine, conversation, None, Form("csv")).decode("utf-8-sig")
    usual = csv.field_size_limit(10_000_000)
    try:
        rows = list(csv.DictReader(io.StringIO(table, newline=""), strict=True))
    finally:
        csv.field_size_limit(usual)
    assert [row["role"] for row in rows] == ["user", "assistant"] * 2
    assert rows[0]["text"].removeprefix("'") in (text, text.removeprefix("'"))
    assert not any(cell.startswith(tuple("=+-@\t\r＝＋－＠")) for row in rows for cell in row.values())
    name = downloads.name(kept, "md")
    assert re.fullmatch(r"[\w-]{1,80}\.md", name), name


@pytest.mark.parametrize("text", [*EMPTY, TOO_LONG], ids=["nothing", "a space", "lines", "spaces", "too long"])
def test_what_cannot_be_sent_is_refused_in_words_and_leaves_nothing(
    engine: Engine, server: FakeOpenAI, text: str
) -> None:
    server.forget()
    with pytest.raises(BadInput, match=r"^The message (is empty|has 2,000,001 characters)") as refused:
        engine.start(None, Say(text), options=OPTIONS)
    assert len(str(refused.value)) < 200
    assert engine.store.conversations.lines() == []
    said, reply = play(engine, "Something")
    for edit in (Edit(said.id, text), Say(text, parent=reply.id)):
        with pytest.raises(BadInput):
            engine.start(said.conversation, edit)
    assert len(server.chats()) == 1
    assert len(engine.store.conversations.tree(said.conversation).by_id) == 2


def test_a_title_is_one_line_of_it(engine: Engine) -> None:
    conversations = engine.store.conversations
    id = conversations.create(tag="browser", options=OPTIONS, title="Before").id
    for name, text in TEXTS.items():
        conversations.rename(id, text)
        title = conversations.get(id).title
        assert 0 < len(title) <= 200, name
        assert not UNSAID.search(title), name
        assert len(title.splitlines()) == 1, name
        assert [line.title for line in conversations.lines()] == [title], name


def test_what_a_server_says_as_an_error_is_quoted_on_one_line(engine: Engine) -> None:
    for name, text in TEXTS.items():
        for model, state in (("error:400", "failed"), ("error-inside", "cut")):
            _, reply = play(engine, text, model=model)
            assert reply.state == state, name
            assert reply.error, name
            assert len(reply.error) < 400, name
            assert not UNSHOWN.search(reply.error), (name, reply.error)


def test_a_models_name_is_told_as_it_is(engine: Engine) -> None:
    for name, text in TEXTS.items():
        if len(text) > 300:
            continue
        _, reply = play(engine, "Hello", model=f"echo:{text}")
        assert reply.state == "complete", name
        assert reply.model_asked == f"echo:{repair(text)}"
        assert reply.model_answered == reply.model_asked
        _, unknown = play(engine, "Hello", model=text)
        assert (unknown.state, unknown.error_kind) == ("failed", "ModelUnknown"), name
        assert unknown.error, name
        assert not UNSHOWN.search(unknown.error), (name, unknown.error)
        regenerated = engine.start(reply.conversation, Regenerate(reply.id, model=text))
        assert regenerated.wait(30)


def test_an_address_that_names_no_conversation_is_told_in_words(engine: Engine) -> None:
    conversations = engine.store.conversations
    asks: list[Callable[[str], object]] = [
        engine.view,
        engine.delete,
        conversations.tree,
        lambda id: conversations.rename(id, "A title"),
        lambda id: engine.start(id, Say("Hello"), options=OPTIONS),
        lambda id: engine.start(id, Retry(1)),
    ]
    for text in TEXTS.values():
        conversations.seen(text)
        for ask in asks:
            with pytest.raises(NotFound, match=r"^There is no conversation "):
                ask(text)


def test_a_system_prompt_is_sent_as_it_is(engine: Engine, server: FakeOpenAI) -> None:
    for name, text in TEXTS.items():
        server.forget()
        turn = engine.start(None, Say("Hello"), options=replace(OPTIONS, system=text))
        assert turn.wait(30)
        assert turn.text == "Hello", name
        assert server.chats()[0].messages[0] == {"role": "system", "content": repair(text)}, name
        assert engine.store.conversations.get(turn.conversation).options.system == repair(text)


def test_what_no_text_can_hold_is_repaired_wherever_a_model_says_it(server: FakeOpenAI, store: Store) -> None:
    engine = opened(server, store, titles=True)
    said, reply = play(engine, f"escaped:{json.dumps(HALVES)}", model="told")
    assert reply.text == "half � half �, nul ␀, pair \U0001f600"
    until = time.monotonic() + 20
    while store.conversations.get(said.conversation).title_by != "model" and time.monotonic() < until:
        time.sleep(0.02)
    assert store.conversations.get(said.conversation).title == reply.text
    engine.close()
