"""One shot from the terminal against a bare script of the SDK, as whole processes."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.servers import ROOT, fake_openai
from benchmarks.tables import median, table, verdict

RUNS = 9
MODEL = "words:100@0"
BARE = """
import sys
from openai import OpenAI
stream = OpenAI().chat.completions.create(
    model=sys.argv[1], messages=[{"role": "user", "content": "Go on."}], stream=True
)
for chunk in stream:
    if chunk.choices:
        print(chunk.choices[0].delta.content or "", end="", flush=True)
"""


def wall(commands: dict[str, list[str]], environment: dict[str, str]) -> dict[str, float]:
    """Median seconds of each command, run in turn so that a drifting machine is fair to all."""
    took: dict[str, list[float]] = {name: [] for name in commands}
    for run in range(RUNS + 1):
        for name, command in commands.items():
            began = time.perf_counter()
            done = subprocess.run(
                command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=60
            )
            assert done.returncode == 0, done.stderr.decode()[-500:]
            if run:
                took[name].append(time.perf_counter() - began)
    return {name: median(times) for name, times in took.items()}


def run() -> str:
    with fake_openai() as base_url, tempfile.TemporaryDirectory() as folder:
        environment = {
            **os.environ,
            "OPENAI_BASE_URL": base_url,
            "OPENAI_API_KEY": "sk-bench",
            "BYTEBOT_DATA_DIR": str(Path(folder) / "data"),
        }
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled files are part of a fair start
        found = wall(
            {
                "bare `openai` script": [sys.executable, "-c", BARE, MODEL],
                "`chatbot ask`": [sys.executable, "-m", "chatbot", "ask", "--model", MODEL, "Go on."],
                "`chatbot --help`": [sys.executable, "-m", "chatbot", "--help"],
                "`python -c pass`": [sys.executable, "-c", "pass"],
            },
            environment,
        )
    figures = table(
        f"Whole processes, wall time (median of {RUNS}, in turn)",
        ["", "seconds"],
        [[name, seconds] for name, seconds in found.items()],
    )
    ratio = found["`chatbot ask`"] / found["bare `openai` script"]
    asked = table(
        "What was asked of it",
        ["", "measured (limit)"],
        [
            ["one shot ÷ bare script", verdict(ratio, 1.6)],
            ["`chatbot --help`, s", verdict(found["`chatbot --help`"], 0.3)],
        ],
    )
    return figures + "\n" + asked
