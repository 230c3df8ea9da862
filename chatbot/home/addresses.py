"""Base URLs: what is one, and what is said about it."""

import ipaddress
import re
from urllib.parse import urlsplit

from chatbot.core.errors import BadInput
from chatbot.core.text import typed

EXAMPLE = "https://api.example.com/v1"
_HOST = re.compile(r"[^\s/\\@?#%\x00-\x20\x7f]+")


def read_base_url(text: object) -> str:
    """The address without outer space, unseen joiners, trailing slashes and `/chat/completions`; BadInput says what is wrong.

    What might be a key is not repeated in the sentence.

    >>> read_base_url(" http://localhost:11434/v1/chat/completions/ ")
    'http://localhost:11434/v1'
    """
    url = typed(text) if isinstance(text, str) else ""
    if not url:
        raise BadInput(f"A connection needs a base URL, such as {EXAMPLE}.")
    if any(letter.isspace() or not letter.isprintable() for letter in url):
        raise BadInput(f"The base URL has white space or a control character inside it; it must be like {EXAMPLE}.")
    if len(url) > 2000:
        raise BadInput(f"The base URL has {len(url):,} characters; the most is 2,000.")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise BadInput(f"The base URL has no readable host or port; it must be like {EXAMPLE}.") from None
    if parts.username is not None or parts.password is not None:
        raise BadInput("The base URL holds a name or a password before the '@'. Leave it out; a key has its own field.")
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        raise BadInput("The base URL goes on after a '?' or '#'. Leave that out; it ends with a path such as /v1.")
    if "/sk-" in parts.path:
        raise BadInput("The base URL holds what looks like a key. Leave it out; a key has its own field.")
    if parts.scheme not in ("http", "https") or not host or not _HOST.fullmatch(host):
        raise BadInput(f"The base URL is {url!r}; it must begin with http:// or https:// and a host, like {EXAMPLE}.")
    path = parts.path.rstrip("/")
    return f"{parts.scheme}://{parts.netloc}{path.removesuffix('/chat/completions').rstrip('/')}"


def is_loopback(base_url: str) -> bool:
    """Whether what is sent there stays on this machine.

    >>> is_loopback("http://localhost:11434/v1"), is_loopback("http://192.168.1.5/v1")
    (True, False)
    """
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_openai(base_url: str) -> bool:
    """Whether it is OpenAI's own server, in any of its regions.

    >>> is_openai("https://eu.api.openai.com/v1"), is_openai("http://localhost:11434/v1")
    (True, False)
    """
    host = (urlsplit(base_url).hostname or "").rstrip(".")
    return host == "api.openai.com" or host.endswith(".api.openai.com")


def warning(base_url: str) -> str | None:
    """A sentence about an address that anybody on the way can read along with; None when there is nothing to say."""
    parts = urlsplit(base_url)
    if parts.scheme != "http" or is_loopback(base_url):
        return None
    return f"http://{parts.netloc} is not encrypted: who shares the network can read your messages and the key."
