"""The shape of Markdown, line by line: which lines are code, and where one run of text ends and the next begins.

It follows CommonMark's block structure as far as code fences, lists, quotes and paragraphs go, plus footnotes. HTML
blocks do not exist for it, since `drawable` shows HTML as the text that it is. Where a renderer could see another shape
than this, a line is marked `apart`: with a blank line before it there is but one way to read it.
"""

import re
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["blank", "text", "line", "fence", "code", "fence end", "indented"]
"""`text` may run on in the next line, `line` cannot (heading, underline, rule); `code` lies between fences."""

DEEPEST = 60
"""Containers in each other; the marks of deeper ones are text, and have to be escaped where they are drawn."""

_FENCE = re.compile(r"(`{3,})[^`]*$|(~{3,}).*$")
_HEADING = re.compile(r"#{1,6}(?:\s|$)")
_UNDERLINE = re.compile(r"(?:=+|-+)[ \t]*$")
_BULLET = re.compile(r"([-+*])(?=[ \t]|$)")
_NUMBER = re.compile(r"(\d{1,9})[.)](?=[ \t]|$)")
_FOOTNOTE = re.compile(r"\[\^(?:[^\s\[\]\\]|\\[\[\]\\]?){1,999}\]:")
_DEFINITION = re.compile(r"\[[^\]]*(?:$|\]:)")


