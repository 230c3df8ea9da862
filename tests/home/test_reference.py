"""docs/settings.md is what the table says, and what it says is true."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from chatbot.home.home import Home
from chatbot.home.reference import settings_page
from chatbot.home.table import SETTINGS

ROOT = Path(__file__).parents[2]


def test_the_page_is_up_to_date() -> None:
    written = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert written == settings_page(), "run: python -m chatbot.home.reference > docs/settings.md"


def test_the_command_prints_the_page() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chatbot.home.reference"], cwd=ROOT, capture_output=True, timeout=60, check=True
    )
    assert done.stdout.decode() == settings_page()


def test_every_setting_is_on_the_page() -> None:
    for setting in SETTINGS:
        assert setting.variable is None or f"`{setting.variable}`" in settings_page()
        assert not setting.file or f"`{setting.section}.{setting.key}`" in settings_page()


def test_the_example_holds(open_home: Callable[..., Home], write: Callable[[str], None]) -> None:
    write(settings_page().split("```toml\n")[1].split("```")[0])
    home = open_home()
    assert home.problems() == ()
    assert home.default_options().model == "our-model"
    assert home.connection("work").timeouts.first == 120
