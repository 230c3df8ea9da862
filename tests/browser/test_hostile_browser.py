"""Texts that were written to break a chat, in a real browser: nothing is fetched from elsewhere, nothing runs, nothing breaks."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.app import PATIENCE, App, Chat
from tests.hostile import TEXTS, pictures, scripts

pytestmark = pytest.mark.browser

PIXEL = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
RUNS = "() => window.pwned"
PROTOCOLS = "() => [...new Set([...document.querySelectorAll('a[href]')].map(link => link.protocol))]"
ODD_LINKS = "a[href]:not([href^='http']):not([href^='/']):not([href^='#'])"
HEAVY = ("nested quotes", "nested lists", "dollars without end", "long word", "a megabyte")


class Tracker:
    """A server of pictures and pages that must never be asked for one."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(200)
                self.send_header("Content-Type", "image/gif")
                self.end_headers()
                self.wfile.write(PIXEL)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def tracker() -> Iterator[Tracker]:
    running = Tracker()
    yield running
    running.close()


class Watched:
    """A tab on the app, and all that it asks for, opens, says and breaks over."""

    def __init__(self, context: BrowserContext, app: App) -> None:
        self.requests: list[str] = []
        self.dialogs: list[str] = []
        self.errors: list[str] = []
        self._app = app
        self._context = context
        context.on("request", lambda request: self.requests.append(request.url))
        context.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.chat = Chat(context, app.url)

    @property
    def page(self) -> Page:
        return self.chat.page

    def open(self, model: str, *, titles: bool = False) -> Chat:
        self._app.settle(model=model.replace("\\", "\\\\").replace('"', '\\"'), titles=titles)
        return self.chat.open()

    def unharmed(self) -> None:
        """Nothing was asked of another server, nothing ran, and the page stands."""
        beyond = [url for url in self.requests if not url.startswith((self._app.url, "data:", "blob:"))]
        assert beyond == []
        assert not [url for url in self.requests if url.startswith("data:") and "image/svg" in url and "PHN2Zy8" in url]
        assert self.dialogs == []
        assert self.errors == []
        assert len(self._context.pages) == 1, "something was opened"
        assert self.page.url.startswith(self._app.url)
        assert len(self.page.frames) == 1
        assert self.page.evaluate(RUNS) is None
        assert not {"javascript:", "vbscript:"} & set(self.page.evaluate(PROTOCOLS))
        assert self.page.locator("script[src*='script.js'], iframe, object, embed, base").count() == 0
        assert self.page.get_by_test_id("stException").count() == 0
        expect(self.chat.input).to_be_visible()


@pytest.fixture
def watched(own_context: BrowserContext, app: App, tracker: Tracker) -> Iterator[Watched]:
    watched = Watched(own_context, app)
    yield watched
    assert tracker.asked == []


def click_every_odd_link(watched: Watched) -> None:
    """Those that lead to no web page; a browser may open an empty tab for one."""
    links = watched.chat.body(1).locator(ODD_LINKS)
    for number in range(links.count()):
        links.nth(number).click(force=True)
    for other in watched.page.context.pages:
        if other != watched.page:
            other.close()
    watched.unharmed()


def test_the_watch_sees_a_request(watched: Watched, tracker: Tracker) -> None:
    chat = watched.open("echo")
    chat.page.evaluate("url => { new Image().src = url; window.pwned = 1 }", f"{tracker.host}/seen.png")
    chat.page.wait_for_timeout(500)
    assert tracker.asked == ["/seen.png"]
    assert watched.requests[-1] == f"{tracker.host}/seen.png"
    with pytest.raises(AssertionError):
        watched.unharmed()
    tracker.asked.clear()


@pytest.mark.parametrize("written", [pictures, scripts])
def test_a_reply_that_grows_letter_by_letter_fetches_and_runs_nothing(
    watched: Watched, tracker: Tracker, written: Callable[[str], str]
) -> None:
    chat = watched.open("spell:800")
    chat.say(written(tracker.host))
    chat.whole(1)
    watched.unharmed()
    chat.told(0, written(tracker.host).split("\n")[0][:60])
    chat.page.reload()
    chat.ready()
    chat.whole(1)
    assert chat.body(1).locator("img").count() == 0
    watched.unharmed()
    click_every_odd_link(watched)


def rename(chat: Chat, title: str) -> None:
    chat.choose_above("Rename")
    chat.page.get_by_label("Title").fill(title)
    chat.press("Save")


def named(host: str) -> str:
    return f"![t]({host}/title.png) <img src={host}/i.png> :red[r] :material/delete: $x$ [l](javascript:window.pwned=1)"


