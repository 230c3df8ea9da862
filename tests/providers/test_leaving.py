"""Stop frees a request within a second, wherever it is; whoever closes the stream closes the connection."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from chatbot.core.settings import Connection, Secret
from chatbot.providers.chat_completions import ChatCompletions
from chatbot.providers.client import library
from chatbot.providers.provider import Cancel, Chunk, End, Request, Stopped, TextChunk
from tests.fake_openai import FakeOpenAI, words_text
from tests.providers.remembering import Remembering

PROMPTLY = 3.0  # seconds; a second is promised, on a machine that is not busy with other tests


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture(autouse=True)
def loaded() -> None:
    """The SDK is there, so that a request gets as far as the test wants it to be."""
    assert library().wait(60)


@pytest.fixture
def mute_port() -> Iterator[int]:
    """A port that takes connections and then neither reads nor writes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def provider(base_url: str) -> ChatCompletions:
    return ChatCompletions(Connection(name="fake", base_url=base_url), Secret("sk-test"), Remembering())


def leave(
    base_url: str, model: str, server: FakeOpenAI | None = None, *, after: float = 0.3, text: str = "Hello"
) -> list[Chunk]:
    """Ask, set the cancel from another thread, and see that Stopped comes promptly; what had come until then.

    With a server the clock runs from when it has the request.
    """
    cancel = Cancel()
    set_at: list[float] = []

    def stop() -> None:
        while server is not None and not server.requests:
            time.sleep(0.01)
        time.sleep(after)
        set_at.append(time.monotonic())
        cancel.set()

    chunks: list[Chunk] = []
    stream = provider(base_url).stream(Request(messages=[{"role": "user", "content": text}], model=model), cancel)
    next_to = threading.Thread(target=stop)
    next_to.start()
    try:
        with pytest.raises(Stopped):
            chunks.extend(stream)
    finally:
        next_to.join()
    assert time.monotonic() - set_at[0] < PROMPTLY
    return chunks


def test_before_it_begins_nothing_is_sent(server: FakeOpenAI) -> None:
    cancel = Cancel()
    cancel.set()
    with pytest.raises(Stopped):
        next(iter(provider(server.base_url).stream(Request(messages=[], model="echo"), cancel)))
    assert server.requests == []


def test_while_connecting(server: FakeOpenAI) -> None:
    leave(server.url("blackhole"), "echo")


def test_while_tls_is_agreed_on(mute_port: int) -> None:
    leave(f"https://127.0.0.1:{mute_port}/v1", "echo")


def test_while_the_request_is_being_sent(mute_port: int) -> None:
    leave(f"http://127.0.0.1:{mute_port}/v1", "echo", text="x" * 30_000_000, after=1.0)


def test_before_the_headers(server: FakeOpenAI) -> None:
    leave(server.base_url, "mute", server)
    left(server)


def test_after_the_headers(server: FakeOpenAI) -> None:
    leave(server.base_url, "silent", server)
    left(server)


def test_before_the_first_token(server: FakeOpenAI) -> None:
    leave(server.base_url, "slow-first:30", server)
    left(server)


def test_while_it_streams(server: FakeOpenAI) -> None:
    chunks = leave(server.base_url, "words:5000@50", server)
    assert chunks
    assert all(isinstance(chunk, TextChunk) for chunk in chunks)
    left(server)


def test_while_it_streams_as_fast_as_it_can(server: FakeOpenAI) -> None:
    assert not any(isinstance(chunk, End) for chunk in leave(server.base_url, "words:400000", server))
    left(server)


def test_nothing_more_is_told_once_the_cancel_is_set(server: FakeOpenAI) -> None:
    cancel = Cancel()
    stream = provider(server.base_url).stream(Request(messages=[], model="words:2000"), cancel)
    assert isinstance(next(stream), TextChunk)
    cancel.set()
    with pytest.raises(Stopped):
        next(stream)


def test_while_only_comments_come(server: FakeOpenAI) -> None:
    leave(server.base_url, "fault:stall-comments:headers", server)


def test_while_an_error_is_being_read(server: FakeOpenAI) -> None:
    leave(server.base_url, "fault:error-trickles", server)


HANGING_RESOLVER = """
import socket, time
asked = socket.getaddrinfo
def hang(host, port, *args, flags=0, **more):
    if flags & socket.AI_NUMERICHOST:
        return asked(host, port, *args, flags=flags, **more)
    time.sleep(60)
socket.getaddrinfo = hang
import openai
"""
ASKING = """
import threading, time
from chatbot.core.settings import Connection
from chatbot.providers.chat_completions import ChatCompletions
from chatbot.providers.provider import Cancel, Request, Stopped
from tests.providers.remembering import Remembering
cancel = Cancel()
provider = ChatCompletions(Connection(name="x", base_url="http://slow.example/v1"), None, Remembering())
def stop():
    global began
    began = time.monotonic()
    cancel.set()
threading.Timer(0.1, stop).start()
try:
    list(provider.stream(Request(messages=[], model="m"), cancel))
except Stopped:
    print("stopped", time.monotonic() - began)
"""


@pytest.mark.parametrize("before", ["", HANGING_RESOLVER], ids=["the SDK is being loaded", "a name is being asked for"])
def test_while(before: str) -> None:
    """In a process of its own: with nothing loaded yet; with a resolver that hangs in place of the system's."""
    done = subprocess.run(
        [sys.executable, "-c", before + ASKING], capture_output=True, text=True, timeout=50, check=False
    )
    word, seconds = done.stdout.split()
    assert word == "stopped", done.stderr
    assert float(seconds) < PROMPTLY


def test_closing_the_stream_closes_the_connection(server: FakeOpenAI) -> None:
    stream = provider(server.base_url).stream(Request(messages=[], model="words:5000@50"), Cancel())
    assert isinstance(next(iter(stream)), TextChunk)
    stream.close()
    left(server)


def test_a_stream_that_ended_leaves_no_connection_behind(server: FakeOpenAI) -> None:
    one = provider(server.base_url)
    for _ in range(3):
        said = list(one.stream(Request(messages=[{"role": "user", "content": "Hello"}], model="echo"), Cancel()))
        # The words and the end are what the client stays for: the last bytes of the framing it may leave unread.
        assert "".join(chunk.text for chunk in said if isinstance(chunk, TextChunk)) == "Hello"
        assert isinstance(said[-1], End)
    deadline = time.monotonic() + 2
    while server._sockets and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not server._sockets


def test_many_at_once_each_leave_alone(server: FakeOpenAI) -> None:
    one = provider(server.base_url)
    cancels = [Cancel() for _ in range(8)]
    ended: list[str] = []

    def follow(cancel: Cancel) -> None:
        model = (
            "words:4000@40" if cancel in cancels[:4] else "words:40@40"
        )  # no machine is so slow that those end first
        try:
            said = list(one.stream(Request(messages=[], model=model), cancel))
            assert "".join(chunk.text for chunk in said if isinstance(chunk, TextChunk)) == words_text(40)
            ended.append("whole")
        except Stopped:
            ended.append("stopped")

    threads = [threading.Thread(target=follow, args=(cancel,)) for cancel in cancels]
    for thread in threads:
        thread.start()
    time.sleep(0.4)
    for cancel in cancels[:4]:
        cancel.set()
    for thread in threads:
        thread.join(20)
    assert sorted(ended) == ["stopped"] * 4 + ["whole"] * 4


def left(server: FakeOpenAI) -> None:
    """The server notices that its client went, so that it stops generating."""
    deadline = time.monotonic() + 5
    while not server.requests[-1].left and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.requests[-1].left
