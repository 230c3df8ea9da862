"""The offline model's process: shared, restarted, gone with its parent, and plain about why it cannot run."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from chatbot.core.errors import EmbeddedUnavailable, ProviderError
from chatbot.providers.embedded import Embedded
from chatbot.providers.embedded_child import STARTS_PER_MINUTE, Child
from chatbot.providers.provider import Cancel, Stopped, TextChunk
from tests.embedded.talk import ENDLESS, ask, gone, request, text_of

pytestmark = pytest.mark.embedded

PARENT = """
import json, os, signal, sys
from pathlib import Path
from chatbot.providers.embedded import Embedded
from chatbot.providers.provider import Cancel, Request, TextChunk
from tests.providers.remembering import Remembering

interrupted = False
def note(*_):
    global interrupted
    interrupted = True
if sys.argv[2] == "keep":
    signal.signal(signal.SIGINT, note)
model = Embedded(lambda: Path(sys.argv[1]), Remembering())
after = 0
said = False
asked = Request(messages=[{"role": "user", "content": "Count from one to one thousand."}], model="", max_output=300)
while not after:
    for chunk in model.stream(asked, Cancel()):
        if not said:
            said = True
            print(json.dumps(model.child.pid), flush=True)
        if interrupted and isinstance(chunk, TextChunk):
            after += 1
print(json.dumps(after), flush=True)
"""


@pytest.fixture
def parent(weights_file: Path) -> Iterator[Callable[[str], tuple["subprocess.Popen[str]", int]]]:
    """Starts a process that reads replies for ever; gives it and its child's id once the first words came."""
    started: list[subprocess.Popen[str]] = []

    def start(how: str) -> tuple["subprocess.Popen[str]", int]:
        process = subprocess.Popen(
            [sys.executable, "-c", PARENT, str(weights_file), how],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        started.append(process)
        assert process.stdout
        return process, int(json.loads(process.stdout.readline()))

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_many_at_once_share_one_child(model: Embedded) -> None:
    pids: list[int | None] = []

    def one() -> None:
        ask(model, "Hi", max_output=3)
        pids.append(model.child.pid)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(pids) == 4
    assert len(set(pids)) == 1


def test_a_killed_child_is_started_again(model: Embedded) -> None:
    assert text_of(ask(model, "Hi", max_output=5))
    first = model.child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert text_of(ask(model, "Hi", max_output=5))
    assert model.child.pid not in (None, first)


def test_a_child_killed_in_mid_reply_breaks_that_reply_alone(model: Embedded) -> None:
    stream = model.stream(request(ENDLESS), Cancel())
    assert isinstance(next(stream), TextChunk)
    assert model.child.pid is not None
    os.kill(model.child.pid, signal.SIGKILL)
    with pytest.raises(ProviderError):
        list(stream)
    assert text_of(ask(model, "Hi", max_output=5))


def test_a_child_that_keeps_dying_is_not_started_for_ever(model: Embedded) -> None:
    for _ in range(STARTS_PER_MINUTE):
        ask(model, "Hi", max_output=1)
        assert model.child.pid is not None
        os.kill(model.child.pid, signal.SIGKILL)
        assert model.child.died(within=5)
    with pytest.raises(EmbeddedUnavailable, match=r"within a minute.*Try again in \d+ seconds"):
        ask(model, "Hi")


@pytest.mark.parametrize("how", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_the_child_goes_with_its_parent(parent: Callable[[str], tuple["subprocess.Popen[str]", int]], how: str) -> None:
    process, child = parent("go")
    os.kill(process.pid, getattr(signal, how))
    assert gone(process.pid, within=5)
    assert gone(child, within=5)


def test_ctrl_c_leaves_the_child_to_its_parent(parent: Callable[[str], tuple["subprocess.Popen[str]", int]]) -> None:
    process, child = parent("keep")
    # What a terminal does: the whole group. The child gets one of its own as well, to be sure.
    os.killpg(process.pid, signal.SIGINT)
    os.kill(child, signal.SIGINT)
    out, complaints = process.communicate(timeout=60)
    assert json.loads(out) > 5, "words came after the interrupt"
    assert complaints == ""
    assert gone(child, within=5)


def test_the_key_is_in_no_command_line_and_is_asked_for(model: Embedded, weights: Callable[[], Path]) -> None:
    import urllib.error
    import urllib.request

    address = model.child.address(weights, Cancel())
    process = psutil.Process(model.child.pid)
    assert address.api_key not in " ".join(process.cmdline())
    assert address.api_key not in " ".join(process.environ().values())
    assert address.api_key not in repr(address)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{address.base_url}/chat/completions", data=b"{}", timeout=5)
    assert refused.value.code == 401
    assert {connection.laddr.ip for connection in process.net_connections()} == {"127.0.0.1"}


def test_stop_while_it_starts() -> None:
    ready = threading.Event()

    def slow() -> Path:
        ready.wait(30)
        raise EmbeddedUnavailable("over")

    cancel = Cancel()
    threading.Timer(0.3, cancel.set).start()
    asked = time.monotonic()
    with pytest.raises(Stopped):
        Child().address(slow, cancel)
    ready.set()
    assert time.monotonic() - asked < 1.3


def test_what_fetching_says_is_passed_on_to_everybody_who_waits() -> None:
    def nothing() -> Path:
        time.sleep(0.3)
        raise EmbeddedUnavailable("No index can be reached.")

    child = Child()
    heard: list[str] = []

    def wait() -> None:
        try:
            child.address(nothing, Cancel())
        except EmbeddedUnavailable as error:
            heard.append(str(error))

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert heard == ["No index can be reached."] * 3


# What a library that fails does; a module of its name, found first by the child.
BROKEN = {
    "missing": ("raise ModuleNotFoundError('No module named xllamacpp')", "needs the package xllamacpp"),
    "libgomp": (
        "raise ImportError('libgomp.so.1: cannot open shared object file: No such file or directory')",
        "apt-get install libgomp1",
    ),
    "library": ("raise ImportError('GLIBC_2.99 not found')", "GLIBC_2.99"),
    "old processor": ("import os, signal; os.kill(os.getpid(), signal.SIGILL)", "processor is too old"),
    "killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "memory"),
    "leaves": ("import os; os._exit(3)", "exit code 3"),
    "slow": ("import time; time.sleep(60)", "within 2 seconds"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_why_it_cannot_run_is_one_plain_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    source, expected = BROKEN[how]
    (tmp_path / "xllamacpp.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    child = Child(patience=2)
    with pytest.raises(EmbeddedUnavailable, match=expected) as raised:
        child.address(lambda: tmp_path / "model.gguf", Cancel())
    assert "Add a key" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert child.pid is None


@pytest.mark.parametrize(
    "garbage", [b"Hello!\n", b"[]\n", b"null\n", b"\xff\xfe{\n", b'{"base_url": 1}\n', b"x" * 100_000]
)
def test_a_child_that_speaks_nonsense(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, garbage: bytes) -> None:
    # Python runs this one before anything else.
    (tmp_path / "sitecustomize.py").write_text(f"import os\nos.write(1, {garbage!r})\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(EmbeddedUnavailable):
        Child(patience=5).address(lambda: tmp_path / "model.gguf", Cancel())


def test_a_file_that_is_no_model(tmp_path: Path, child: Child, weights_file: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF nonsense")
    with pytest.raises(EmbeddedUnavailable, match="could not be started"):
        child.address(lambda: tmp_path / "model.gguf", Cancel())
    assert child.address(lambda: weights_file, Cancel()).base_url.startswith("http://127.0.0.1:")
