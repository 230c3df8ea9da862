"""Every fault of the fake server, at every point where it can strike, against the provider alone."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from chatbot.core.errors import ProviderError
from chatbot.core.settings import Connection, Secret, Timeouts
from chatbot.providers.chat_completions import ChatCompletions
from chatbot.providers.provider import Cancel, End, ReasoningChunk, RefusalChunk, Request, TextChunk
from tests.fake_openai import FAULTS, FakeOpenAI
from tests.providers.remembering import Remembering

KEY = "sk-canary-0123456789abcdef"
QUICK = Timeouts(connect=1.0, first=1.0, bytes=0.7, deltas=0.9, total=20.0)
CASES = [pytest.param(name, point, id=f"{name}:{point}") for name, fault in FAULTS.items() for point in fault.points]


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@dataclass
class Seen:
    text: str = ""
    reasoning: str = ""
    refused: bool = False
    end: End | None = None
    error: ProviderError | None = None
    attempts: int = 0
    sentences: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        """The reply's end state as the engine would name it."""
        if self.error is not None:
            return "cut" if self.text else "failed"
        assert self.end is not None
        if self.refused:
            return "refused"
        if not self.text:
            return "failed"
        return {"length": "length", "content_filter": "filtered"}.get(self.end.finish_reason, "complete")

    @property
    def kind(self) -> str | None:
        if self.error is not None:
            return type(self.error).__name__
        return None if self.text else "EmptyReply"


def play(provider: ChatCompletions, model: str) -> Seen:
    """One turn: attempts as long as trying again can help, without the waits in between."""
    seen = Seen()
    request = Request(
        messages=[{"role": "user", "content": "Tell me twelve words."}], model=model, max_output=512, temperature=0.5
    )
    while seen.attempts < 4:
        seen.attempts += 1
        seen.error = None
        try:
            for chunk in provider.stream(request, Cancel()):
                match chunk:
                    case ReasoningChunk(text):
                        seen.reasoning += text
                    case TextChunk(text) | RefusalChunk(text):
                        seen.text += text
                        seen.refused |= isinstance(chunk, RefusalChunk)
                    case End():
                        seen.end = chunk
        except ProviderError as error:
            seen.error = error
            seen.sentences.append(str(error))
        learned = type(seen.error).__name__ == "ParameterRefused"
        waits = seen.error is not None and (seen.error.retry_after or 0) <= 20
        if seen.error is None or seen.text or not (learned or (seen.error.may_retry and waits)):
            break
    return seen


@pytest.mark.parametrize(("name", "point"), CASES)
def test_fault(server: FakeOpenAI, name: str, point: str) -> None:
    fault = FAULTS[name]
    right = fault.right[point]  # type: ignore[index]
    model = f"fault:{name}:{point}"
    connection = Connection(name="fake", base_url=server.url(fault.address), timeouts=QUICK)
    provider = ChatCompletions(connection, Secret(f"{KEY}-{name}-{point}"), Remembering())
    began = time.monotonic()
    seen = play(provider, model)
    assert (seen.state, seen.kind) == (right.state, right.kind), seen.sentences
    assert seen.attempts in right.attempts, seen.sentences
    if fault.more:
        assert seen.text.startswith(right.text)
    else:
        assert seen.text == right.text
    assert seen.reasoning == right.reasoning
    requests = server.chats(model)
    assert len(requests) == (0 if fault.address else seen.attempts), "the provider itself asked again"
    assert not any(request.path.startswith("/elsewhere") for request in server.requests)
    for sentence in seen.sentences:
        assert sentence == " ".join(sentence.split()), "one line"
        assert 10 < len(sentence) < 330
        assert "canary" not in sentence
        assert "<" not in sentence
    assert time.monotonic() - began < 40, "a fault ends within its patience"
