"""An openai client for one request, on a socket that can be left from any thread."""

import functools
import re
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from chatbot.core.errors import ConnectFailed, KeyRefused, NotAStream, ProviderError
from chatbot.core.settings import Connection, Secret, Timeouts
from chatbot.providers.address import is_address, origin, shown
from chatbot.providers.answer import failures
from chatbot.providers.line import Line
from chatbot.providers.patience import Patience
from chatbot.providers.provider import Cancel
from chatbot.providers.redact import hush
from chatbot.providers.refusals import Asked
from chatbot.providers.transport import Refuse, Transport

if TYPE_CHECKING:
    from openai import OpenAI

_SENDABLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
_KEY = re.compile(r"[\x21-\x7e]+")


@contextmanager
def opened(
    connection: Connection, key: Secret | None, timeouts: Timeouts, cancel: Cancel, asked: Asked, refuse: Refuse
) -> Iterator[tuple["OpenAI", Line]]:
    """A client and its line. Inside the block only ProviderError and Stopped are raised for what a server does.

    Leaving the block closes the connection.
    """
    check_address(asked)
    headers = credentials(connection, key)
    place = origin(asked.base_url)
    line = Line(Patience(timeouts, asked.name, place), cancel, place)
    while not library().wait(0.05):
        line.check()
    line.check()
    client = _client(asked.base_url, Transport(line, asked.base_url, headers, refuse))
    try:
        with cancel.calling(line.leave):
            yield client, line
    except ProviderError:
        raise
    except failures() as error:
        line.check()
        raise _meaning(error, line, asked) from None
    finally:
        client.close()
        line.close()


@functools.cache
def library() -> threading.Event:
    """Load the SDK; the event is set when it is there. In a thread, since half a second of loading cannot be stopped."""
    there = threading.Event()

    def load() -> None:
        try:
            import openai  # noqa: F401
        finally:
            there.set()

    threading.Thread(target=load, name="load-openai", daemon=True).start()
    return there


def credentials(connection: Connection, key: Secret | None) -> dict[str, str]:
    """The headers that say who asks: the connection's own, then its key, else the name and password in its base URL.

    KeyRefused when one cannot be sent: the SDK's own complaint would contain it.
    """
    headers = dict(connection.headers)
    complaint = f"of {connection.name!r} holds characters that cannot be sent. Enter it again."
    for name, value in headers.items():
        if not re.fullmatch(r"[\w-]+", name, re.ASCII) or not _SENDABLE.fullmatch(value):
            raise KeyRefused(f"The header {name!r} {complaint}")
    secret = key.reveal() if key is not None else ""
    if secret and not _KEY.fullmatch(secret):
        raise KeyRefused(f"The key {complaint}")
    if "authorization" in {name.lower() for name in headers}:
        return headers
    if secret:
        headers["Authorization"] = f"Bearer {secret}"
    elif (parts := urlsplit(connection.base_url)).username:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return headers


def check_address(asked: Asked) -> None:
    """ConnectFailed, not to be tried again, for what cannot be a server's address."""
    if not is_address(asked.base_url):
        there = shown(asked.base_url)
        error = ConnectFailed(f"The base URL {there!r} is no address. One looks like http://localhost:11434/v1.")
        error.may_retry = False
        raise error


def _client(base_url: str, carrier: Any) -> "OpenAI":
    import httpx2
    from openai import OpenAI

    hush()
    # Key, organisation and project are named, so that none is read from the environment; the transport sets the real
    # ones, after the SDK, and lets no other pass.
    return OpenAI(
        api_key="unused",
        admin_api_key="",
        organization="",
        project="",
        webhook_secret="",
        base_url=base_url,
        max_retries=0,
        http_client=httpx2.Client(transport=carrier, follow_redirects=False, trust_env=False, timeout=None),
    )


def _meaning(error: Exception, line: Line, asked: Asked) -> ProviderError:
    """The error of our tree for one that came before the body."""
    import httpcore2

    if isinstance(error, httpcore2.ProxyError):
        return ConnectFailed(f"The proxy did not let the request through to {origin(asked.base_url)}.")
    if isinstance(error, httpcore2.RemoteProtocolError):
        return NotAStream(f"{origin(asked.base_url)} does not answer as a web server does. Is the base URL right?")
    return line.lost()
