"""python -m benchmarks.run [stream | long | many | terminal | costs | ledger | search | history …]: measure, print, and write docs/benchmarks.md."""

import importlib
import platform
import sys
from pathlib import Path

from benchmarks.tables import reference

ALL = ("stream", "long", "many", "terminal", "costs", "ledger", "search", "history")
OUT = Path(__file__).parent.parent / "docs" / "benchmarks.md"
HEAD = """# How fast it is

Printed by `make bench`. Every table was measured in one run on one machine, so the ratios can be trusted and the
absolute figures belong to that machine only. The floor page is the least that a page can do (`benchmarks/floor.py`);
the tutorial is the chat that Streamlit's own tutorial leads to (`benchmarks/tutorial_app.py`).
"""


def main(chosen: list[str]) -> None:
    parts = []
    for name in chosen or ALL:
        print(f"measuring: {name} …", file=sys.stderr, flush=True)
        part = importlib.import_module(f"benchmarks.{name}").run()
        print(part, flush=True)
        parts.append(part)
    if not chosen:
        machine = f"{platform.system()} on {platform.machine()}, Python {platform.python_version()}; "
        machine += f"reference loop {reference():.0f} ms.\n"
        OUT.write_text("\n".join([HEAD, machine, *parts]), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
