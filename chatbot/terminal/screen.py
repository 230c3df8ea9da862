"""What may reach a terminal. A model, a title or a server could otherwise write anywhere on it, or into the clipboard."""

from typing import TextIO

_PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"}
_CONTROLS: dict[int, int | str] = {**_PICTURES, 0x7F: 0x2421, **dict.fromkeys(range(0x80, 0xA0), 0xFFFD)}
# These two turn what follows around, so that a text can be made to look like another one.
_CONTROLS |= {0x202D: "‹LRO›", 0x202E: "‹RLO›"}
_DIRECTIONS = dict.fromkeys([0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def visible(text: str) -> str:
    """The text with every control character but tab and line feed made visible, and so what overrides its direction.

    >>> visible("a\\x1b[31mb\\r\\nc\\x07")
    'a␛[31mb\\nc␇'
    """
    return text.replace("\r\n", "\n").translate(_CONTROLS)


def one_line(text: str, most: int = 200) -> str:
    """The text as part of a line of ours: no line breaks, nothing that turns the direction of what follows.

    >>> one_line("a title\\nwith \\u202etwo lines")
    'a title with two lines'
    """
    line = " ".join(visible(text.translate(_DIRECTIONS)).split())
    return line if len(line) <= most else line[: most - 1] + "…"


class Raw:
    """Text as it streams: bare for a file or a pipe, made visible for a terminal."""

    def __init__(self, out: TextIO, *, terminal: bool) -> None:
        self._out = out
        self._terminal = terminal
        self._held = ""  # a carriage return whose line feed may still come
        self._last = "\n"

    def write(self, text: str) -> None:
        """Write and flush; OSError when nobody reads on."""
        if self._terminal:
            text = self._held + text
            self._held = "\r" if text.endswith("\r") else ""
            text = visible(text.removesuffix("\r") if self._held else text)
        self._put(text)

    def end(self) -> None:
        """Finish the line, if it was begun."""
        held, self._held = self._held, ""
        self._put(visible(held))
        if self._last != "\n":
            self._put("\n")

    def _put(self, text: str) -> None:
        if text:
            self._last = text[-1]
            self._out.write(text)
            self._out.flush()
