"""An openai client for one request, on a socket that can be left from any thread."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chatbot.core.errors import ConnectFailed, KeyRefused, NotAStream, ProviderError
from chatbot.core.settings import Connection, Secret, Timeouts
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


@contextmanager
def opened(
    connection: Connection, key: Secret | None, timeouts: Timeouts, cancel: Cancel, asked: Asked, refuse: Refuse
) -> Iterator[tuple["OpenAI", Line]]:
    """A client and its line. Inside the block only ProviderError and Stopped are raised for what a server does.

    Leaving the block closes the connection.
    """
    headers = credentials(connection, key)
    line = Line(Patience(timeouts, asked.name, asked.origin), cancel, asked.origin)
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


def credentials(connection: Connection, key: Secret | None) -> dict[str, str]:
    """The headers that say who asks: the connection's own, and its key unless they hold one already.

    KeyRefused when one cannot be sent: the SDK's own complaint would contain it.
    """
    headers = dict(connection.headers)
    if key is not None and key.reveal() and "authorization" not in {name.lower() for name in headers}:
        headers["Authorization"] = f"Bearer {key.reveal()}"
    for name, value in headers.items():
        if not re.fullmatch(r"[\w-]+", name, re.ASCII) or not _SENDABLE.fullmatch(value):
            what = "key" if name == "Authorization" else f"header {name!r}"
            raise KeyRefused(f"The {what} of {connection.name!r} holds characters that cannot be sent. Enter it again.")
    return headers


def _client(base_url: str, carrier: Any) -> "OpenAI":
    import httpx2
    from openai import OpenAI

    hush()
    if not re.match(r"https?://[^/]", base_url):
        error = ConnectFailed(f"The base URL {base_url!r} is no address: it begins with http:// or https://.")
        error.may_retry = False
        raise error
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
    import httpx2

    if isinstance(error, httpcore2.ProxyError):
        return ConnectFailed(f"The proxy did not let the request through to {asked.origin}.")
    if isinstance(error, httpx2.InvalidURL | httpx2.UnsupportedProtocol):
        return ConnectFailed(f"The base URL {asked.base_url!r} is no address. Check it.")
    if isinstance(error, httpcore2.RemoteProtocolError):
        return NotAStream(f"{asked.origin} does not answer as a web server does. Is the base URL right?")
    return line.lost()
