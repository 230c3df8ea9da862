"""The offline model's process seen from ours: started at first need, started again when it died, gone with us."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from chatbot.core.errors import EmbeddedUnavailable
from chatbot.core.settings import EMBEDDED_MODEL
from chatbot.providers.provider import Cancel, Stopped

SERVER = Path(__file__).with_name("embedded_server.py")
STARTS_PER_MINUTE = 5

MISSING = "The offline model needs the package xllamacpp (`pip install -r requirements-local.txt`)."
_WINDOWS_ILLEGAL = 0xC000001D
_WAY_OUT = "Add a key in the settings to use another model."


@dataclass(frozen=True, slots=True)
class Address:
    """Where the child listens, until it ends."""

    base_url: str
    api_key: str = field(repr=False)


class Child:
    """One process for everybody in ours; it starts when someone asks for its address. Safe to use from several threads.

    `idle`: seconds without a request after which it gives its memory back; it wakes in half a second.
    `patience`: seconds for reading 98 MB from a slow disk on a busy machine; a quiet one takes 0.6.
    """

    def __init__(self, *, idle: float = 300.0, patience: float = 60.0) -> None:
        self._idle = idle
        self._patience = patience
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._address: Future[Address] | None = None
        self._starts: deque[float] = deque(maxlen=STARTS_PER_MINUTE)

    @property
    def pid(self) -> int | None:
        """Of the living child; None while there is none."""
        with self._lock:
            return self._process.pid if self._process and self._process.poll() is None else None

    def address(self, weights: Callable[[], Path], cancel: Cancel) -> Address:
        """Where it listens; starts it on the file that `weights` gives when it does not run.

        `weights` may take minutes to fetch it: the cancel ends the wait, and the start goes on for whoever asks next.
        Raises EmbeddedUnavailable with the way out, `Stopped` at the cancel.
        """
        wanted = self._wanted(weights)
        woken = threading.Event()
        wanted.add_done_callback(lambda _: woken.set())
        with cancel.calling(woken.set):
            woken.wait()
        if cancel.is_set():
            raise Stopped
        return wanted.result()

    def died(self, *, within: float) -> bool:
        """Is it gone, or is it ending just now? Waits so many seconds for a child that lives."""
        with self._lock:
            process = self._process
        if process is None:
            return True
        with suppress(subprocess.TimeoutExpired):
            process.wait(within)
        return process.poll() is not None

    def close(self) -> None:
        """End the child; the next request starts it again."""
        with self._lock:
            process, self._process, self._address = self._process, None, None
        if process:
            end(process)

    def _wanted(self, weights: Callable[[], Path]) -> "Future[Address]":
        with self._lock:
            if self._address and (not self._address.done() or self._alive()):
                return self._address
            self._check_starts()
            self._address = Future()
            threading.Thread(
                target=self._start, args=(weights, self._address), name="offline model", daemon=True
            ).start()
            return self._address

    def _alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _check_starts(self) -> None:
        now = time.monotonic()
        if len(self._starts) == STARTS_PER_MINUTE and now - self._starts[0] < 60:
            seconds = 60 - int(now - self._starts[0])
            raise EmbeddedUnavailable(
                f"The offline model ended {STARTS_PER_MINUTE} times within a minute and rests now. "
                f"Try again in {seconds} seconds. {_WAY_OUT}"
            )

    def _start(self, weights: Callable[[], Path], address: "Future[Address]") -> None:
        """In a thread of its own: loading, and fetching the file before it, may outlast the one who asked."""
        try:
            process, found = launch(weights(), self._idle, self._patience)
        except BaseException as error:  # noqa: BLE001 the thread ends here; it is raised where the address is awaited
            address.set_exception(error)
            return
        with self._lock:
            closed = self._address is not address
            if not closed:
                self._process = process
                self._starts.append(time.monotonic())
        if closed:
            end(process)
            address.set_exception(EmbeddedUnavailable("The offline model was closed while it started. Send it again."))
        else:
            address.set_result(found)


CHILD = Child()
"""The one of this process, for all engines and sessions in it."""


def launch(weights: Path, idle: float, seconds: float) -> tuple["subprocess.Popen[bytes]", Address]:
    """A child that answers, and where. Raises EmbeddedUnavailable when that takes longer than `seconds`."""
    try:
        process = subprocess.Popen(
            # -P: the folder that the file stands in is no place to import from.
            [sys.executable, "-P", str(SERVER), str(weights), EMBEDDED_MODEL, str(idle)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            # Out of the terminal's process group: its Ctrl-C is ours to answer.
            start_new_session=True,
        )
    except OSError as error:
        raise EmbeddedUnavailable(f"The offline model could not be started ({error.strerror}). {_WAY_OUT}") from None
    assert process.stdout
    late = threading.Timer(seconds, process.kill)
    late.start()
    with process.stdout:
        line = process.stdout.readline(65_536)
    in_time = late.is_alive()
    late.cancel()
    said = _read(line)
    if "base_url" in said and "api_key" in said:
        return process, Address(said["base_url"], said["api_key"])
    end(process)
    raise EmbeddedUnavailable(f"{_why(said, process.returncode, in_time, seconds)} {_WAY_OUT}")


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ask by closing its input; insist after two seconds."""
    with suppress(OSError):
        if process.stdin:
            process.stdin.close()
    try:
        process.wait(2)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _read(line: bytes) -> dict[str, str]:
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in said.items()} if isinstance(said, dict) else {}


def _why(said: dict[str, str], code: int, in_time: bool, seconds: float) -> str:
    detail = said.get("detail", "")
    match said.get("problem"):
        case "missing":
            return MISSING
        case "library" if "libgomp" in detail:
            return "The offline model needs the library libgomp (on Debian: `apt-get install libgomp1`)."
        case "library":
            return f"The offline model cannot be loaded on this system ({detail})."
        case "failed":
            return f"The offline model could not be started ({detail})."
    if not in_time:
        return f"The offline model did not start within {seconds:.0f} seconds."
    if code in (-getattr(signal, "SIGILL", 4), _WINDOWS_ILLEGAL):
        return "The offline model cannot run on this computer: its processor is too old."
    if code < 0:
        return f"The offline model ended while it started ({signal.Signals(-code).name}; it needs 500 MB of memory)."
    return f"The offline model ended while it started (exit code {code})."
