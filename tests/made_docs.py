"""The parts of docs/architecture.md that are made from the code.

python -m tests.made_docs      writes them anew
"""

import ast
import dataclasses
import re
import subprocess
import sys
import typing
from pathlib import Path

from chatbot.core import events
from chatbot.store.tables import metadata

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "architecture.md"


def first_line(path: Path) -> str:
    """What a module says it is for."""
    words = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return words.split("\n\n")[0].replace("\n", " ")


def files() -> str:
    """Every module of the product with its one line of purpose."""
    found = [ROOT / "app.py", *sorted(ROOT.glob("pages/*.py")), *sorted(ROOT.glob("chatbot/**/*.py"))]
    rows = ["| file | what it is for |", "|---|---|"]
    rows += [f"| `{path.relative_to(ROOT)}` | {first_line(path)} |" for path in found if "versions" not in path.parts]
    return "\n".join(rows)


def event_list() -> str:
    """The grammar, and each event with its fields."""
    grammar = re.search(r"( {4}turn .*?\n {4}attempt [^\n]*)", events.__doc__ or "", re.DOTALL)
    assert grammar is not None
    rows = ["```", *(line[4:] for line in grammar.group(1).splitlines()), "```", "", "| event | carries |", "|---|---|"]
    for event in typing.get_args(events.Event):
        fields = ", ".join(f"`{field.name}`" for field in dataclasses.fields(event)) or "—"
        rows.append(f"| {event.__name__} | {fields} |")
    return "\n".join(rows)


def schema() -> str:
    """Every table with its columns."""
    rows = ["| table | columns |", "|---|---|"]
    rows += [
        f"| {table.name} | {', '.join(f'`{column.name}`' for column in table.columns)} |"
        for table in metadata.sorted_tables
    ]
    return "\n".join(rows)


def command_help() -> str:
    command = [sys.executable, "-m", "chatbot", "--help"]
    environment = {"COLUMNS": "100", "PATH": "", "NO_COLOR": "1"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=30)
    return f"```\n{run.stdout.strip()}\n```"


def made(page: str) -> str:
    """The page with every made part as the code has it now."""
    for name, part in (("events", event_list), ("schema", schema), ("help", command_help), ("files", files)):
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        page = f"{before}{begin}\n{part()}\n{end}{after}"
    return page


if __name__ == "__main__":
    PAGE.write_text(made(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
