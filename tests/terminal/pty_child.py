"""A child process on a terminal of its own, as a person would see it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b[=>]|\x1b\][^\x07]*\x07")


class PtyChild:
    """Use it as a context manager; it is killed at the end if it still runs."""

    def __init__(
        self, argv: Sequence[str], env: Mapping[str, str], cwd: Path, *, rows: int = 40, columns: int = 100
    ) -> None:
        self._us, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._process = subprocess.Popen(
            argv, env=dict(env), cwd=cwd, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(theirs)
        self.raw = b""
        """Every byte that reached the terminal."""
        self._at = 0

    def __enter__(self) -> "PtyChild":
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(10)
        os.close(self._us)

    @property
    def text(self) -> str:
        """What reached it, without colours and cursor movements."""
        return _ESCAPES.sub("", self.raw.decode(errors="replace")).replace("\r\n", "\n")

    def see(self, words: str, seconds: float = 40) -> None:
        """Wait until the words have come after those that were seen last."""
        until = time.monotonic() + seconds
        while (found := self.text.find(words, self._at)) < 0:
            assert time.monotonic() < until, f"no {words!r} in {self.text[self._at :]!r}"
            assert self._read(0.1) or self._process.poll() is None, f"it ended without {words!r}: {self.text!r}"
        self._at = found + len(words)

    def say(self, line: str) -> None:
        """Wait for the prompt and type a line into it."""
        self.see("›")
        self.type(f"{line}\r")

    def type(self, keys: str) -> None:
        os.write(self._us, keys.encode())

    def ctrl_c(self) -> None:
        self.type("\x03")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ends(self, seconds: float = 15) -> int:
        """Wait for the end; gives the exit status."""
        until = time.monotonic() + seconds
        while self._process.poll() is None:
            assert time.monotonic() < until, f"it still runs: {self.text[-500:]!r}"
            self._read(0.1)
        while self._read(0.1):
            pass
        return self._process.returncode

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._us], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._us, 65_536)
        except OSError:  # the other end is closed
            return False
        self.raw += data
        return bool(data)