@dataclass(slots=True)
class _Container:
    """`width` is the columns by which a list item's or footnote's content is indented; a quote has none."""

    kind: Literal["quote", "item", "footnote"]
    width: int = 0
    bare: bool = False
    """Nothing but its marker so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    kind: Kind
    begins: bool
    """Inline markup cannot reach into it from the line before."""
    start: int
    """Characters of indentation, quote marks and list markers in front of the content."""
    outer: int
    """Those of them that belong to containers which an earlier line began."""
    inside: bool
    """It lies in a list, quote or footnote that an earlier line began."""
    marker: bool
    """It begins a list item or footnote itself."""
    lazy: bool = False
    """It goes on with a paragraph without the marks of the containers that hold it."""
    deep: bool = False
    """Its content may begin with marks of containers that were not read as such."""
    apart: bool = False
    """It needs a blank line before it to be what it is taken for."""


@dataclass(slots=True)
class Structure:
    """Fed with one line at a time, without its newline."""

    stack: list[_Container] = field(default_factory=list)
    fence: tuple[str, int] | None = None
    paragraph: Literal["", "text", "table", "definition"] = ""
    """What is open: text, what may be a table by now, or what may be no more than a link's definition."""

    def copy(self) -> "Structure":
        stack = [_Container(each.kind, each.width, each.bare) for each in self.stack]
        return Structure(stack, self.fence, self.paragraph)

    def line(self, raw: str) -> Line:
        text = raw.expandtabs(4) if "\t" in raw else raw
        outer, matched = self._match(text)
        whole = matched == len(self.stack)
        if self.fence is not None:
            if whole:
                kind = self._fenced(text[outer:])
                start = _raw(raw, outer)
                return Line(kind=kind, begins=False, start=start, outer=start, inside=matched > 0, marker=False)
            self._leave(matched)
            whole = True
        before = self.paragraph
        at, opened = self._open(text, outer, matched, whole)
        kind, begins = self._leaf(text, at, matched, fresh=bool(opened), whole=whole)
        after_table = before == "table" and kind != "blank"
        underlined = before == "definition" and begins and bool(_UNDERLINE.match(text[outer:].strip()))
        return Line(
            kind=kind,
            begins=begins,
            start=_raw(raw, at),
            outer=_raw(raw, outer),
            inside=matched > 0,
            marker=any(kind != "quote" for kind in opened),
            lazy=not begins and not whole,
            deep=len(self.stack) >= DEEPEST,
            apart=(after_table and begins) or underlined,
        )

    def _leave(self, matched: int) -> None:
        del self.stack[matched:]
        self.fence = None
        self.paragraph = ""

    def _match(self, text: str) -> tuple[int, int]:
        """How far the containers of the lines before go on in this one: position behind them, and their number."""
        at = matched = 0
        for container in self.stack:
            rest = text[at:]
            indent = len(rest) - len(rest.lstrip(" "))
            if container.kind == "quote":
                if indent > 3 or rest[indent : indent + 1] != ">":
                    break
                at += indent + 1
                at += text[at : at + 1] == " "
            elif indent == len(rest):
                if container.bare:
                    break
                at = len(text)
            elif indent >= container.width:
                at += container.width
                container.bare = False
            else:
                break
            matched += 1
        return at, matched

    def _fenced(self, rest: str) -> Kind:
        assert self.fence is not None
        mark, length = self.fence
        bare = rest.lstrip(" ")
        run = len(bare) - len(bare.lstrip(mark))
        if len(rest) - len(bare) <= 3 and run >= length and not bare[run:].strip():
            self.fence = None
            return "fence end"
        return "code"

    def _open(self, text: str, at: int, matched: int, whole: bool) -> tuple[int, list[str]]:
        """New containers that the line begins: position behind them, and their kinds."""
        opened: list[str] = []
        while True:
            rest = text[at:]
            bare = rest.lstrip(" ")
            indent = len(rest) - len(bare)
            if not bare or indent > 3 or matched + len(opened) >= DEEPEST:
                return at, opened
            underline = _UNDERLINE.match(bare)
            open_text = self.paragraph == "text" or (self.paragraph == "definition" and not underline)
            continues = open_text and whole and not opened
            if bare[0] == ">":
                at += indent + 1
                at += text[at : at + 1] == " "
                new = _Container("quote")
            elif found := _FOOTNOTE.match(bare):
                after = bare[found.end() :].lstrip(" ")
                at = len(text) - len(after)
                new = _Container("footnote", 4, not after)
            elif (continues and underline) or _is_rule(bare):
                return at, opened
            elif found := _BULLET.match(bare) or _NUMBER.match(bare):
                after = bare[found.end() :]
                gap = len(after) - len(after.lstrip(" "))
                empty = gap == len(after)
                if continues and (empty or (found.re is _NUMBER and found[1] != "1")):
                    return at, opened
                gap = 1 if empty or gap > 4 else gap
                new = _Container("item", indent + found.end() + gap, empty)
                at = min(at + new.width, len(text))
            else:
                return at, opened
            if not opened:
                self._leave(matched)
            self.stack.append(new)
            opened.append(new.kind)

    def _leaf(self, text: str, at: int, matched: int, *, fresh: bool, whole: bool) -> tuple[Kind, bool]:
        """What the line is behind its containers, and whether it begins something."""
        rest = text[at:]
        bare = rest.lstrip(" ")
        found = _FENCE.match(bare)
        indented = len(rest) - len(bare) > 3
        no_row = self.paragraph == "table" and (indented or not whole)
        open_before = "" if fresh or no_row else self.paragraph
        underline = bool(open_before) and whole and not indented and _UNDERLINE.match(bare)
        if underline and open_before == "text":
            self.paragraph = ""
            return "line", True
        if (
            bare
            and open_before
            and not underline
            and (indented or not (found or _HEADING.match(bare) or _is_rule(bare)))
        ):
            if "-" in bare and not bare.strip("|:- "):
                self.paragraph = "table"
            return "text", False
        if not fresh:
            self._leave(matched)
        if not bare:
            return "blank", True
        if indented:
            return "indented", True
        if found:
            run = found[1] or found[2]
            self.fence = (run[0], len(run))
            return "fence", True
        if _HEADING.match(bare) or _is_rule(bare):
            return "line", True
        self.paragraph = "definition" if _DEFINITION.match(bare) else "text"
        return "text", True


def _is_rule(bare: str) -> bool:
    mark = bare[:1]
    return bool(mark) and mark in "*-_" and not bare.strip(mark + " \t") and bare.count(mark) >= 3


def _raw(raw: str, at: int) -> int:
    """The index in the line as it came that stands for column `at` after its tabs were widened."""
    if "\t" not in raw:
        return min(at, len(raw))
    column = 0
    for index, mark in enumerate(raw):
        if column >= at:
            return index
        column += 4 - column % 4 if mark == "\t" else 1
    return len(raw)
