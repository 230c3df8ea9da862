"""What every test gets: a network that ends at this machine, a store on each database, and no keyring of a person."""

import gc
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from chatbot.store.store import Store
from tests.postgres import Server, empty, fresh_database, relations, start
from tests.template import new_database

# Here and in child processes: a key that a test enters must not land in the keyring of who runs the tests.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

# Begun by nohup or in the background, a run ignores these signals, and every child process would inherit that: the tests
# that press Ctrl-C or hang up would wait for nothing.
if threading.current_thread() is threading.main_thread():
    for _name, _usual in (("SIGINT", signal.default_int_handler), ("SIGHUP", signal.SIG_DFL)):
        if (_signal := getattr(signal, _name, None)) and signal.getsignal(_signal) is signal.SIG_IGN:
            signal.signal(_signal, _usual)


# How long an example takes is the machine's matter; speed is measured in benchmarks/.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


class ReachedOut(AssertionError):
    """A test tried to leave this machine."""


def _is_loopback(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a path: a Unix socket
    host = str(address[0])
    return host in ("", "localhost", "::1", "0.0.0.0", "::") or host.startswith(("127.", "::ffff:127."))


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fails a test that opens a connection beyond loopback, also one whose code swallows the refusal."""
    reached: list[object] = []

    def guarded(name: str) -> None:
        original = getattr(socket.socket, name)

        def connect(self: socket.socket, address: object) -> object:
            if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_loopback(address):
                reached.append(address)
                raise ReachedOut(f"a connection to {address!r}")
            return original(self, address)

        monkeypatch.setattr(socket.socket, name, connect)

    guarded("connect")
    guarded("connect_ex")
    yield
    if reached:
        pytest.fail(f"The test reached beyond this machine: {reached}", pytrace=False)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server for this run; tests that need it are skipped, loudly, where there is none."""
    with start() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/store.db"
    else:
        with fresh_database(request.getfixturevalue("postgres")) as url:
            yield url


@pytest.fixture(scope="session")
def migrated_on_postgres(postgres: Server) -> Iterator[tuple[str, set[str]]]:
    """The URL of a PostgreSQL database with tables, for one test at a time, and what is in it."""
    with fresh_database(postgres) as url:
        Store.open(url).close()
        yield url, relations(url)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a store without conversations, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{new_database(tmp_path / 'store.db')}"
    else:
        url, there = request.getfixturevalue("migrated_on_postgres")
        yield url
        empty(url)
        assert relations(url) == there, "the next test would find other tables: take `database_url`"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = Store.open(store_url)
    yield opened
    opened.close()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="FOLDER", help="keep the pictures of the story in the browser here")


def pytest_collection_finish() -> None:
    """The tests themselves stay to the end: no collection of garbage needs to look at them again."""
    gc.collect()
    gc.freeze()


_ALONE = ("browser", "embedded")
_LONG = ("canary", "faults", "hostile", "processes", "races", "kill")
"""In the names of files that take a minute: begun among the last, one of them goes on when all else is done."""


@pytest.hookimpl(tryfirst=True)  # before xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers: a file's tests stay together, and one worker at a time drives a browser or the real model.

    These come first: the browser's is the longest chain, and nothing else could be done beside its end. Then the long
    files.
    """

    def turn(item: pytest.Item) -> int:
        if any(item.get_closest_marker(mark) for mark in _ALONE):
            return 0
        return 1 if any(word in item.path.name for word in _LONG) else 2

    for item in items:
        alone = next((mark for mark in _ALONE if item.get_closest_marker(mark)), None)
        item.add_marker(pytest.mark.xdist_group(alone or str(item.path)))
    items.sort(key=turn)
