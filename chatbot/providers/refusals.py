"""A server's no, as an error of our tree with a sentence for people."""

import email.utils
import json
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from chatbot.core.errors import (
    Busy,
    ContextTooLong,
    Forbidden,
    KeyRefused,
    ModelUnknown,
    NoCredit,
    ProviderError,
    Redirected,
    Refused,
    RequestRefused,
)
from chatbot.core.retry import LONGEST_WAIT
from chatbot.providers.address import host, origin
from chatbot.providers.address import shown as shown_address
from chatbot.providers.patience import spoken
from chatbot.providers.redact import redacted, shown

log = logging.getLogger(__name__)

HEALS = frozenset({408, 409, 429, 500, 502, 503, 504, 520, 529})
_NO_CREDIT = re.compile(r"insufficient_quota|billing|credit|payment_required|insufficient_balance|insufficient_funds")
_TOO_LONG = re.compile(
    r"context[_ ](?:length|window|size)|maximum context|too many (?:input )?tokens|prompt is too long"
    r"|input is too long|exceeds? (?:the )?(?:available context|max_model_len|maximum (?:number of )?tokens)",
    re.IGNORECASE,
)
_CODES: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"rate_limit|too_many_requests|tokens_per"), 429),
    (re.compile(r"invalid_api_key|authentication|unauthorized"), 401),
    (re.compile(r"permission|forbidden|access_denied"), 403),
    (re.compile(r"model_not_found|not_found"), 404),
    (re.compile(r"server_error|internal|overload|unavailable|api_error|timeout|bad_gateway"), 503),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who was asked for what; the names that sentences need. `secrets` are kept out of whatever is shown."""

    name: str
    base_url: str
    model: str = ""
    key: bool = True
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def account(self) -> str:
        return (
            "Your OpenAI account" if host(self.base_url).endswith("openai.com") else f"The account behind {self.name!r}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """An error object, whoever's: every field may be missing."""

    message: str = ""
    code: str = ""
    kind: str = ""
    parameter: str = ""
    status: int | None = None

    @property
    def codes(self) -> str:
        return f"{self.code} {self.kind}".lower()


def read_words(value: object) -> Words:
    """The error object in a JSON answer, in the dialects of OpenAI, vLLM, Ollama, FastAPI, Gemini and OpenRouter.

    >>> read_words({"error": {"message": "No.", "code": "invalid_api_key"}}).code
    'invalid_api_key'
    >>> read_words([{"error": "no such model"}]).message
    'no such model'
    """
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict) and value.get("error"):
        value = value["error"]
    if isinstance(value, str):
        return Words(message=value)
    if not isinstance(value, dict):
        return Words()
    message = value.get("message") or value.get("detail") or value.get("msg") or ""
    code = value.get("code")
    return Words(
        message=message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)[:1000],
        code=code if isinstance(code, str) else "",
        kind=_text(value.get("type") or value.get("status")),
        parameter=_text(value.get("param") or value.get("parameter")),
        status=code if isinstance(code, int) and not isinstance(code, bool) and 400 <= code < 600 else None,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def parse_words(body: bytes) -> Words:
    """The error object in an answer's body; empty words for a page, a torn body or anything else."""
    try:
        return read_words(json.loads(body))
    except (ValueError, RecursionError):
        return Words()


def refusal(status: int, headers: Mapping[str, str], body: bytes, asked: Asked) -> ProviderError:
    """The error for an answer that is not 2xx. Header names are looked up in lower case."""
    words = parse_words(body)
    if body.lstrip().startswith(b"<"):
        # A proxy's page: never shown, but whoever looks for the cause finds its beginning in the log.
        page = " ".join(redacted(body[:2000].decode("utf-8", "replace"), *asked.secrets).split())[:200]
        log.info("%s answered %d with: %s", origin(asked.base_url), status, page)
    wait = retry_after(headers)
    error = _by_status(status, words, asked, wait)
    error.status = status
    error.retry_after = wait
    told = headers.get("x-should-retry")
    if told == "false":
        error.may_retry = False
    elif told == "true" and not isinstance(error, NoCredit | Redirected):
        error.may_retry = True
    return error


def refusal_in_stream(value: object, asked: Asked) -> ProviderError:
    """The error for an error object inside a stream whose status was 200: by its code."""
    words = read_words(value)
    status = words.status or next((status for code, status in _CODES if code.search(words.codes)), None)
    if _NO_CREDIT.search(words.codes):
        status = 402
    elif _TOO_LONG.search(words.codes) or _TOO_LONG.search(words.message):
        status = 400
    if status is None:
        return Refused(f"{asked.name!r} broke the reply off{_quoted(words, asked)}")
    return _by_status(status, words, asked)


def _by_status(status: int, words: Words, asked: Asked, wait: float | None = None) -> ProviderError:
    name, quoted = asked.name, _quoted(words, asked)
    later = f" It asks to be left alone for {spoken(wait)}." if wait is not None and wait > LONGEST_WAIT else ""
    if status == 402 or (status in (400, 403, 429) and _NO_CREDIT.search(words.codes)):
        return NoCredit(f"{asked.account} has no credit left.")
    if 300 <= status < 400:
        return Redirected(
            f"{origin(asked.base_url)} wants to send the request on to another address ({status}). Nothing was sent there; "
            "check the base URL."
        )
    if status in (400, 413, 422) and (_TOO_LONG.search(words.codes) or _TOO_LONG.search(words.message)):
        return ContextTooLong(f"This conversation is longer than {asked.model!r} can read at once.")
    if status == 401:
        if not asked.key:
            return KeyRefused(f"{name!r} asks for a key. Enter one in the settings.")
        return KeyRefused(f"The key for {name!r} was not accepted.")
    if status == 403:
        return Forbidden(f"{name!r} does not let this key use {asked.model!r}{quoted}")
    if status == 404:
        return _not_found(words, asked)
    if status == 413:
        return RequestRefused(f"The message is larger than {name!r} takes.")
    if status == 429:
        return Busy(f"{name!r} gets more requests than it allows right now.{later}")
    if status in HEALS or status >= 500:
        busy = Busy(f"{name!r} cannot answer right now (status {status}).{later}")
        busy.may_retry = status in HEALS
        return busy
    error = RequestRefused(f"{name!r} did not accept the request (status {status}){quoted}")
    if words.parameter and not words.parameter.startswith("messages"):
        error.way_out = "settings"
    return error


def _not_found(words: Words, asked: Asked) -> ProviderError:
    if words.code == "model_not_found" or re.search(r"(?i)\bmodel\b", words.message):
        return ModelUnknown(f"{asked.name!r} has no model {asked.model!r}. Choose another one.")
    error = ModelUnknown(f"There is no chat at {shown_address(asked.base_url)!r} (status 404). Check the base URL.")
    error.way_out = "settings"
    return error


def _quoted(words: Words, asked: Asked) -> str:
    """The server's words as the end of a sentence."""
    said = shown(words.message, *asked.secrets)
    if not said:
        return "."
    return f": “{said}”" if said.endswith((".", "!", "?")) else f": “{said}”."


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the server asks us to wait; None when it does not, or says it in no way we know.

    >>> retry_after({"retry-after": "2.5"}), retry_after({"retry-after-ms": "1500"}), retry_after({"retry-after": "soon"})
    (2.5, 1.5, None)
    """
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "")
        if re.fullmatch(r"\s*\d{1,9}(\.\d+)?\s*", value):
            return float(value) * unit
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
    except (TypeError, ValueError, IndexError):
        return None
    return max(0.0, date.timestamp() - time.time())
