"""The model file itself: hashed once, fetched once."""

import hashlib
from pathlib import Path

import psutil
import pytest

from chatbot.home.weights import FILE, SHA256, SIZE, fetch, present

pytestmark = pytest.mark.embedded


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_the_file_is_hashed_once_and_again_when_it_changed(tmp_path: Path, weights_file: Path) -> None:
    path = tmp_path / FILE
    path.write_bytes(weights_file.read_bytes())
    assert hashlib.sha256(path.read_bytes()).hexdigest() == SHA256
    assert present(tmp_path) == path
    assert len(left_in(tmp_path)) == 2, "the stamp that vouches for it"
    read_before = psutil.Process().io_counters().read_chars if hasattr(psutil.Process(), "io_counters") else 0
    assert present(tmp_path) == path
    if read_before:
        assert psutil.Process().io_counters().read_chars - read_before < SIZE
    with path.open("r+b") as file:
        file.seek(50_000_000)
        file.write(b"\0" * 64)
    assert present(tmp_path) is None


def test_a_file_that_is_there_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch, weights_file: Path) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert fetch(weights_file.parent) == weights_file
