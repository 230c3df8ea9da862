"""The servers that are measured, each a child process on loopback, ended by its pid."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parent.parent
READY = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Server:
    """A running child. CPU in seconds since its start, memory in MB, both of the process and its children."""

    url: str
    process: psutil.Process

    @property
    def cpu(self) -> float:
        return sum(sum(process.cpu_times()[:2]) for process in self._all())

    @property
    def memory(self) -> float:
        return sum(process.memory_info().rss for process in self._all()) / 1e6

    def rest(self) -> None:
        """Wait until it has nothing to do: what it loads in the background after its start is not what is measured."""
        for _ in range(60):
            before = self.cpu
            time.sleep(0.5)
            if self.cpu - before < 0.03:
                return

    def _all(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def child(command: list[str], url: str, *, cwd: Path, environment: Mapping[str, str]) -> Iterator[Server]:
    """Start it, wait until it answers, and end it."""
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, url)
        yield Server(url, psutil.Process(process.pid))
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    until = time.monotonic() + READY
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{url} ended with {process.returncode} before it answered")
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=1):
            return
        time.sleep(0.05)
    raise TimeoutError(f"{url} did not answer within {READY:.0f} s")


@contextlib.contextmanager
def fake_openai() -> Iterator[str]:
    """The fake server in a process of its own, so that its CPU is nobody else's; gives its base URL."""
    port = free_port()
    command = [sys.executable, "-m", "tests.fake_openai", "--port", str(port)]
    with child(command, f"http://127.0.0.1:{port}/v1/models", cwd=ROOT, environment={}):
        yield f"http://127.0.0.1:{port}/v1"


def floor(base_url: str, model: str) -> contextlib.AbstractContextManager[Server]:
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "benchmarks.floor:app", "--port", str(port), "--log-level", "error"]
    return child(command, f"http://127.0.0.1:{port}/", cwd=ROOT, environment=_talks_to(base_url, model))


def tutorial(base_url: str, model: str, cwd: Path, *, messages: int = 0) -> contextlib.AbstractContextManager[Server]:
    """The tutorial's app, in a folder of its own so that it runs with Streamlit's own settings."""
    environment = {**_talks_to(base_url, model), "BENCH_MESSAGES": str(messages)}
    return _streamlit(ROOT / "benchmarks" / "tutorial_app.py", cwd, environment)


def ours(base_url: str, model: str, data: Path) -> contextlib.AbstractContextManager[Server]:
    """ByteBot as it comes, but for titles: asking a model for a name is a second reply, and the others make one."""
    data.mkdir(parents=True, exist_ok=True)
    (data / "settings.toml").write_text("[chat]\ntitles_by_model = false\n", encoding="utf-8")
    return _streamlit(ROOT / "app.py", ROOT, {**_talks_to(base_url, model), "BYTEBOT_DATA_DIR": str(data)})


def _streamlit(script: Path, cwd: Path, environment: Mapping[str, str]) -> contextlib.AbstractContextManager[Server]:
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true"]
    command += [f"--server.port={port}", "--server.address=127.0.0.1", "--browser.gatherUsageStats=false"]
    return child(command, f"http://127.0.0.1:{port}/_stcore/health", cwd=cwd, environment=environment)


def _talks_to(base_url: str, model: str) -> dict[str, str]:
    return {
        "OPENAI_BASE_URL": base_url,
        "OPENAI_API_KEY": "sk-bench",
        "BENCH_MODEL": model,
        "BYTEBOT_MODEL": model,
        "BYTEBOT_CONNECTION": "openai",
    }
