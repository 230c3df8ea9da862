"""An empty SQLite store in a file, quicker than making one for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.store.store import Store


@pytest.fixture
def on_disk(tmp_path: Path, migrated: Path) -> Iterator[Store]:
    """A store in a data folder of its own."""
    (tmp_path / "data").mkdir(exist_ok=True)
    store = Store.open(f"sqlite:///{shutil.copy(migrated, tmp_path / 'data' / 'store.db')}")
    yield store
    store.close()
