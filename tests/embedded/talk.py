"""Asking a provider, for the tests of the offline model."""

import time
from collections.abc import Sequence
from typing import Any

from chatbot.core.messages import WireMessage
from chatbot.providers.provider import Cancel, Chunk, End, Provider, Request, TextChunk

ENDLESS = "Count from one to one thousand. Write every number."


def request(*turns: str, system: str = "", **options: Any) -> Request:
    """User and assistant in turn, the user first."""
    roles: Sequence[Any] = ("user", "assistant")
    messages: list[WireMessage] = [{"role": roles[at % 2], "content": text} for at, text in enumerate(turns)]
    if system:
        messages.insert(0, {"role": "system", "content": system})
    return Request(messages=messages, model="", **options)


def ask(provider: Provider, *turns: str, cancel: Cancel | None = None, **options: Any) -> list[Chunk]:
    return list(provider.stream(request(*turns, **options), cancel or Cancel()))


def text_of(chunks: Sequence[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, TextChunk))


def end_of(chunks: Sequence[Chunk]) -> End:
    assert isinstance(chunks[-1], End)
    return chunks[-1]


def gone(pid: int, *, within: float) -> bool:
    """Is the process away, or ends it in time?"""
    import psutil

    limit = time.monotonic() + within
    while time.monotonic() < limit:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False
