"""Chat Completions of any OpenAI-compatible server, over the openai SDK and a socket of our own."""

import json
import threading
import time
from collections.abc import Generator, Mapping
from typing import Any, cast

from chatbot.core.errors import ProviderError
from chatbot.core.settings import Connection, Secret, Timeouts
from chatbot.providers import parameters
from chatbot.providers.answer import chunks
from chatbot.providers.client import opened
from chatbot.providers.models import read_models
from chatbot.providers.provider import Cancel, Chunk, Model, Quirks, Request
from chatbot.providers.rates import known_context
from chatbot.providers.refusals import Asked, parse_words, refusal, refusal_in_stream
from chatbot.providers.wire import ReplyReader, most_text

LIST_PATIENCE = Timeouts(connect=10.0, first=20.0, bytes=20.0, deltas=20.0, total=20.0)
CONTEXT_PATIENCE = Timeouts(connect=3.0, first=3.0, bytes=3.0, deltas=3.0, total=3.0)
MOST_LIST = 16 << 20  # bytes
ASK_AGAIN = 300.0  # seconds until a server that did not say is asked again


class ChatCompletions:
    """A Provider. With `key` None no Authorization is sent at all, whatever the environment holds."""

    prefills = False  # some servers do, and none says so

    def __init__(self, connection: Connection, key: Secret | None, quirks: Quirks) -> None:
        self._connection = connection
        self._base_url = connection.base_url.strip().rstrip("/")
        self._key = key
        self._quirks = quirks
        self._contexts: dict[str, int | None] = {}
        self._asked_at: float | None = None
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"ChatCompletions({self._connection.name!r})"

    def stream(self, request: Request, cancel: Cancel) -> Generator[Chunk]:
        asked = self._asked(request.model)
        known = self._quirks.known(self._base_url, request.model)
        sent = parameters.body(request, self._base_url, known)

        def refuse(status: int, headers: Mapping[str, str], body: bytes) -> ProviderError:
            lesson = parameters.lesson(status, parse_words(body), sent, asked, known)
            if lesson is None:
                return refusal(status, headers, body, asked)
            self._quirks.learn(self._base_url, request.model, lesson.parameter, lesson.instead)
            return lesson

        reader = ReplyReader(limit=most_text(request.max_output), refuse=lambda value: refusal_in_stream(value, asked))
        timeouts = self._connection.timeouts
        with opened(self._connection, self._key, timeouts, cancel, asked, refuse) as (client, line):
            # `messages` goes as an extra: the SDK would check every one of them, 173 ms for 1,000.
            create = cast(Any, client.chat.completions.with_streaming_response.create)
            plain = {"Accept-Encoding": "identity"}
            with create(messages=[], model=request.model, stream=True, extra_body=sent, extra_headers=plain) as answer:
                content_type = answer.headers.get("content-type", "")
                for chunk in chunks(answer.iter_bytes(), content_type, reader, line.patience):
                    line.check()
                    yield chunk
                line.whole = True

    def models(self, cancel: Cancel | None = None) -> list[Model]:
        return self._list(LIST_PATIENCE, cancel or Cancel())

    def context(self, model: str) -> int | None:
        with self._lock:
            fresh = self._asked_at is not None and time.monotonic() - self._asked_at < ASK_AGAIN
            if self._contexts.get(model) is None and not fresh:
                self._contexts |= self._said()
                self._asked_at = time.monotonic()
            if model not in self._contexts:
                self._contexts[model] = known_context(self._base_url, model)
            return self._contexts[model]

    def refusals(self, model: str) -> dict[str, str]:
        return parameters.refused(model, self._base_url, self._quirks.known(self._base_url, model))

    def _said(self) -> dict[str, int | None]:
        """Each model's context in the server's own words; nothing when it does not answer."""
        if parameters.takes_openai_names(self._base_url):
            return {}  # these never say
        try:
            return {entry.id: entry.context for entry in self._list(CONTEXT_PATIENCE, Cancel()) if entry.context}
        except ProviderError:
            return {}

    def _list(self, timeouts: Timeouts, cancel: Cancel) -> list[Model]:
        asked = self._asked()
        body = bytearray()

        def refuse(status: int, headers: Mapping[str, str], words: bytes) -> ProviderError:
            return refusal(status, headers, words, asked)

        with (
            opened(self._connection, self._key, timeouts, cancel, asked, refuse) as (client, line),
            client.models.with_streaming_response.list() as answer,
        ):
            for block in answer.iter_bytes():
                body += block
                if len(body) > MOST_LIST:
                    break
            line.whole = True
        try:
            return read_models(json.loads(bytes(body)))
        except (ValueError, RecursionError):
            return read_models(None)

    def _asked(self, model: str = "") -> Asked:
        secrets = (*self._connection.headers.values(), self._key.reveal() if self._key else "")
        key = self._key is not None or bool(self._connection.headers)
        return Asked(name=self._connection.name, base_url=self._base_url, model=model, key=key, secrets=secrets)
