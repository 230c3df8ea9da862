"""A canary for a key: entered in each way, sent to servers that repeat it, through every face; then looked for everywhere."""

import contextlib
import io
import logging
import sys
import traceback
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from chatbot import Chatbot
from chatbot.__main__ import main
from chatbot.core.errors import ByteBotError, TurnFailed
from chatbot.core.settings import Connection, Options
from chatbot.engine.exports import FORMATS
from chatbot.home.home import Home
from chatbot.providers.embedded_child import Child
from chatbot.providers.provider import Cancel
from chatbot.store.lease import this_process
from chatbot.store.store import Store
from chatbot.ui import downloads
from chatbot.ui.export_form import Form
from tests.embedded.conftest import weights_file as weights_file
from tests.fake_openai import FakeOpenAI
from tests.ui.chat_tab import Tab, tab
from tests.ui.settings_page import opened
from tests.ui.test_settings_connections import add
from tests.ui.test_settings_secrets import in_the_session, sent_to_the_browser

KEY = "Zw3canaryHush9"
"""Nothing that looks like a key, so that only who knows it can take it out of a server's words."""
WORDS = "the-person-said-this-and-nobody-else"
SETTINGS = "[chat]\ntitles_by_model = false\n"
MODELS = (
    "echo",
    "reflects",
    "reflects:400",
    "reflects:403",
    "fault:status-400",
    "fault:status-401",
    "fault:status-403",
    "fault:status-404",
    "fault:status-422",
    "fault:should-not-retry",
    "fault:retry-after-long",
    "fault:quota",
    "fault:redirect-307",
    "fault:reset:later",
    "fault:gzip-false",
    "fault:html-forbidden",
)


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def every_log() -> Iterator[io.StringIO]:
    """What all loggers say, at DEBUG, formatted as a person would read it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))
    loggers = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
    before = [(logger, logger.level, logger.propagate, logger.disabled) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
        logger.propagate, logger.disabled = True, False
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)
    for logger, level, propagate, disabled in before:
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, disabled


def by_environment(folder: Path, server: FakeOpenAI, patch: pytest.MonkeyPatch) -> Path | None:
    patch.setenv("OPENAI_API_KEY", KEY)
    patch.setenv("OPENAI_BASE_URL", server.base_url)
    return None


def by_dotenv(folder: Path, server: FakeOpenAI, patch: pytest.MonkeyPatch) -> Path | None:
    file = folder / "here" / ".env"
    file.write_text(f"OPENAI_API_KEY='{KEY}'\nOPENAI_BASE_URL={server.base_url}\n")
    return file


def by_settings_page(folder: Path, server: FakeOpenAI, patch: pytest.MonkeyPatch) -> Path | None:
    with opened(folder, patch) as page:
        add(page.run(), "mine", server.base_url, KEY, headers=f"api-key: {KEY}")  # type: ignore[arg-type]
    return folder / "data" / "keys.toml"


def by_home(folder: Path, server: FakeOpenAI, patch: pytest.MonkeyPatch) -> Path | None:
    home = Home.open()
    home.save_connection(Connection(name="mine", base_url=server.base_url, model="echo"))
    home.set_key("mine", KEY)
    return folder / "data" / "keys.toml"


def through_the_page(page: Tab) -> Iterator[str | bytes]:
    """What the browser got and the session holds, after each reply, and what can be downloaded."""
    page.open()
    conversations = page.engine.store.conversations
    for number, model in enumerate(MODELS):
        if number % 4 == 0:  # a long chat would be drawn whole for each
            page.press("New chat").say(WORDS)
        newest = conversations.latest()
        assert newest is not None
        conversations.set_options(newest.id, replace(newest.options, model=model))
        page.run().say(WORDS)
        yield sent_to_the_browser(page)
        yield in_the_session(page)
    for format in FORMATS:
        yield downloads.file(page.engine, newest.id, None, Form(format))
    page.app.switch_page("pages/settings.py").run()
    yield sent_to_the_browser(page.sound())  # type: ignore[arg-type]
    yield in_the_session(page)
    yield repr((page.home, page.home.connections(), page.home.problems(), page.engine))


def through_the_terminal(patch: pytest.MonkeyPatch) -> Iterator[str]:
    """What a one shot and the REPL print."""
    runs = [(["ask", "--model", model, WORDS], None) for model in MODELS]
    said = "".join(f"/model {model}\n{WORDS}\n" for model in MODELS) + "/history\n"
    runs.append(([], said.encode()))
    for argv, piped in runs:
        out, err = io.StringIO(), io.StringIO()
        patch.setattr(sys, "stdin", None if piped is None else io.TextIOWrapper(io.BytesIO(piped)))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main(argv)
        yield out.getvalue() + err.getvalue()


def through_the_class() -> Iterator[str]:
    """Every way in which a script would see an error."""
    for model in MODELS:
        with Chatbot(model=model) as bot:
            try:
                bot.chat(WORDS)
            except TurnFailed as error:
                yield "".join(traceback.format_exception(error)) + repr(error) + repr(vars(error))
            yield repr(bot) + repr(vars(bot)) + repr(bot.history)
    home = Home.open()
    for refused in (f"{KEY} {KEY}", f"{KEY}\n{KEY}", f"{KEY}é", KEY * 200):
        with pytest.raises(ByteBotError) as caught:
            home.set_key("mine", refused)
        yield "".join(traceback.format_exception(caught.value)).replace(repr(refused), "")


def spellings() -> list[bytes]:
    key = KEY.encode()
    return [key, key.hex().encode(), key.hex(" ").encode(), b64encode(key), KEY[::-1].encode(), KEY[4:].encode()]


def without_the_key(texts: Iterator[str | bytes], where: str) -> None:
    for text in texts:
        held = text.encode("utf-8", "replace") if isinstance(text, str) else text
        for spelling in spellings():
            at = held.find(spelling)
            assert at < 0, (where, held[max(0, at - 200) : at + 100])


def in_files(folder: Path, kept: Path | None) -> Iterator[bytes]:
    for path in folder.rglob("*"):
        if path.is_file() and path != kept:
            yield path.read_bytes()


WAYS: list[Callable[[Path, FakeOpenAI, pytest.MonkeyPatch], Path | None]] = [
    by_environment,
    by_dotenv,
    by_settings_page,
    by_home,
]


@pytest.mark.parametrize("way", WAYS)
def test_a_key_is_nowhere_but_where_it_was_entered(
    server: FakeOpenAI,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    every_log: io.StringIO,
    capfd: pytest.CaptureFixture[str],
    way: Callable[[Path, FakeOpenAI, pytest.MonkeyPatch], Path | None],
) -> None:
    server.forget()
    monkeypatch.setenv("OPENAI_LOG", "debug")
    with tab(tmp_path, monkeypatch, SETTINGS) as page:
        kept = way(tmp_path, server, monkeypatch)
        assert kept is None or KEY in kept.read_text()
        without_the_key(through_the_page(page), "page")
        without_the_key(through_the_terminal(monkeypatch), "terminal")
        without_the_key(through_the_class(), "class")
        assert (tmp_path / "data" / "bytebot.db-wal").exists()
        without_the_key(in_files(tmp_path, kept), "files while open")
    without_the_key(in_files(tmp_path, kept), "files")
    without_the_key(iter([every_log.getvalue()]), "logs")
    without_the_key(iter(capfd.readouterr()), "output")
    assert WORDS not in every_log.getvalue()
    asked = [request for request in server.chats() if request.headers["authorization"] == f"Bearer {KEY}"]
    assert len(asked) == len(server.chats()) > 3 * len(MODELS), "the canary did fly"


@pytest.mark.embedded
def test_no_key_stands_among_the_arguments_of_a_process(weights_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    child = Child(patience=60)
    try:
        address = child.address(lambda: weights_file, Cancel())
        arguments = [process.cmdline() for process in psutil.Process().children(recursive=True)]
        assert str(weights_file) in str(arguments), "the child is not among them"
        assert KEY not in str(arguments)
        assert address.api_key not in str(arguments) + repr(address) + repr(vars(child))
    finally:
        child.close()


def test_no_words_of_a_message_reach_a_log_of_the_database(every_log: io.StringIO, store_url: str) -> None:
    store = Store.open(store_url)
    begun = store.turns.begin(
        conversation=None,
        parent=None,
        text=WORDS,
        continues=False,
        key="once",
        options=Options(model="echo", system=WORDS),
        process=this_process(),
        tag="browser",
    )
    assert store.conversations.messages([begun.reply - 1])[begun.reply - 1].text == WORDS
    assert store.conversations.lines()[0].title.startswith(WORDS[:20])
    store.close()
    assert "INSERT INTO messages" in every_log.getvalue(), "the log is not at DEBUG"
    assert WORDS[:20] not in every_log.getvalue()
