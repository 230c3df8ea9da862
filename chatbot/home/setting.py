"""What a setting is: its row in the table, what it may be, and its value as it holds now."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from chatbot.core.text import repair

Source = Literal["environment", ".env", "settings.toml", "default"]


@dataclass(frozen=True, slots=True)
class Value:
    """A setting as it holds now, and who says so. `variable` names it where the environment or a .env file does."""

    value: Any = field(repr=False)  # a database's address may hold a password
    source: Source = "default"
    variable: str | None = None

    @property
    def fixed(self) -> bool:
        """True when settings.toml, and so the settings page, cannot change it."""
        return self.variable is not None


@dataclass(frozen=True, slots=True)
class Kind:
    """What a setting may be.

    `allowed` ends the sentence "it must be …". `check` turns a value of settings.toml into ours or raises ValueError;
    `parse` turns an environment variable's text into what `check` takes.
    """

    allowed: str
    check: Callable[[object], Any]
    parse: Callable[[str], object] = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row. `file` is false for what only the environment or a .env file can say; `private` values are never shown."""

    section: str
    key: str
    kind: Kind
    default: Any
    about: str
    variable: str | None = None
    file: bool = True
    private: bool = False
    shown: str | None = None
    """The default in words, where the value itself says nothing."""


def number(parse: Callable[[str], object], least: float, most: float, *, none: bool = False) -> Kind:
    """A number from `least` to `most`, whole where `parse` is int; `none`: "none" is allowed too."""
    whole = parse is int

    def check(value: object) -> float | None:
        if none and value == "none":
            return None
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            raise ValueError
        if not least <= value <= most:  # written so that nan fails too
            raise ValueError
        return value if whole else float(value)

    allowed = f"a {'whole ' if whole else ''}number from {least:,} to {most:,}"
    return Kind(
        allowed + (' or "none"' if none else ""),
        check,
        lambda text: text if none and text == "none" else parse(text),
    )


def text(allowed: str, *, most: int, pattern: re.Pattern[str] | None = None, empty: bool = False) -> Kind:
    """A text of at most so many characters; `allowed` says so in words."""

    def check(value: object) -> str:
        if not isinstance(value, str) or len(value) > most or not (value.strip() or empty):
            raise ValueError
        if pattern is not None and not pattern.fullmatch(value):
            raise ValueError
        return repair(value)

    return Kind(allowed, check)
