"""One request to the fake server and everything that can be done to its answer, byte by byte.

Nothing here uses an HTTP library: a script decides when headers leave, where a chunk is cut and how a socket dies.
"""

import json
import re
import select
import socket
import struct
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

CREATED = 1_790_000_000
_REQUEST_LINE = re.compile(r"([A-Z]+) (\S+) HTTP/1\.[01]")
TICK = 0.05  # seconds between looks at whether the client has left or the server closes


class ClientLeft(Exception):
    """The client closed its end, or the server is being closed: nobody reads on."""


@dataclass(slots=True, kw_only=True)
class Recorded:
    """A request as it came. `at` is time.monotonic(); `left`: the client went before the answer was whole."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any = None
    at: float = field(default_factory=time.monotonic)
    attempt: int = 1
    left: bool = False
    answered: bool = False
    """The script has ended, however it did."""

    @property
    def model(self) -> str:
        return str(self.body.get("model", "")) if isinstance(self.body, dict) else ""

    @property
    def messages(self) -> list[dict[str, Any]]:
        return list(self.body.get("messages", [])) if isinstance(self.body, dict) else []

    @property
    def last_user(self) -> str:
        said = [str(message.get("content", "")) for message in self.messages if message.get("role") == "user"]
        return said[-1] if said else ""


def read_request(reader: Any) -> Recorded | None:
    """The next request on a connection; None when the client has closed it."""
    line = reader.readline(65_536).decode("latin-1").strip()
    if not line:
        return None
    # A TLS greeting may by chance look like three words; a server that then waits for headers waits for ever.
    if not (asked := _REQUEST_LINE.fullmatch(line)):
        raise ValueError(f"not HTTP: {line[:40]!r}")
    method, path = asked.groups()
    headers: dict[str, str] = {}
    while (header := reader.readline(65_536).decode("latin-1").strip()) != "":
        name, _, value = header.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = reader.read(int(headers.get("content-length", 0)))
    parsed = json.loads(body) if body else None
    return Recorded(method=method, path=path, headers=headers, body=parsed)


def dumps(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Exchange:
    """The answer to one request, as a script writes it. Every method raises ClientLeft when nobody reads on.

    `argument` is what follows the script's name in the model ("200@50" of "words:200@50"); `attempt` counts the
    requests with this model and this Authorization header, from 1.
    """

    def __init__(self, sock: socket.socket, request: Recorded, argument: str, closing: threading.Event) -> None:
        self._sock = sock
        self._closing = closing
        self._chunked = False
        self.request = request
        self.argument = argument
        self.attempt = request.attempt
        self.model = request.model
        self.id = f"chatcmpl-{int(request.at * 1e6):x}"
        self.open = True
        self._before, self._after = self._envelope()

    def _envelope(self) -> tuple[str, str]:
        # As heavy as OpenAI's own; rendered once, since a stream of 8,000 tokens repeats it 8,000 times.
        head = {"id": self.id, "object": "chat.completion.chunk", "created": CREATED, "model": self.model}
        head |= {"service_tier": "default", "system_fingerprint": "fp_fa4e0fa4e0"}
        before = "data: " + dumps(head)[:-1] + ',"choices":[{"index":0,"delta":{"content":'
        return before, '},"logprobs":null,"finish_reason":null}],"obfuscation":"a7cU0qXe"}\n\n'

    # ── bytes ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def raw(self, data: bytes) -> None:
        """Bytes on the socket as they are."""
        if self._closing.is_set():
            raise ClientLeft
        try:
            self._sock.sendall(data)
        except OSError:
            self.request.left = True
            raise ClientLeft from None

    def head(
        self,
        status: int = 200,
        *,
        content_type: str | None = "text/event-stream; charset=utf-8",
        headers: Mapping[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        """Status line and headers; the body is chunked unless a length is given."""
        lines = [f"HTTP/1.1 {status} {'OK' if status < 300 else 'Status'}"]
        if content_type:
            lines.append(f"Content-Type: {content_type}")
        self._chunked = length is None and status not in (204, 304)
        if self._chunked:
            lines.append("Transfer-Encoding: chunked")
        elif length is not None:
            lines.append(f"Content-Length: {length}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self.raw(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def chunk(self, data: bytes | str) -> None:
        """A piece of the body, framed as one HTTP chunk where the body is chunked."""
        data = data.encode() if isinstance(data, str) else data
        self.raw(b"%x\r\n%s\r\n" % (len(data), data) if self._chunked else data)

    def end(self) -> None:
        """The body is whole."""
        if self._chunked:
            self.raw(b"0\r\n\r\n")

    def reset(self) -> None:
        """Kill the connection with a TCP reset: what the client has not read yet may be lost too."""
        time.sleep(0.02)  # let what was sent arrive first: a reset overtakes it
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.hang_up()

    def hang_up(self) -> None:
        """Close the connection, whatever the headers promised."""
        self.open = False
        self._sock.close()

    def wait(self, seconds: float) -> None:
        """Say nothing for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._closing.is_set():
                raise ClientLeft
            if left < TICK:  # too short to notice a client that leaves, and the pace matters here
                time.sleep(left)
                return
            ready, _, _ = select.select([self._sock], [], [], min(left, TICK))
            if ready and not self._peek():
                self.request.left = True
                raise ClientLeft

    def _peek(self) -> bool:
        try:
            return self._sock.recv(1, socket.MSG_PEEK) != b""
        except (OSError, ValueError):  # TLS cannot be peeked at; a client that waits for an answer says nothing more
            return False

    # ── OpenAI's shapes ────────────────────────────────────────────────────────────────────────────────────────────

    def json(self, status: int, value: Any, headers: Mapping[str, str] | None = None) -> None:
        """A whole JSON answer."""
        data = dumps(value).encode()
        self.head(status, content_type="application/json", headers=headers, length=len(data))
        self.raw(data)

    def error(
        self, status: int, message: str, *, code: str | None = None, kind: str = "invalid_request_error",
        param: str | None = None, headers: Mapping[str, str] | None = None,
    ) -> None:  # fmt: skip
        """An error as OpenAI words it."""
        self.json(status, {"error": {"message": message, "type": kind, "param": param, "code": code}}, headers)

    def event(self, value: Any) -> None:
        """One SSE event whose data is JSON."""
        self.chunk(f"data: {dumps(value)}\n\n")

    def choice(self, *, finish: str | None = None, index: int = 0, **delta: Any) -> dict[str, Any]:
        """A chunk object with one choice."""
        return {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": CREATED,
            "model": self.model,
            "choices": [{"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}],
        }

    def text_event(self, text: str) -> str:
        """The bytes of one text delta, quickly."""
        return self._before + dumps(text) + self._after

    def text(self, *pieces: str) -> None:
        """Text deltas, each an event and an HTTP chunk of its own."""
        for piece in pieces:
            self.chunk(self.text_event(piece))

    def begin(self) -> None:
        """Headers and the first event, which carries the role and no text."""
        self.head()
        self.event(self.choice(role="assistant", content=""))

    def finish(self, reason: str | None = "stop") -> None:
        self.event(self.choice(finish=reason))

    def usage_object(self, output: int, reasoning: int = 0) -> dict[str, Any]:
        words = sum(len(str(message.get("content", "")).split()) + 4 for message in self.request.messages)
        return {
            "prompt_tokens": words,
            "completion_tokens": output,
            "total_tokens": words + output,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": reasoning},
        }

    def usage(self, output: int, reasoning: int = 0) -> None:
        """The last chunk, with empty choices, if the request asked for it."""
        asked = (self.request.body or {}).get("stream_options") or {}
        if asked.get("include_usage"):
            chunk = self.choice() | {"choices": [], "usage": self.usage_object(output, reasoning)}
            self.event(chunk)

    def done(self) -> None:
        self.chunk("data: [DONE]\n\n")
        self.end()

    def close_properly(self, output: int, reason: str = "stop", reasoning: int = 0) -> None:
        """Finish reason, usage, [DONE], end."""
        self.finish(reason)
        self.usage(output, reasoning)
        self.done()

    @property
    def last_user(self) -> str:
        return self.request.last_user
