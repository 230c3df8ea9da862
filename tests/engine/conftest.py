"""An empty SQLite store in a file, quicker than making one for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.store.store import Store
from tests.template import new_database


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Store]:
    """A store in a data folder of its own."""
    (tmp_path / "data").mkdir(exist_ok=True)
    store = Store.open(f"sqlite:///{new_database(tmp_path / 'data' / 'store.db')}")
    yield store
    store.close()
