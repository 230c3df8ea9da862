"""The launcher as real processes: it serves, knows itself, steps aside for others, and goes on without the model."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatbot.__main__ import main
from chatbot.terminal.serve import is_free, running, started_by_hand

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    """One whose neighbours are likely free too."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port if is_free(port) and is_free(port + 1) else free_port()


class Served:
    """A launcher that was started; its lines as they come."""

    def __init__(self, folder: Path, port: int) -> None:
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "OPENAI"))
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "chatbot", "serve", "--port", str(port)],
            cwd=folder,
            env={
                **environment,
                "PYTHONPATH": str(ROOT),
                "BYTEBOT_DATA_DIR": str(folder / "data"),
                "BYTEBOT_CACHE_DIR": str(folder / "cache"),
                # No index: the model cannot come, and the app has to start all the same.
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout:
            self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def wait_until_it_answers(self, port: int) -> None:
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            assert self.process.poll() is None, self.said
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
                    assert answer.read() == b"ok"
                    return
            except OSError:
                time.sleep(0.1)
        pytest.fail(f"it never answered: {self.said}")

    def end(self) -> int:
        code = self.process.wait(30)
        self._reader.join(10)
        return code


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[int], Served]]:
    started: list[Served] = []

    def begin(port: int) -> Served:
        started.append(Served(tmp_path, port))
        return started[-1]

    yield begin
    for served in started:
        served.process.kill()
        served.end()


def test_it_serves_without_the_model_and_a_second_start_says_where(
    start: Callable[[int], Served], tmp_path: Path
) -> None:
    port = free_port()
    first = start(port)
    first.wait_until_it_answers(port)
    assert "could not be downloaded" in first.said
    assert f"ByteBot is at http://127.0.0.1:{port} " in first.said
    second = start(port)
    assert second.end() == 0
    assert second.said == f"ByteBot is running already: http://127.0.0.1:{port}\n"
    # The launcher has become the server: a signal to it is a signal to the server.
    first.process.send_signal(signal.SIGTERM)
    first.end()
    assert is_free(port)
    assert running(tmp_path / "data") is None


def test_a_port_that_someone_else_has_is_left_to_them(start: Callable[[int], Served]) -> None:
    port = free_port()
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        served = start(port)
        served.wait_until_it_answers(port + 1)
    assert f"Port {port} is taken by another program; the next free one is {port + 1}" in served.said


def test_pages_that_were_started_by_hand_are_known_too(start: Callable[[int], Served], tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    by_hand = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, env={**os.environ, "BYTEBOT_DATA_DIR": str(tmp_path / "data")}
    )
    try:
        limit = time.monotonic() + 60
        while is_free(port):
            assert time.monotonic() < limit
            time.sleep(0.1)
        launcher = start(port)
        assert launcher.end() == 0
        assert launcher.said == f"ByteBot is running already: http://127.0.0.1:{port}\n"
        assert not started_by_hand(ROOT / "app.py", tmp_path / "another history", port)
    finally:
        by_hand.kill()
        by_hand.wait()


@pytest.mark.parametrize("noted", ["", "[]", '{"pid": "x"}', "own number, other start", "no such process"])
def test_a_note_of_a_process_that_is_no_more_is_not_believed(tmp_path: Path, noted: str) -> None:
    text = {
        "own number, other start": json.dumps({"pid": os.getpid(), "started": 1.0, "port": 8501}),
        "no such process": json.dumps({"pid": 2**22 + 1, "started": 1.0, "port": 8501}),
    }.get(noted, noted)
    (tmp_path / "server.json").write_text(text)
    assert running(tmp_path) is None


def test_a_port_is_free_or_not() -> None:
    with socket.socket() as other:
        other.bind(("0.0.0.0", 0))
        other.listen()
        port = other.getsockname()[1]
        assert not is_free(port)
    assert is_free(port)


@pytest.mark.parametrize("port", ["0", "-1", "65536", "99999", "abc"])
def test_what_is_no_port_is_named(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", f"--port={port}"]) == 2
    assert f"{port!r} is no port; it must be a number from 1 to 65535" in capsys.readouterr().err
