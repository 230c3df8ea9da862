"""A provider that does as it is told: the one fake below the engine. The other one is a real HTTP server."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from chatbot.core.errors import ProviderError
from chatbot.core.money import Usage
from chatbot.core.settings import Connection
from chatbot.engine.outside import Outside
from chatbot.providers.provider import Cancel, Chunk, End, Model, Request, Stopped, TextChunk

USAGE = Usage(input_tokens=11, output_tokens=3, raw={"prompt_tokens": 11, "completion_tokens": 3})


@dataclass
class Gate:
    """A step that waits until the test opens it, or until the turn is stopped."""

    opened: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)


Step = Chunk | ProviderError | Gate | Exception
Script = list[Step]


def text(*words: str, finish: str = "stop", usage: Usage | None = USAGE) -> Script:
    return [*(TextChunk(word) for word in words), End(finish_reason=finish, model="m-1", usage=usage)]


class Scripted:
    """Plays one script per call, the last one again and again; remembers what it was asked."""

    prefills = False

    def __init__(self, *scripts: Script | Callable[[Request], Script], context: int | None = None) -> None:
        self.scripts = list(scripts)
        self.requests: list[Request] = []
        self.size = context
        self._lock = threading.Lock()

    def stream(self, request: Request, cancel: Cancel) -> Iterator[Chunk]:
        with self._lock:
            self.requests.append(request)
            script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        for step in script(request) if callable(script) else script:
            if cancel.is_set():
                raise Stopped
            if isinstance(step, Gate):
                step.reached.set()
                while not step.opened.wait(0.01):
                    if cancel.is_set():
                        raise Stopped
            elif isinstance(step, Exception):
                raise step
            else:
                yield step

    def models(self, cancel: Cancel | None = None) -> list[Model]:
        return [Model(id="m")]

    def context(self, model: str) -> int | None:
        return self.size

    def refusals(self, model: str) -> dict[str, str]:
        return {}

    def outside(self, **more: object) -> Outside:
        """The world with this provider behind every connection."""
        return Outside(
            connection=lambda name: Connection(name=name, base_url="http://127.0.0.1:9/v1"),
            provider=lambda name: self,
            **more,  # type: ignore[arg-type]
        )
