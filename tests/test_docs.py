"""Docs that could rot: what is made from code is as the code is, what is named is there."""

import re
from pathlib import Path

import pytest

from tests.made_docs import PAGE, made

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]


def test_the_architecture_is_as_the_code_is() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert made(page) == page, "python -m tests.made_docs"


@pytest.mark.parametrize("requirements", sorted(ROOT.glob("requirements*.txt")), ids=lambda path: path.name)
def test_every_dependency_has_earned_its_line(requirements: Path) -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    for line in requirements.read_text(encoding="utf-8").splitlines():
        if name := re.match(r"[A-Za-z][\w-]*", line):
            assert f"\n| {name[0]} |" in page, f"{name[0]} of {requirements.name} is not in docs/dependencies.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_named_files_exist(page: Path) -> None:
    for name in re.findall(r"`((?:chatbot|tests|pages|benchmarks|docs)/[\w./-]+)`", page.read_text(encoding="utf-8")):
        assert (ROOT / name).exists() or name == "chatbot/tools/", f"{page.name} names {name}"
