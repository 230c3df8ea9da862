"""The offline model's own process: llama.cpp's HTTP server on loopback, alive until its standard input closes.

    python -m chatbot.providers.embedded_server WEIGHTS NAME IDLE_SECONDS

prints one line of JSON: {"base_url", "api_key"}, or {"problem", "detail"} when it cannot run here. It is a process of
its own because the library holds the interpreter while it loads and crashes when a process exits in mid-answer.
It imports nothing of ByteBot's, so that it starts at once.
"""

import json
import os
import secrets
import signal
import sys
from typing import Any

CONTEXT = 4096
"""Tokens of one conversation."""
MAX_OUTPUT = 1024
"""Tokens of one reply. The model goes in circles long before."""
SLOTS = 2
"""Replies at once; more wait their turn."""


def main() -> None:
    # Ctrl-C is the parent's to answer: it may want the rest of a reply first. It closes our standard input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The library writes to standard output as it likes; the line to the parent has a way of its own.
    to_parent = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    key = secrets.token_urlsafe(24)
    try:
        server = start(sys.argv[1], sys.argv[2], float(sys.argv[3]), key)
        said = {"base_url": f"{server.listening_address}/v1", "api_key": key}
    except Exception as error:  # noqa: BLE001 the process ends here, and its parent is told why
        server = None
        said = {"problem": _problem(error), "detail": str(error)}
    with to_parent:
        print(json.dumps(said), file=to_parent)
    if server:
        while sys.stdin.buffer.read(4096):
            pass
    # Not sys.exit: tearing the library down in mid-answer is a crash.
    os._exit(0 if server else 1)


def start(weights: str, name: str, idle: float, key: str) -> Any:
    """The running server; it answers when this returns."""
    # OpenMP reads it once, when it loads. With its default, threads that wait burn a busy machine's cores.
    os.putenv("GOMP_SPINCOUNT", "1000")
    import xllamacpp

    wanted = xllamacpp.CommonParams()
    wanted.model.path = weights
    wanted.model_alias = {name}
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = 0
    wanted.api_keys = [key]
    wanted.cors_origins = ""
    wanted.ui = False
    wanted.endpoint_slots = False
    wanted.offline = True
    wanted.verbosity = 0
    # The library divides the context among the slots.
    wanted.n_ctx = CONTEXT * SLOTS
    wanted.n_parallel = SLOTS
    wanted.n_predict = MAX_OUTPUT
    wanted.cache_ram_mib = 256
    wanted.sleep_idle_seconds = max(1, round(idle))
    wanted.cpuparams.n_threads = min(4, os.cpu_count() or 1)
    wanted.sampling.temp = 0.2
    wanted.sampling.top_p = 0.9
    wanted.sampling.penalty_repeat = 1.1
    return xllamacpp.Server(wanted)


def _problem(error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError):
        return "missing"
    return "library" if isinstance(error, ImportError) else "failed"


if __name__ == "__main__":
    main()
