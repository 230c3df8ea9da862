"""The wire of Chat Completions as chunks: pure, events in, chunks out.

    reply = ReplyReader(limit=…, refuse=…)
    for event in EventReader().feed(block): chunks = reply.feed(event)
    chunks = reply.end()          # the End, or Broken

Servers differ and break in every way; what is not understood is left out and counted, never guessed.
"""

import json
from collections.abc import Callable
from typing import Any

from chatbot.core.errors import Broken, NotAStream, ProviderError
from chatbot.core.money import read_usage
from chatbot.core.text import repair
from chatbot.providers.provider import Chunk, End, ReasoningChunk, RefusalChunk, TextChunk
from chatbot.providers.sse import ServerEvent

MOST_TEXT = 8 << 20  # bytes of a reply whose request set no limit
LEAST_LIMIT = 256 << 10
BYTES_A_TOKEN = 64  # Thai and Georgian need about 10, tables drawn in ASCII 29

_CONTENT: tuple[tuple[str, Callable[[str], Chunk]], ...] = (
    ("reasoning_content", ReasoningChunk),
    ("reasoning", ReasoningChunk),
    ("content", TextChunk),
    ("refusal", RefusalChunk),
)


def most_text(max_output: int | None) -> int:
    """Bytes of text after which a reply is stopped, from the tokens that were asked for at most.

    >>> most_text(None), most_text(100), most_text(100_000)
    (8388608, 262144, 6400000)
    """
    return MOST_TEXT if max_output is None else max(LEAST_LIMIT, BYTES_A_TOKEN * max_output)


class ReplyReader:
    """What one reply's events mean. `refuse` makes the error for an error object; `limit` is in bytes of UTF-8.

    `finished`: a finish reason came, so that nothing that fails from here on takes the reply away. `over`: [DONE] came.
    `full`: the limit is reached; what fitted was given, and nothing more is read.
    `alive` counts deltas, those in unknown shapes too. `understood`: at least one event was ours.
    """

    def __init__(self, *, limit: int, refuse: Callable[[object], ProviderError]) -> None:
        self.finish_reason: str | None = None
        self.over = False
        self.full = False
        self.alive = 0
        self.understood = False
        self._limit = limit
        self._refuse = refuse
        self._size = 0
        self._skipped = 0
        self._model: str | None = None
        self._usage: dict[str, Any] | None = None
        self._tier: str | None = None
        self._halves: dict[str, str] = {}

    @property
    def finished(self) -> bool:
        return bool(self.finish_reason)

    def feed(self, event: ServerEvent) -> list[Chunk]:
        """The chunks of one event, mostly one. Raises Broken for what is no JSON, and the error a server reports."""
        name, data = event
        if not data.strip() or name == "ping":
            return []
        if data.startswith("[DONE]"):
            self.over = self.understood = True
            return []
        value = _parse(data)
        if name == "error":
            raise self._refuse(value)
        return self.read(value)

    def read(self, value: object) -> list[Chunk]:
        """The chunks of one JSON object, a chunk of a stream or a whole completion."""
        if value is None:
            raise Broken("The server sent an empty object instead of the reply.")
        if not isinstance(value, dict):
            self._skipped += 1
            return []
        if error := value.get("error"):
            raise self._refuse(error)
        model, usage, choices = value.get("model"), value.get("usage"), value.get("choices")
        if isinstance(model, str) and model:
            self._model = model
        if isinstance(usage, dict):
            self._usage = usage
        if isinstance(tier := value.get("service_tier"), str):
            self._tier = repair(tier)[:64]
        if not isinstance(choices, list):
            self._skipped += usage is None
            return []
        self.understood = True
        chunks: list[Chunk] = []
        for choice in choices:
            if isinstance(choice, dict) and choice.get("index", 0) in (0, None):
                self._choice(choice, chunks)
            elif not isinstance(choice, dict):
                self._skipped += 1
        return chunks

    def _choice(self, choice: dict[str, Any], chunks: list[Chunk]) -> None:
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, dict):
            self._delta(delta, chunks)
        elif delta is not None:
            self._skipped += 1
        if self.full:
            return  # a reply that was cut short is not finished, whatever the server says of it
        reason = choice.get("finish_reason")
        if reason == "error":
            raise self._refuse(choice)
        if isinstance(reason, str) and reason:
            self.finish_reason = reason

    def _delta(self, delta: dict[str, Any], chunks: list[Chunk]) -> None:
        for key, kind in _CONTENT:
            content = delta.get(key)
            if not content:
                continue
            if key == "reasoning" and delta.get("reasoning_content"):
                continue  # the same words twice, under both names
            text = content if isinstance(content, str) else self._joined(content)
            self.alive += 1
            if text and (text := self._whole(key, text)):
                if fitting := self._fitting(text):
                    chunks.append(kind(fitting))
                if self.full:
                    return
        if delta.get("tool_calls"):
            self.alive += 1
            self._skipped += 1

    def _joined(self, content: object) -> str:
        """The text parts of a list of parts; anything else is counted and left out."""
        parts = content if isinstance(content, list) else [content]
        texts: list[str] = []
        for part in parts:
            text = part.get("text") if isinstance(part, dict) and part.get("type", "text") == "text" else None
            if isinstance(text, str):
                texts.append(text)
            else:
                self._skipped += 1
        return "".join(texts)

    def _whole(self, key: str, text: str) -> str:
        """The text, storable; half of a character that was cut in two by the JSON waits for its other half."""
        if text.isascii() and "\x00" not in text and not self._halves:
            return text  # nearly always, and there are thousands of them
        text = self._halves.pop(key, "") + text
        if "\ud800" <= text[-1] <= "\udbff":
            self._halves[key], text = text[-1], text[:-1]
        return repair(text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))

    def _fitting(self, text: str) -> str:
        """As much of the text as the limit leaves room for, in whole characters."""
        room = self._limit - self._size
        size = len(text) if text.isascii() else len(text.encode())
        self._size += size
        if size <= room:
            return text
        self.full = True
        return text.encode()[: max(0, room)].decode(errors="ignore")

    def end(self) -> list[Chunk]:
        """The last chunks, an End at their end; Broken where no finish reason came, NotAStream where nothing came that we know."""
        if self.finish_reason:
            kinds = dict(_CONTENT)
            halves: list[Chunk] = [kinds[key](repair(half)) for key, half in self._halves.items()]
            usage = read_usage(self._usage)
            return [
                *halves,
                End(
                    finish_reason=self.finish_reason,
                    model=self._model,
                    usage=usage,
                    service_tier=self._tier,
                    skipped=self._skipped,
                ),
            ]
        if self.full:
            raise Broken(f"The reply was stopped at {self._limit >> 10:,} KiB, far more than was asked for.")
        if not self.understood:
            raise NotAStream("The server answered with something that is no stream of a reply. Is the base URL right?")
        raise Broken("The reply ended without a finish reason: the connection was cut.")


def _parse(data: str) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise Broken("The server sent something that is not JSON in the middle of the reply.") from None
