"""What a server says about its models, and what is publicly known."""

import re
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import openai
import pytest

from chatbot.core.errors import ConnectFailed, KeyRefused, ModelUnknown, NotAStream
from chatbot.core.settings import Connection
from chatbot.providers.chat_completions import ChatCompletions
from chatbot.providers.models import read_models
from chatbot.providers.provider import Cancel, Request
from chatbot.providers.rates import known_context
from chatbot.providers.shutdowns import announced
from tests.fake_models import CONTEXT
from tests.fake_openai import FakeOpenAI
from tests.providers.remembering import Remembering


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


def provider(base_url: str) -> ChatCompletions:
    return ChatCompletions(Connection(name="fake", base_url=base_url), None, Remembering())


def test_models_are_sorted_and_tell_their_context(server: FakeOpenAI) -> None:
    models = provider(server.base_url).models()
    assert [model.id for model in models] == sorted(model.id for model in models)
    assert {model.context for model in models} == {CONTEXT}


@pytest.mark.parametrize("variant", ["vllm", "openrouter", "llama", "mistral", "lmstudio"])
def test_every_kind_of_server_is_understood(server: FakeOpenAI, variant: str) -> None:
    one = provider(server.url(variant))
    assert one.context("echo") == CONTEXT
    assert one.context("silent") == CONTEXT
    assert len(server.requests) == 1, "asked once"


@pytest.mark.parametrize("variant", ["plain", "no-models", "no-key", "html-models"])
def test_a_server_that_does_not_say_is_not_asked_again_at_once(server: FakeOpenAI, variant: str) -> None:
    one = provider(server.url(variant))
    assert one.context("echo") is None
    assert one.context("echo") is None
    assert one.context("silent") is None
    assert len(server.requests) == 1


def test_a_server_that_takes_its_time_is_not_waited_for(server: FakeOpenAI) -> None:
    provider(server.base_url).models()  # what is loaded at first use is loaded
    began = time.monotonic()
    assert provider(server.url("slow-models")).context("echo") is None
    assert time.monotonic() - began < 4


def test_no_list_is_an_error_with_a_sentence(server: FakeOpenAI) -> None:
    with pytest.raises(ModelUnknown):
        provider(server.url("no-models")).models()
    with pytest.raises(KeyRefused, match="asks for a key"):
        provider(server.url("no-key")).models()
    with pytest.raises(NotAStream):
        provider(server.url("html-models")).models()
    with pytest.raises(ConnectFailed, match=r"Nothing answers at http://127\.0\.0\.1:"):
        provider(server.url("refused")).models()


@pytest.mark.parametrize(
    "base_url", ["", "localhost:11434/v1", "ftp://x/v1", "http://", "http://[::1/v1", "http://a b/v1"]
)
def test_what_is_no_address_is_said_to_be_none(base_url: str) -> None:
    with pytest.raises(ConnectFailed) as caught:
        provider(base_url).models()
    assert caught.value.may_retry is False
    assert provider(base_url).context("gpt-6-luna") is None
    assert provider(base_url).refusals("gpt-6-luna") == {}
    with pytest.raises(ConnectFailed):
        list(provider(base_url).stream(Request(messages=[], model="echo"), Cancel()))


def test_odd_entries_are_left_out() -> None:
    entries = [{"id": "b"}, {"id": 7}, "x", {}, {"id": "a", "context_length": "many"}, {"id": "a", "max_model_len": 0}]
    assert [(model.id, model.context) for model in read_models({"data": entries})] == [("a", None), ("b", None)]
    assert [model.id for model in read_models(entries)] == ["a", "b"]
    for wrong in (None, {}, {"data": None}, "x"):
        with pytest.raises(NotAStream):
            read_models(wrong)


def test_what_is_publicly_known_goes_by_the_address() -> None:
    assert known_context("https://api.openai.com/v1", "gpt-6-luna") == 1_050_000
    assert known_context("https://api.openai.com/v1", "no-such-model") is None
    assert known_context("http://localhost:11434/v1", "gpt-6-luna") is None
    assert known_context("https://models.example/v1", "gpt-6-luna") is None


def test_a_server_may_say_when_its_models_end(server: FakeOpenAI) -> None:
    ends = {model.id: model.shutdown for model in provider(server.url("ending")).models()}
    assert ends.pop("words:200@50") == date(2999, 12, 31)
    assert ends.pop("echo") == date(2001, 1, 1)
    assert set(ends.values()) == {None}


def test_what_openai_has_announced_is_as_its_package_says() -> None:
    """Its types name the models that end; a new version of it may name more."""
    types = Path(openai.__file__).parent / "types"
    wanted: dict[str, str] = {}
    for file in ("shared/chat_model.py", "beta/beta_responses_client_event.py"):
        text = (types / file).read_text()
        found = re.findall(r'- ((?:"[^"]+",?\s*)+):\s+Announced\s+shutdown\s+date:\s+(\d{4}-\d\d-\d\d)', text)
        assert found, f"{file} names none any more"
        wanted |= {name: day for names, day in found for name in re.findall(r'"([^"]+)"', names)}
    assert {name: str(announced("https://api.openai.com/v1", name)) for name in wanted} == wanted
    assert announced("https://eu.api.openai.com/v1", "GPT-4o") == date(2027, 1, 14)
    for elsewhere in ("https://notapi.openai.com/v1", "http://localhost:11434/v1", "", "http://[::1"):
        assert announced(elsewhere, "gpt-4o") is None
    assert announced("https://api.openai.com/v1", "gpt-6-luna") is None
