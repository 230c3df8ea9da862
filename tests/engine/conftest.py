"""An empty SQLite store in a file, quicker than making one for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatbot.store.store import Store


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without a row."""
    path = tmp_path_factory.mktemp("migrated") / "store.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def on_disk(tmp_path: Path, migrated: Path) -> Iterator[Store]:
    """A store in a data folder of its own."""
    (tmp_path / "data").mkdir(exist_ok=True)
    store = Store.open(f"sqlite:///{shutil.copy(migrated, tmp_path / 'data' / 'store.db')}")
    yield store
    store.close()
