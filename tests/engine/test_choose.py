"""Which model a chat begins with where nobody has chosen one."""

from collections.abc import Iterable, Iterator

import pytest

from chatbot.core.errors import ByteBotError
from chatbot.core.settings import Connection
from chatbot.engine.choose import listed_by, own_model
from chatbot.providers.chat_completions import ChatCompletions
from tests.fake_openai import FakeOpenAI
from tests.providers.remembering import Remembering

HERE = "http://localhost:11434/v1"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as running:
        yield running


@pytest.mark.parametrize(
    ("name", "base_url", "model", "listed", "expected"),
    [
        ("mine", HERE, "chosen", ["other"], "chosen"),
        ("mine", HERE, None, ["nomic-embed-text", "llama3.2", "qwen3"], "llama3.2"),
        ("mine", HERE, None, ["nomic-embed-text"], ""),
        ("mine", HERE, None, [], ""),
        # A gateway in front of OpenAI has OpenAI's; a model server has its own.
        ("openai", "http://gateway.local/v1", None, ["gpt-5", "gpt-6-luna"], "gpt-6-luna"),
        ("openai", HERE, None, ["llama3.2"], "llama3.2"),
        ("openai", HERE, None, [], ""),
        # A vendor's cheap one, whatever stands first in its list.
        ("mine", "https://openrouter.ai/api/v1", None, ["dear/one", "openai/gpt-6-luna"], "openai/gpt-6-luna"),
        ("openai", "https://api.deepseek.com/v1", None, [], "deepseek-v4-flash"),
    ],
)
def test_a_connection_that_names_none_takes_one_that_its_server_has(
    name: str, base_url: str, model: str | None, listed: list[str], expected: str
) -> None:
    assert own_model(Connection(name=name, base_url=base_url, model=model), listed) == expected


@pytest.mark.parametrize(("variant", "first"), [("vllm", ("echo", "length:40")), ("no-models", ())])
def test_a_server_says_what_it_has(server: FakeOpenAI, variant: str, first: tuple[str, ...]) -> None:
    assert tuple(asked(server.url(variant)))[:2] == first


def test_why_a_server_does_not_say_is_told(server: FakeOpenAI) -> None:
    with pytest.raises(ByteBotError, match="'mine' asks for a key"):
        asked(server.url("no-key"))
    with pytest.raises(ByteBotError, match="Nothing answers at"):
        asked("http://127.0.0.1:9/v1")


def asked(base_url: str) -> Iterable[str]:
    connection = Connection(name="mine", base_url=base_url)
    return listed_by(lambda name: ChatCompletions(connection, None, Remembering()))("mine")
