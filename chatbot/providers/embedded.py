"""The model that comes with ByteBot, behind the same protocol as every other."""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from chatbot.core.errors import ProviderError
from chatbot.core.settings import EMBEDDED, EMBEDDED_MODEL, Connection, Secret
from chatbot.providers.chat_completions import ChatCompletions
from chatbot.providers.embedded_child import CHILD, MISSING, Address, Child
from chatbot.providers.embedded_server import CONTEXT, MAX_OUTPUT
from chatbot.providers.provider import Cancel, Chunk, Model, Provider, Quirks, Request


def embedded_available() -> str | None:
    """None when the offline model can be tried here, else one sentence that says why not. Loads nothing."""
    return None if importlib.util.find_spec("xllamacpp") else MISSING


def within_reason(request: Request) -> Request:
    """The request as this model can bear it: its own name, and an end before it goes in circles for minutes.

    >>> within_reason(Request(messages=[], model="", max_output=4096)).max_output
    1024
    >>> within_reason(Request(messages=[], model="", max_output=5)).max_output
    5
    """
    most = MAX_OUTPUT if request.max_output is None else min(request.max_output, MAX_OUTPUT)
    return replace(request, model=EMBEDDED_MODEL, max_output=most)


class Embedded:
    """The offline model as a Provider: one child process for all of this process, and as many streams as you like.

    `weights` gives the model file and may fetch it first; it is called in a thread of its own when the child starts.
    `stream` raises EmbeddedUnavailable when the model cannot run here.
    """

    prefills = True  # llama.cpp's server does; asked in words, so small a model begins anew

    def __init__(self, weights: Callable[[], Path], quirks: Quirks, *, child: Child = CHILD) -> None:
        self.child = child
        self._weights = weights
        self._quirks = _ByName(quirks)
        self._last: tuple[Address, Provider] | None = None

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Chunk]:
        asked = within_reason(request)
        try:
            chunks = self._begin(asked, cancel)
            first = next(chunks)
        except ProviderError:
            # The port of a killed child stays open for a moment. Asking once more bills nobody.
            if not self.child.died(within=0.5):
                raise
            chunks = self._begin(asked, cancel)
            first = next(chunks)
        yield first
        yield from chunks

    def _begin(self, request: Request, cancel: Cancel) -> Iterator[Chunk]:
        return self._provider(self.child.address(self._weights, cancel)).stream(request, cancel)

    def models(self, cancel: Cancel | None = None) -> list[Model]:
        return [Model(id=EMBEDDED_MODEL, context=CONTEXT)]

    def context(self, model: str) -> int | None:
        return CONTEXT

    def refusals(self, model: str) -> dict[str, str]:
        return {}

    def _provider(self, address: Address) -> Provider:
        last = self._last
        if last is None or last[0] != address:
            connection = Connection(name=EMBEDDED, base_url=address.base_url, model=EMBEDDED_MODEL, context=CONTEXT)
            last = self._last = (address, ChatCompletions(connection, Secret(address.api_key), self._quirks))
        return last[1]


class _ByName:
    """Quirks under a name that lasts: the child's port is another one each time."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks

    def known(self, base_url: str, model: str) -> dict[str, str | None]:
        return self._quirks.known(EMBEDDED, model)

    def learn(self, base_url: str, model: str, parameter: str, instead: str | None) -> None:
        self._quirks.learn(EMBEDDED, model, parameter, instead)
