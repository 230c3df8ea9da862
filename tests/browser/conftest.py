"""A browser, a fake OpenAI and the app as a child process, each with a folder of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.app import QUIET, App, Chat, free_port, system_browser
from tests.embedded.conftest import weights_file as weights_file
from tests.fake_openai import FakeOpenAI


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # One process draws all tabs: a seventh less of the processor than one for each.
        flags = [*QUIET, "--renderer-process-limit=1"]
        started = playwright.chromium.launch(executable_path=system_browser(), args=flags)
        yield started
        started.close()


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture(scope="session")
def port() -> int:
    """Where the servers of all files are, one after the other: what a browser has fetched there it need not fetch again."""
    return free_port()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, fake: FakeOpenAI, port: int) -> Iterator[App]:
    """One server for the tests of a file; each begins a chat of its own."""
    started = App(tmp_path_factory.mktemp("app"), fake.base_url, port=port)
    started.settle(model="words:40@100")
    started.start()
    yield started
    started.close()


@pytest.fixture
def own_app(tmp_path: Path, fake: FakeOpenAI) -> Iterator[App]:
    """A server that the test may end; not started yet."""
    made = App(tmp_path, fake.base_url)
    yield made
    made.close()


@pytest.fixture
def offline_app(tmp_path: Path, weights_file: Path) -> Iterator[App]:
    """A server without a key, whose offline model has been fetched; not started yet."""
    made = App(tmp_path, cache=weights_file.parent)
    yield made
    made.close()


@pytest.fixture
def own_context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser's window that knows nothing, for tests that listen to all that happens in it."""
    made = _window(browser)
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared_context(browser: Browser) -> Iterator[BrowserContext]:
    made = _window(browser)
    yield made
    made.close()


@pytest.fixture
def context(shared_context: BrowserContext) -> Iterator[BrowserContext]:
    """A window without tabs, cookies and storage. It has Streamlit's scripts of the tests before: to fetch and compile
    them takes a second and a half of a processor each time.
    """
    yield shared_context
    last = shared_context.new_page()
    for page in shared_context.pages:
        if page != last:
            page.close()
    shared_context.new_cdp_session(last).send(
        "Storage.clearDataForOrigin", {"origin": "*", "storageTypes": "cookies,local_storage,indexeddb,service_workers"}
    )
    shared_context.clear_permissions()
    last.close()


def _window(browser: Browser) -> BrowserContext:
    return browser.new_context(viewport={"width": 1280, "height": 800}, timezone_id="Europe/Berlin")


@pytest.fixture
def tab(context: BrowserContext, app: App) -> Callable[[str], Chat]:
    """Opens a tab on the app; what new chats are answered by is its argument."""

    def opened(model: str) -> Chat:
        app.settle(model=model)
        return Chat(context, app.url).open()

    return opened
