"""A home in a folder of its own."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chatbot.home.home import Home


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder; not made."""
    return tmp_path / "data"


@pytest.fixture
def open_home(tmp_path: Path, data: Path) -> Callable[..., Home]:
    """Opens a home whose environment holds these variables and nothing else, in a current folder without .env."""

    def open_(**variables: str) -> Home:
        cwd = tmp_path / "here"
        cwd.mkdir(exist_ok=True)
        folders = {"BYTEBOT_DATA_DIR": str(data), "BYTEBOT_CACHE_DIR": str(tmp_path / "cache")}
        return Home.open({**folders, **variables}, cwd=cwd)

    return open_


@pytest.fixture
def write(data: Path) -> Callable[[str], None]:
    """Writes settings.toml as a person's editor would."""

    def write_(text: str) -> None:
        data.mkdir(exist_ok=True)
        (data / "settings.toml").write_text(text, encoding="utf-8")

    return write_
