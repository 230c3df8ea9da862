"""A SQLite database with tables and no row, made once: to copy it is quicker than to migrate again.

What a first start does, the tests of first starts see: they make no copy.
"""

import tempfile
from functools import cache
from pathlib import Path

from chatbot.store.store import Store


def new_database(path: Path) -> Path:
    """A copy at `path`, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_template())
    return path


@cache
def _template() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        Store.open(f"sqlite:///{path}").close()
        return path.read_bytes()
