"""A house of its own for each test, with the fake server behind the connection `openai`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fake_openai import FakeOpenAI
from tests.terminal.house import House


@pytest.fixture(scope="module")
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI() as server:
        yield server


@pytest.fixture
def house(tmp_path: Path, server: FakeOpenAI) -> House:
    server.forget()
    return House(tmp_path, server)
