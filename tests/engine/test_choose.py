"""Which model a chat begins with where nobody has chosen one."""

import pytest

from chatbot.core.settings import Connection
from chatbot.engine.choose import own_model

HERE = "http://localhost:11434/v1"


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
