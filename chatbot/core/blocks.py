"""Where finished Markdown blocks end, so that only the open one has to be drawn again while a reply grows.

A block ends at a blank line that stands outside every fence, list, quote, footnote, indented code and display maths,
in front of a line that begins something new. Drawn one by one, the blocks look as the whole would. What a reader of
the text has to know of it besides, `drawable`, `hold_back` and `label`, comes from here too.
"""

import re

from chatbot.core.drawable import drawable, hold_back
from chatbot.core.labels import label
from chatbot.core.structure import Structure

__all__ = ["Blocks", "drawable", "hold_back", "label", "split"]

LEAST = 800
"""Characters below which a block is not worth an element of its own."""
LONGEST_HOLD = 16_000
"""Characters for which a text is kept in one piece because something in it may refer to what comes later."""
LONGEST_MATHS = 4_000
"""Characters after which an opened `$$` or `\\[` that was never closed is no maths."""

# What can stand at the start of nothing but a paragraph, so that a new block is known by its first character.
_PLAIN = re.compile(r"[^\s>\-+*=_#0-9.|:~`$\\\[<!()]")
_CODE = re.compile(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)")
_REFERS = re.compile(r"\[\^|\]\[|^[\s>]*\[[^\]]+\]:")


class Blocks:
    """Fed with a text in any pieces; `finished` and `open` joined are always the text so far.

    >>> blocks = Blocks(least=5)
    >>> blocks.feed("One paragraph.\\n\\nAnd anot")
    >>> blocks.finished, blocks.open
    (['One paragraph.\\n\\n'], 'And anot')
    """

    def __init__(self, *, least: int = LEAST) -> None:
        self.finished: list[str] = []
        """Raw texts of the blocks that will not change any more."""
        self._least = least
        self._structure = Structure()
        self._lines: list[str] = []
        self._length = 0
        self._last: list[str] = []
        """The pieces of the last line, which has no end yet."""
        self._worded = False
        """Some line was not blank."""
        self._last_blank = False
        self._in_list = False
        """A list, quote or footnote was open in front of the blank lines that came last."""
        self._refers = False
        self._maths: tuple[str, int] | None = None
        """What would close the display maths that is open, and the characters it has so far."""

    @property
    def open(self) -> str:
        """The tail: what may still change its shape."""
        return "".join(self._lines) + "".join(self._last)

    def feed(self, delta: str) -> None:
        """Take the next piece of the text."""
        *whole, piece = delta.split("\n")
        for rest in whole:
            line = "".join(self._last) + rest
            self._last = []
            self._look_at(line.rstrip("\r"))
            self._lines.append(line + "\n")
            self._length += len(line) + 1
        if not piece:
            return
        if not self._last and self._last_blank and _PLAIN.match(piece):
            # Known before the line is whole; a long paragraph would keep the block before it open otherwise.
            self._cut_before(inside=False, marker=False)
        self._last.append(piece)

    def _look_at(self, line: str) -> None:
        if not self._worded:
            line = line.lstrip()  # as the drawing of the first block does
            self._worded = bool(line)
        seen = self._structure.line(line)
        if seen.kind == "blank":
            self._last_blank = self._worded
            self._in_list = self._in_list or bool(self._structure.stack)
            return
        if self._last_blank and line[0] not in " \t":
            self._cut_before(inside=seen.inside, marker=seen.marker and self._in_list)
        self._last_blank = False
        self._in_list = False
        if seen.kind in ("text", "line"):
            self._refers = self._refers or bool("[" in line and _REFERS.search(_CODE.sub("", line)))
            self._follow_maths(line[seen.start :])
        elif seen.kind == "fence":
            self._maths = None
        elif self._maths is not None:
            self._maths = (self._maths[0], self._maths[1] + len(line) + 1)

    def _follow_maths(self, content: str) -> None:
        if self._maths is not None:
            closer, length = self._maths
            length += len(content) + 1
            self._maths = None if closer in content or length > LONGEST_MATHS else (closer, length)
        elif content.startswith("$$"):
            self._maths = None if "$$" in content[2:] else ("$$", len(content))
        elif content.startswith("\\["):
            self._maths = None if "\\]" in content else ("\\]", len(content))

    def _cut_before(self, *, inside: bool, marker: bool) -> None:
        held = self._maths is not None or (self._refers and self._length < LONGEST_HOLD)
        if self._length >= self._least and not held and not inside and not marker:
            self.finished.append("".join(self._lines))
            self._lines = []
            self._length = 0
            self._refers = False
            self._last_blank = False


def split(text: str, *, least: int = LEAST) -> list[str]:
    """The text in blocks, the open one last; nothing for an empty text."""
    blocks = Blocks(least=least)
    blocks.feed(text)
    return [*blocks.finished, *([blocks.open] if blocks.open else [])]
