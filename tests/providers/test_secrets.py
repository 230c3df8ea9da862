"""A key reaches its own server and nothing else: no other host, no log, no error, no traceback."""

import logging
import os
import subprocess
import sys
import traceback
from base64 import b64encode
from collections.abc import Iterator

import pytest

from chatbot.core.errors import KeyRefused, ProviderError
from chatbot.core.settings import Connection, Secret, Timeouts
from chatbot.providers.chat_completions import ChatCompletions
from chatbot.providers.provider import Cancel, Request
from tests.fake_openai import FakeOpenAI
from tests.providers.remembering import Remembering

CANARY = "sk-canary-Zr81hTq0pLw2"
WORDS = "the-user-said-this-and-nobody-else"
QUICK = Timeouts(connect=1.0, first=1.0, bytes=1.0, deltas=1.0, total=5.0)


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


def provider(base_url: str, key: str | None = CANARY, **headers: str) -> ChatCompletions:
    connection = Connection(name="fake", base_url=base_url, headers=headers, timeouts=QUICK)
    return ChatCompletions(connection, None if key is None else Secret(key), Remembering())


def ask(one: ChatCompletions, model: str) -> str:
    """The traceback of what went wrong, chained causes and all."""
    try:
        list(one.stream(Request(messages=[{"role": "user", "content": WORDS}], model=model), Cancel()))
    except ProviderError as error:
        return "".join(traceback.format_exception(error))
    return ""


MODELS = [
    "echo",
    "nothing-like-it",
    *(f"fault:status-{number}" for number in (400, 401, 402, 403, 404, 413, 422, 500)),
    "fault:quota",
    "fault:redirect-307",
    "fault:html-error",
    "fault:reset:later",
    "fault:error-object:first",
    "fault:gzip-false",
    "fault:not-http",
]


def test_no_log_and_no_error_holds_the_key_even_at_debug(server: FakeOpenAI, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("openai", "httpx2", "httpcore2", "chatbot"):
        caplog.set_level(logging.DEBUG, name)
    one = provider(server.base_url, **{"X-Extra": CANARY + "-extra"})
    said = [ask(one, model) for model in MODELS]
    one.models()
    said += [ask(provider(server.url(where)), "echo") for where in ("refused", "not-tls")]
    said += [repr(one), repr(vars(one)), caplog.text]
    assert any(server.chats("fault:status-401")), "the canary did fly"
    assert server.chats("echo")[0].headers["authorization"] == f"Bearer {CANARY}"
    for text in said:
        assert "canary" not in text
    assert WORDS not in caplog.text


def test_a_page_is_named_in_the_log_by_its_beginning_alone(
    server: FakeOpenAI, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "chatbot")
    ask(provider(server.base_url), "fault:html-error")
    assert "nginx" in caplog.text
    assert max(len(record.getMessage()) for record in caplog.records) < 300


@pytest.mark.parametrize(
    "key", [CANARY + "\n", " " + CANARY, "ключ-canary", CANARY + "\r\nHost: evil", CANARY + "\x00"]
)
def test_a_key_that_cannot_be_sent_is_refused_without_being_told(server: FakeOpenAI, key: str) -> None:
    one = provider(server.base_url, key)
    said = ask(one, "echo")
    assert KeyRefused.__name__ in said
    assert "canary" not in said
    with pytest.raises(KeyRefused):
        one.models()
    assert one.context("echo") is None
    assert server.requests == []


def test_a_header_that_cannot_be_sent_is_refused(server: FakeOpenAI) -> None:
    said = ask(provider(server.base_url, **{"X-Extra": "canary\nX: y"}), "echo")
    assert "X-Extra" in said
    assert "canary" not in said
    assert server.requests == []


def test_extra_headers_leave_with_every_request(server: FakeOpenAI) -> None:
    one = provider(server.base_url, None, **{"api-key": "azure", "X-Title": "ByteBot"})
    ask(one, "echo")
    one.models()
    for request in server.requests:
        assert request.headers["api-key"] == "azure"
        assert request.headers["x-title"] == "ByteBot"
        assert "authorization" not in request.headers


def test_a_password_in_the_address_is_sent_and_never_told(server: FakeOpenAI, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    address = server.base_url.replace("//", "//me:canary%21pass@")
    said = [ask(provider(address, None), model) for model in ("echo", "fault:html-not-found", "fault:redirect-307")]
    said += [ask(provider(wrong, None), "echo") for wrong in ("http://me:canary@[::1/v1", "http://me:canary@/v1")]
    said += [ask(provider(server.url("refused").replace("//", "//me:canary@"), None), "echo"), caplog.text]
    assert server.requests[0].headers["authorization"] == "Basic " + b64encode(b"me:canary!pass").decode()
    for text in said:
        assert "canary" not in text
    ask(provider(address), "echo")
    assert server.requests[-1].headers["authorization"] == f"Bearer {CANARY}"


def test_a_redirect_is_not_followed(server: FakeOpenAI) -> None:
    for number in (301, 302, 307, 308):
        assert "another address" in ask(provider(server.base_url), f"fault:redirect-{number}")
    assert len(server.requests) == 4
    assert all(request.path == "/v1/chat/completions" for request in server.requests)


CHILD = """
import sys
from chatbot.core.settings import Connection
from chatbot.providers.chat_completions import ChatCompletions
from chatbot.providers.provider import Cancel, Request
from tests.providers.remembering import Remembering
one = ChatCompletions(Connection(name="x", base_url=sys.argv[1]), None, Remembering())
chunks = list(one.stream(Request(messages=[{"role": "user", "content": "the-user-said-this"}], model="echo"), Cancel()))
one.models()
print(len(chunks))
"""


def child(base_url: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CHILD, base_url],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_nothing_of_the_environment_goes_to_another_server(server: FakeOpenAI) -> None:
    names = ("API_KEY", "ADMIN_KEY", "ORG_ID", "ORGANIZATION", "PROJECT_ID", "PROJECT", "WEBHOOK_SECRET")
    told = {f"OPENAI_{name}": CANARY for name in names}
    told |= {"OPENAI_BASE_URL": server.url("wrong"), "OPENAI_LOG": "debug", "OPENAI_CUSTOM_HEADERS": f"X-Own: {CANARY}"}
    done = child(server.base_url, **told)
    assert done.returncode == 0, done.stderr
    assert len(server.requests) == 2
    for request in server.requests:
        assert request.path.startswith("/v1/")
        assert "authorization" not in request.headers
        assert not any("canary" in value for value in request.headers.values())
        assert not {"openai-organization", "openai-project"} & request.headers.keys()
    assert "canary" not in done.stdout + done.stderr
    assert "the-user-said" not in done.stderr, "the SDK's own debug log is kept quiet"


def test_a_proxy_is_used_for_others_and_never_for_this_machine(server: FakeOpenAI) -> None:
    with FakeOpenAI() as proxy:
        through = f"http://127.0.0.1:{proxy.port}"
        environment = {"HTTP_PROXY": through, "http_proxy": through, "NO_PROXY": "", "no_proxy": ""}
        assert child(server.base_url, **environment).returncode == 0
        assert proxy.requests == []
        done = child("http://models.example/v1", **environment)
        assert done.returncode == 0, done.stderr
        assert proxy.requests[0].path == "http://models.example/v1/chat/completions"
