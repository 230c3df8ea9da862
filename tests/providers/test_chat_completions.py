"""A provider against the fake server, when nothing is wrong."""

from collections.abc import Iterator

import pytest

from chatbot.core.settings import Connection, Secret
from chatbot.providers.chat_completions import ChatCompletions
from chatbot.providers.provider import Cancel, Chunk, End, ReasoningChunk, Request, TextChunk
from tests.fake_openai import FakeOpenAI, words_text
from tests.providers.remembering import Remembering


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def provider(server: FakeOpenAI) -> ChatCompletions:
    return ChatCompletions(Connection(name="fake", base_url=server.base_url), Secret("sk-test"), Remembering())


def ask(provider: ChatCompletions, model: str, text: str = "Hello there", **options: float) -> list[Chunk]:
    request = Request(messages=[{"role": "user", "content": text}], model=model, **options)  # type: ignore[arg-type]
    return list(provider.stream(request, Cancel()))


def text_of(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks if isinstance(chunk, TextChunk))


def end_of(chunks: list[Chunk]) -> End:
    assert isinstance(chunks[-1], End)
    return chunks[-1]


def test_the_words_of_a_reply_and_its_end(provider: ChatCompletions, server: FakeOpenAI) -> None:
    chunks = ask(provider, "echo", "one two\nthree  ")
    assert text_of(chunks) == "one two\nthree  "
    end = end_of(chunks)
    assert (end.finish_reason, end.model, end.skipped) == ("stop", "echo", 0)
    assert end.usage is not None
    assert end.usage.output_tokens == 4
    assert len(server.chats()) == 1


def test_many_tokens_arrive_whole(provider: ChatCompletions) -> None:
    assert text_of(ask(provider, "words:3000")) == words_text(3000)


def test_reasoning_is_told_apart(provider: ChatCompletions) -> None:
    for model in ("reasoning", "reasoning:reasoning"):
        chunks = ask(provider, model)
        assert "".join(c.text for c in chunks if isinstance(c, ReasoningChunk)) == "Let me think about this."
        assert text_of(chunks) == "The answer is forty-two."


def test_a_limit_ends_with_length(provider: ChatCompletions) -> None:
    assert end_of(ask(provider, "length:7")).finish_reason == "length"
