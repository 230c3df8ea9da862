"""The model that comes with ByteBot, behind the same protocol as every other."""

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from chatbot.core.settings import EMBEDDED, Connection, Secret
from chatbot.providers.embedded_child import MISSING, Address, Child
from chatbot.providers.embedded_server import CONTEXT, MAX_OUTPUT, NAME
from chatbot.providers.provider import Cancel, Chunk, Model, Provider, Quirks, Request

IDLE_SECONDS = 300.0
"""After which it gives its memory back; it wakes in half a second."""


def embedded_available() -> str | None:
    """None when the offline model can be tried here, else one sentence that says why not. Loads nothing."""
    return None if importlib.util.find_spec("xllamacpp") else MISSING


class Embedded:
    """The offline model as a Provider: one child process for as many streams as you like.

    `weights` gives the model file and may fetch it first; it is called once for each start of the child, in a thread of
    the child's. Make one Embedded for a process. EmbeddedUnavailable is raised when the model cannot run here.
    """

    def __init__(self, weights: Callable[[], Path], quirks: Quirks, *, idle: float = IDLE_SECONDS) -> None:
        self.child = Child(weights, idle=idle)
        self._quirks = _ByName(quirks)
        self._last: tuple[Address, Provider] | None = None

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Chunk]:
        provider = self._provider(self.child.address(cancel))
        asked = request.max_output or MAX_OUTPUT
        yield from provider.stream(replace(request, model=NAME, max_output=min(asked, MAX_OUTPUT)), cancel)

    def models(self) -> list[Model]:
        return [Model(id=NAME, context=CONTEXT)]

    def context(self, model: str) -> int | None:
        return CONTEXT

    def refusals(self, model: str) -> dict[str, str]:
        return {}

    def close(self) -> None:
        """End the child; the next stream starts it again."""
        self.child.close()

    def _provider(self, address: Address) -> Provider:
        last = self._last
        if last is None or last[0] != address:
            from chatbot.providers.chat_completions import ChatCompletions

            connection = Connection(name=EMBEDDED, base_url=address.base_url, model=NAME, context=CONTEXT)
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