def test_titles_given_by_people_and_by_models_are_words(watched: Watched, tracker: Tracker) -> None:
    title = named(tracker.host)
    chat = watched.open("told", titles=True)
    chat.say(f"escaped:{json.dumps(title)}")
    chat.whole(1)
    expect(chat.page.get_by_role("heading", name="![t](")).to_be_visible(timeout=PATIENCE)
    watched.unharmed()
    chat.choose(0, "Edit")
    expect(chat.page.get_by_label("Edit your message")).to_have_value(f"escaped:{json.dumps(title)}", timeout=PATIENCE)
    watched.unharmed()
    rename(chat, f"Mine {title}")
    expect(chat.page.get_by_role("heading", name="Mine ![t](")).to_be_visible(timeout=PATIENCE)
    chat.press("New chat")
    chat.count(0)
    expect(chat.page.get_by_role("button", name="Mine ![t](").first).to_be_visible(timeout=PATIENCE)
    watched.unharmed()


def test_a_models_name_is_words_wherever_it_stands(watched: Watched, tracker: Tracker) -> None:
    name = named(tracker.host).replace(" ", "/")
    chat = watched.open(f"echo:{name}")
    chat.say("Who are you?")
    chat.whole(1)
    chat.told(1, "echo:![t](")
    chat.messages.nth(1).get_by_test_id("stMenuButton").hover()
    expect(chat.page.get_by_text("Model asked: echo:")).to_be_visible(timeout=PATIENCE)
    watched.unharmed()
    chat.choose(1, "With another model")
    watched.unharmed()
    unknown = watched.open(name)
    unknown.say("And you?")
    unknown.told(1, "has no model '![t](")
    unknown.press("Choose another model")
    watched.unharmed()


def test_what_a_server_says_as_an_error_is_words(watched: Watched, tracker: Tracker) -> None:
    for model in ("error:400", "error-inside"):
        for text in (named(tracker.host), scripts(tracker.host)):
            chat = watched.open(model)
            chat.say(text)
            chat.told(1, "Try again" if model == "error-inside" else "Edit message")
            chat.told(1, text[:6])
            watched.unharmed()


def test_settings_with_hostile_names_are_words(watched: Watched, app: App, tracker: Tracker) -> None:
    name = named(tracker.host).replace('"', "'")
    chat = watched.open("echo")
    (app.data / "settings.toml").write_text(
        f'''
        "{name}" = 1
        [chat]
        connection = "mine"
        system_prompt = "{name}"
        max_output = "{name}"
        [connections.mine]
        base_url = "http://127.0.0.1:9/{name.replace(" ", "")}/v1"
        model = "{name}"
        headers = {{ X-Title = "{name}" }}
        [connections."{name}"]
        base_url = "{tracker.host}/v1"
        '''
    )
    chat.open()
    chat.say("Hello")
    chat.told(1, "Try again")
    watched.unharmed()
    chat.page.get_by_role("link", name="Settings").first.click()
    expect(chat.page.get_by_role("heading", name="Settings")).to_be_visible(timeout=PATIENCE)
    expect(chat.page.get_by_test_id("stAlert").nth(2)).to_be_visible(timeout=PATIENCE)  # each is told about
    for tab in ("New chats", "Data", "Connections"):
        chat.page.get_by_role("tab", name=tab).click()
        chat.page.wait_for_timeout(500)
    chat.page.get_by_role("link", name="Chat").first.click()
    chat.ready()
    watched.unharmed()


def test_heavy_texts_are_drawn_and_the_page_goes_on(watched: Watched) -> None:
    chat = watched.open("echo")
    for name in HEAVY:
        chat.press("New chat")
        chat.count(0)
        chat.say(TEXTS[name])
        chat.whole(1)
        watched.unharmed()


def test_control_characters_are_seen_and_nothing_is_turned_around(watched: Watched) -> None:
    chat = watched.open("echo")
    chat.say(TEXTS["ansi"] + TEXTS["bidi overrides"])
    chat.whole(1)
    chat.told(1, "␛[31mred␛[0m␛]0;pwned␇")
    chat.told(1, "user‹RLO›gnp.exe")
    watched.unharmed()


def test_what_cannot_be_sent_goes_back_into_the_input(watched: Watched) -> None:
    chat = watched.open("echo")
    chat.say("\u00a0 \u2003")
    expect(chat.page.get_by_text("The message is empty. Type something first.")).to_be_visible(timeout=PATIENCE)
    expect(chat.input).to_have_value("\u00a0 \u2003")
    chat.say("x" * 2_000_001)
    expect(chat.page.get_by_text("The message has 2,000,001 characters")).to_be_visible(timeout=PATIENCE)
    size = "([input, size]) => input.value.length === size"
    chat.page.wait_for_function(size, arg=[chat.input.element_handle(), 2_000_001])
    chat.count(0)
