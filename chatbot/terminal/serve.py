"""The browser's server from a terminal: `python -m chatbot.terminal.serve`, and what `make run` ends in."""

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import chatbot
from chatbot.core.errors import ByteBotError
from chatbot.home.home import Home
from chatbot.terminal.model import fetch_model

HOST = "127.0.0.1"
PORT = 8501
PORTS_TRIED = 50
RUNNING_FILE = "server.json"
"""In the data folder: which process serves this history, and where. It is believed only while that process lives."""


def serve(port: int = PORT) -> int:
    """Serve the pages until Ctrl-C; the exit status. Where this history is served already, only say the address.

    Does not return where the system can turn this process into the server, so that signals reach it directly.
    """
    app = Path(chatbot.__file__).parent.parent / "app.py"
    if not app.is_file():
        print(f"The pages are not beside the package: there is no {str(app)!r}. Run this from a checkout of ByteBot.")
        return 1
    try:
        data = Home.open().folders.make_data()
    except ByteBotError as error:
        print(error)
        return 1
    if address := running(data):
        print(f"ByteBot is running already: {address}")
        return 0
    if not is_free(port) and started_by_hand(app, data, port):
        print(f"ByteBot is running already: http://{HOST}:{port}")
        return 0
    fetch_model()
    chosen = next((each for each in range(port, min(port + PORTS_TRIED, 65_536)) if is_free(each)), None)
    if chosen is None:
        print(f"No port from {port} to {port + PORTS_TRIED - 1} is free. Name another one with --port.")
        return 1
    if chosen != port:
        print(f"==> Port {port} is taken by another program; the next free one is {chosen}")
    print(f"==> ByteBot is at http://{HOST}:{chosen} (Ctrl-C ends it)", flush=True)
    command = [sys.executable, "-m", "streamlit", "run", str(app), f"--server.port={chosen}"]
    return _become(command, data, chosen)


def running(data: Path) -> str | None:
    """The address of the server of this data folder, None when none lives and answers."""
    import psutil

    try:
        said = json.loads((data / RUNNING_FILE).read_text(encoding="utf-8"))
        pid, started, port = int(said["pid"]), float(said["started"]), int(said["port"])
        # A process's number is given out again; together with its start it is one process only.
        if abs(psutil.Process(pid).create_time() - started) > 1:
            return None
    except (OSError, ValueError, TypeError, KeyError, psutil.Error):
        return None
    address = f"http://{HOST}:{port}"
    return address if _answers(address) else None


def started_by_hand(app: Path, data: Path, port: int) -> bool:
    """Is it these pages on this data folder that listen there, started with `streamlit run` and so without a note?"""
    import psutil

    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if "run" in words and any(_is(app, process.cwd(), word) for word in words):
                listening = {place.laddr.port for place in process.net_connections() if place.status == "LISTEN"}
                if port in listening and Home.open(process.environ(), Path(process.cwd())).folders.data == data:
                    return True
        except (psutil.Error, OSError, ByteBotError):
            continue  # another user's, or gone by now
    return False


def is_free(port: int) -> bool:
    """Can a server listen here? Somebody who listens on every address of the machine counts too."""
    with socket.socket() as caller:
        caller.settimeout(1)
        if caller.connect_ex((HOST, port)) == 0:
            return False
    with socket.socket() as listener:
        if os.name == "posix":
            # A port whose last connections are still fading away is free.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, port))
        except OSError:
            return False
    return True


def _is(app: Path, folder: str, word: str) -> bool:
    return word.endswith(app.name) and Path(folder, word).resolve() == app.resolve()


def _answers(address: str) -> bool:
    # No proxy: this is our own machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address}/_stcore/health", timeout=3) as answer:
            return bool(answer.read(10) == b"ok")
    except OSError:
        return False


def _become(command: list[str], data: Path, port: int) -> int:
    if os.name == "posix":
        _note(data, os.getpid(), port)
        os.execv(command[0], command)
    server = subprocess.Popen(command)
    _note(data, server.pid, port)
    while True:
        # Ctrl-C reaches the server as well; it says when it is done.
        with contextlib.suppress(KeyboardInterrupt):
            return server.wait()


def _note(data: Path, pid: int, port: int) -> None:
    import psutil

    noted = {"pid": pid, "started": psutil.Process(pid).create_time(), "port": port}
    # Without it the next start takes another port, no more.
    with contextlib.suppress(OSError):
        (data / RUNNING_FILE).write_text(json.dumps(noted), encoding="utf-8")


if __name__ == "__main__":
    options = argparse.ArgumentParser(prog="chatbot serve", description="Serve ByteBot's pages on this machine.")
    options.add_argument("--port", type=int, default=PORT, help=f"default: {PORT}, else the next free one")
    sys.exit(serve(options.parse_args().port))
