"""A provider's own words, made safe to show: short, on one line, without anything that could be a key."""

import functools
import logging
import re

LONGEST = 200  # characters

_KEYS = re.compile(
    r"(?i)\bbearer\s+\S+"  # Bearer …
    r"|\b(?:sk|pk|rk|gsk|xai|hf|key|api|org|proj|sess|r8|nvapi|AIza)[-_][\w*.+/=-]{6,}"  # sk-…, gsk_…, also masked
    r"|\bAIza[\w-]{20,}"
    r"|\beyJ[\w.-]{20,}"  # a JSON web token
    r"|(?i:api[-_ ]?key|token|secret|password|authorization)\"?\s*[:=]\s*\"?[^\s\",}]{6,}"
    r"|\b(?=[\w+/=-]*\d)(?=[\w+/=-]*[A-Za-z])[\w+/=-]{32,}"  # long and mixed: a token of some kind
)
_NOT_SHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")


def redacted(words: str, *secrets: str) -> str:
    """The words with whatever looks like a key, and the secrets given, replaced by an ellipsis.

    >>> redacted("Incorrect API key provided: sk-abcd****wxyz. See https://example.com/keys.")
    'Incorrect API key provided: … See https://example.com/keys.'
    >>> redacted("no such user hunter2", "hunter2")
    'no such user …'
    """
    for secret in secrets:
        if secret:
            words = words.replace(secret, "…")
    return _KEYS.sub("…", words)


def shown(words: object, *secrets: str) -> str:
    """A provider's words for people: redacted, on one line, at most 200 characters; "" for what is no text.

    >>> shown("Too\\n many   requests.\\u202e")
    'Too many requests.'
    """
    if not isinstance(words, str):
        return ""
    # Cut first: a page of a megabyte is not searched for keys. Twice as long, so that a key is not cut in two.
    line = " ".join(_NOT_SHOWN.sub(" ", words[: 4 * LONGEST]).split())
    line = redacted(line, *secrets)
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


class NoHeaders(logging.Filter):
    """Drops what a library under us logs below WARNING: at DEBUG these print every header, the key among them."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.WARNING


@functools.cache
def hush() -> None:
    """Keep the headers and the messages of requests out of the logs of the libraries under us."""
    no_headers = NoHeaders()
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(no_headers)


_TALKATIVE = (
    "openai",
    "openai._base_client",
    "openai._response",
    "openai._legacy_response",
    "httpx2",
    "httpcore2.connection",
    "httpcore2.http11",
    "httpcore2.http2",
    "httpcore2.proxy",
    "httpcore2.socks",
)
