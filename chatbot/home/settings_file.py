"""settings.toml: read whole, whatever is wrong in it, and changed without touching what it does not concern."""

import re
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatbot.core.errors import SettingsError
from chatbot.home.files import locked, read_text, write_private
from chatbot.home.setting import Setting

SETTINGS_FILE = "settings.toml"
_LONGEST_SHOWN = 60


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What settings.toml says. A file that cannot be read or parsed says nothing and has its reason in `error`."""

    path: Path
    text: str = field(default="", repr=False)
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)
    error: SettingsError | None = None

    def place(self, *keys: str) -> str:
        """The file and, where it can be told, the line of `keys`."""
        line = line_of(self.text, keys)
        return f"{self.path}, line {line}" if line else str(self.path)

    def wrong(self, keys: tuple[str, ...], value: object, setting: Setting) -> SettingsError:
        """A value that its setting does not allow, named with its place and what is allowed."""
        shown = "not that" if setting.private else shorten(value)
        return SettingsError(
            f"{self.place(*keys)}: {'.'.join(keys)} is {shown}; it must be {setting.kind.allowed}. It is left out."
        )


def shorten(value: object) -> str:
    """The value's repr, cut where it would fill the page."""
    shown = repr(value)
    return shown if len(shown) <= _LONGEST_SHOWN else shown[:_LONGEST_SHOWN] + "…"


def read_settings(path: Path) -> SettingsFile:
    """The file as it is now; never raises."""
    # The parser of the standard library is three times as quick to import as the one that keeps comments.
    import tomllib

    try:
        text = read_text(path)
    except SettingsError as error:
        return SettingsFile(path, error=error)
    if text is None:
        return SettingsFile(path)
    try:
        return SettingsFile(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        return SettingsFile(path, text, error=_syntax_error(path, str(error)))


def _syntax_error(path: Path, reason: str) -> SettingsError:
    found = re.search(r"line (\d+)", reason)
    line = f", line {found[1]}," if found else ""
    return SettingsError(f"{path}{line} is not TOML; nothing in the file is used until that is mended.")


def line_of(text: str, keys: tuple[str, ...]) -> int | None:
    """The line where a key is set, counted from 1, or failing that where the innermost of its tables begins.

    >>> line_of('[chat]\\nmodel = "m"\\n', ("chat", "model"))
    2
    >>> line_of('[a.b]\\nc = {d = 1}\\n', ("a", "b", "c", "d"))
    2
    """
    table: tuple[str, ...] = ()
    found, depth = None, 0
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[+([^\[\]]*)\]", line)
        if header:
            here = table = _split(header[1])
        else:
            assignment = re.match(r"\s*([A-Za-z0-9_.\"' -]+?)\s*=", line)
            if not assignment:
                continue
            here = table + _split(assignment[1])
        if len(here) > depth and here == keys[: len(here)]:
            found, depth = number, len(here)
    return found


def _split(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def change_settings(path: Path, change: Callable[[MutableMapping[str, Any]], None]) -> None:
    """Apply a change to the file as it is now, keeping the person's comments and order.

    `change` is applied twice, to the file's tables and to plain dictionaries, so that a slip of the former is noticed.
    Waits for other writers, so that none loses what another wrote. SettingsError, with nothing written, when the file
    has a syntax error or cannot be written. The folder must exist.
    """
    import tomllib

    import tomlkit
    from tomlkit.exceptions import ParseError, TOMLKitError

    with locked(path.parent):
        text = read_text(path)
        try:
            document = tomlkit.parse(text or "")
            wanted = tomllib.loads(text or "")
        except ParseError as error:
            raise _syntax_error(path, f"line {error.line}") from None
        except tomllib.TOMLDecodeError as error:
            raise _syntax_error(path, str(error)) from None
        change(wanted)
        try:
            change(document)
            changed = tomlkit.dumps(document)
            kept = _pruned(tomllib.loads(changed)) == _pruned(wanted)
        except (TOMLKitError, LookupError, TypeError, ValueError):
            # The library that keeps comments stumbles over some layouts, such as dotted keys beside tables, or loses
            # lines there. A slip of ours would have shown above.
            kept = False
        if not kept:
            raise SettingsError(f"{path} is laid out in a way that cannot be changed from here. Edit it by hand.")
        write_private(path, changed)


def _pruned(value: Any) -> Any:
    """The value without empty tables, which come and go with the lines in them."""
    if not isinstance(value, Mapping):
        return value
    inner = {key: _pruned(one) for key, one in value.items()}
    return {key: one for key, one in inner.items() if one != {}}
