"""The import law of the house: arrows point down, rooms on one floor do not know each other, doors keep their keys."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = [
    {"core"},
    {"store", "providers", "tools", "transfer", "home"},
    {"engine"},
    {"bot", "tokens", "ui", "terminal", "server"},
    {"pages", "app"},
]
DOORS = {
    "openai": {"providers"},
    "httpx2": {"providers"},
    "tiktoken": {"providers"},
    "genai_prices": {"providers"},
    "xllamacpp": {"providers"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "keyring": {"home"},
    "dotenv": {"home"},
    "tomlkit": {"home"},
    "platformdirs": {"home"},
    "tzlocal": {"home"},
    "streamlit": {"app", "pages", "ui"},
    "rich": {"terminal"},
    "prompt_toolkit": {"terminal"},
}
SOURCES = sorted([ROOT / "app.py", *ROOT.glob("pages/*.py"), *ROOT.glob("chatbot/**/*.py")])


def room_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    if parts[0] != "chatbot":
        return parts[0]
    return parts[1]


def floor_of(room: str) -> int | None:
    return next((at for at, rooms in enumerate(FLOORS) if room in rooms), None)


def imports(path: Path) -> list[tuple[str, int]]:
    """Every module that the file imports, wherever in it, with the line."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            found += [
                (f"{node.module}.{alias.name}" if node.module == "chatbot" else node.module, node.lineno)
                for alias in node.names
            ]
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_arrows_point_down(path: Path) -> None:
    room = room_of(path)
    if room in ("__init__", "__main__"):
        return  # the package's front door and the command: they may name any face
    floor = floor_of(room)
    assert floor is not None, f"{path} is in no room of the plan"
    for module, line in imports(path):
        top = module.split(".")[0]
        if top in DOORS:
            assert room in DOORS[top], f"{path.name}:{line}: {top} belongs to {sorted(DOORS[top])}"
        if top == "chatbot" and module.count(".") >= 1:
            other = module.split(".")[1]
            if other == room or floor_of(other) is None:
                continue
            assert floor_of(other) < floor, f"{path.name}:{line}: {room} imports {other}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_home_reads_the_environment(path: Path) -> None:
    if room_of(path) == "home":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            assert node.attr not in ("environ", "getenv"), f"{path.name}:{node.lineno} reads the environment"


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"openai", "streamlit", "pandas", "sqlalchemy", "fastapi", "tiktoken", "alembic", "keyring"}
    code = "import sys, chatbot; from chatbot import Chatbot; print(*sorted(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30)
    # Chatbot itself is lazy inside: only `import chatbot` is held to the law by design, and it costs nothing more.
    assert not heavy & set(run.stdout.split())


def test_files_can_be_held_in_the_head() -> None:
    long = {str(path.relative_to(ROOT)): size for path in SOURCES if (size := len(path.read_text().splitlines())) > 300}
    assert not long, f"split these by what they know: {long}"
