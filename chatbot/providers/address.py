"""What a base URL says: who is there, and how it can be shown. None of these raises, whatever a person typed."""

import re
from urllib.parse import urlsplit


def host(url: str) -> str:
    """The host's name in lower case; "" where there is none.

    >>> host("http://me:pw@LocalHost:11434/v1"), host("http://[::1/v1"), host("nonsense")
    ('localhost', '', '')
    """
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def is_address(url: str) -> bool:
    """An http or https address that a request can be sent to.

    >>> is_address("http://localhost:11434/v1"), is_address("localhost:11434"), is_address("http://a b")
    (True, False, False)
    """
    try:
        parts = urlsplit(url)
        whole = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return whole and re.fullmatch(r"[!-~]+", url) is not None


def shown(url: str) -> str:
    """The address without a name and password.

    >>> shown("http://me:pw@localhost:11434/v1")
    'http://localhost:11434/v1'
    """
    return re.sub(r"//[^/]*@", "//", url)


def origin(url: str) -> str:
    """Scheme, host and port: the part that names a server.

    >>> origin("http://me:pw@localhost:11434/v1")
    'http://localhost:11434'
    """
    return "/".join(shown(url).split("/")[:3])


def is_loopback(url: str) -> bool:
    """The address is of this machine.

    >>> is_loopback("http://localhost:11434/v1"), is_loopback("http://127.0.0.1:1/v1"), is_loopback("https://example.com")
    (True, True, False)
    """
    name = host(url)
    return name in ("localhost", "::1") or name.startswith("127.") or name.endswith(".localhost")
