"""What carries a request: an httpx transport over one Line, and what may leave with it."""

import functools
import ssl
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from chatbot.core.errors import ProviderError
from chatbot.providers.address import host, is_loopback
from chatbot.providers.line import Line

if TYPE_CHECKING:
    import httpx2

MOST_ERROR = 64 << 10  # bytes of an error's body
PLAIN = frozenset({"host", "connection", "accept", "accept-encoding", "content-type", "content-length", "user-agent"})
Refuse = Callable[[int, Mapping[str, str], bytes], ProviderError]


@functools.cache
def trust() -> ssl.SSLContext:
    """The one TLS context of the process, as the SDK would make it: 24 ms, too dear for every request."""
    import httpx2

    return httpx2.create_ssl_context()


def proxy_for(url: str) -> str | None:
    """The proxy that the system names for this address; never one for loopback."""
    if is_loopback(url):
        return None
    from urllib.request import getproxies, proxy_bypass

    proxies = getproxies()
    found = proxies.get(url.partition(":")[0]) or proxies.get("all")
    if not found or proxy_bypass(host(url)):
        return None
    return found if "://" in found else f"http://{found}"


class Transport:
    """Carries requests over its line.

    Beside what HTTP needs only `headers` leave: the SDK takes some from the environment (OPENAI_ORG_ID,
    OPENAI_CUSTOM_HEADERS) and would send them to any address. An answer that is not 2xx is read, 64 KiB at most, and raised as the error that `refuse` makes of it.
    """

    def __init__(self, line: Line, base_url: str, headers: Mapping[str, str], refuse: Refuse) -> None:
        self._line = line
        self._ours = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
        self._passing = PLAIN - {name.lower() for name in headers}
        self._refuse = refuse
        self._pool = _pool(line, base_url)

    def handle_request(self, request: "httpx2.Request") -> "httpx2.Response":
        import httpcore2
        import httpx2

        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        kept = [
            (name, value)
            for name, value in request.headers.raw
            if (plain := name.decode("latin-1").lower()) in self._passing or plain.startswith("x-stainless-")
        ]
        content: Any = request.stream
        answer = self._pool.handle_request(
            httpcore2.Request(request.method, url, headers=kept + self._ours, content=content)
        )
        stream: Any = answer.stream
        if 200 <= answer.status < 300:
            self._line.patience.reached("opening")
            return httpx2.Response(answer.status, headers=answer.headers, content=stream)
        self._line.patience.reached("refused")
        body = self._beginning(stream)
        raise self._refuse(answer.status, httpx2.Headers(answer.headers), body)

    def _beginning(self, stream: Iterable[bytes]) -> bytes:
        """What can be read of an error's body: it may never end, or break off, and its status says enough."""
        import httpcore2

        body = bytearray()
        try:
            for block in stream:
                body += block
                if len(body) >= MOST_ERROR:
                    break
        except (ProviderError, httpcore2.ProtocolError, httpcore2.NetworkError):
            pass
        return bytes(body[:MOST_ERROR])

    def close(self) -> None:
        self._pool.close()

    def __enter__(self) -> "Transport":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _pool(line: Line, base_url: str) -> Any:
    import httpcore2

    backend: Any = line
    secure = trust() if base_url.startswith("https:") else None
    proxy = None
    if found := proxy_for(base_url):
        parts = urlsplit(found)
        auth = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
        place = f"{parts.scheme}://{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}"
        proxy = httpcore2.Proxy(place, auth=auth)
    return httpcore2.ConnectionPool(
        ssl_context=secure, proxy=proxy, max_connections=1, max_keepalive_connections=0, network_backend=backend
    )
