"""A secret header reaches its server, and no other place."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from chatbot.core.settings import Connection
from chatbot.engine.actions import Say
from chatbot.engine.open import open_engine
from chatbot.home.home import Home
from tests.fake_openai import FakeOpenAI


def test_a_stored_header_and_key_are_sent(open_home: Callable[..., Home], data: Path) -> None:
    home = open_home()
    with FakeOpenAI() as server, closing(open_engine(home)) as engine:
        home.save_connection(
            Connection(
                name="work",
                base_url=server.base_url,
                model="echo",
                headers={"X-Api-Key": "sk-canary-h", "X-Title": "t"},
            )
        )
        home.set_key("work", "sk-canary-k")
        reply = engine.ask(None, Say("Hello"), options=home.default_options())
    sent = {name.lower(): text for name, text in server.requests[-1].headers.items()}
    assert (sent["x-api-key"], sent["x-title"], sent["authorization"]) == ("sk-canary-h", "t", "Bearer sk-canary-k")
    assert reply.state == "complete"
    assert sorted(path.name for path in data.iterdir() if b"sk-canary" in path.read_bytes()) == ["keys.toml"]
