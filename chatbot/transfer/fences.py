"""Which lines of a Markdown text stand in a code block between fences."""

import re

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)", re.DOTALL)


class Fences:
    """Follows a text line by line. `open`: the fence of the block that is open after the last line; "" where none is."""

    def __init__(self) -> None:
        self.open = ""

    def inside(self, line: str) -> bool:
        """Whether the next line belongs to such a block; its fences do."""
        before = self.open
        if found := _FENCE.fullmatch(line):
            mark, rest = found.groups()
            if not before:
                # A backtick in the info string makes it no fence but a code span.
                self.open = "" if mark[0] == "`" and "`" in rest else mark
            elif mark[0] == before[0] and len(mark) >= len(before) and not rest.strip():
                self.open = ""
        return bool(before or self.open)
