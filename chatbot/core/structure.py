"""The shape of Markdown, line by line: which lines are code, and where one run of text ends and the next begins.

It follows CommonMark's block structure as far as code fences, lists, quotes and paragraphs go, plus footnotes. HTML
blocks do not exist for it, since `drawable` shows HTML as the text that it is.
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
    inside: bool
    """It lies in a list, quote or footnote that an earlier line began."""
    marker: bool
    """It begins a list item or footnote itself."""
    lazy: bool = False
    """It goes on with a paragraph without the marks of the containers that hold it."""
    deep: bool = False
    """Its content may begin with marks of containers that were not read as such."""


@dataclass(slots=True)
class Structure:
    """Fed with one line at a time, without its newline."""

    stack: list[_Container] = field(default_factory=list)
    fence: tuple[str, int] | None = None
    paragraph: bool = False

    def copy(self) -> "Structure":
        stack = [_Container(each.kind, each.width, each.bare) for each in self.stack]
        return Structure(stack, self.fence, self.paragraph)

    def line(self, raw: str) -> Line:
        text = raw.expandtabs(4) if "\t" in raw else raw
        at, matched = self._match(text)
        whole = matched == len(self.stack)
        inside = matched > 0
        if self.fence is not None:
            if whole:
                return Line(
                    kind=self._fenced(text[at:]), begins=False, start=_raw(raw, at), inside=inside, marker=False
                )
            self.fence = None
            self._leave(matched)
            whole = True
        at, opened = self._open(text, at, matched, whole)
        kind, begins = self._leaf(text, at, matched, fresh=bool(opened), whole=whole)
        marker = any(kind != "quote" for kind in opened)
        lazy = not begins and not whole
        deep = len(self.stack) >= DEEPEST
        return Line(kind=kind, begins=begins, start=_raw(raw, at), inside=inside, marker=marker, lazy=lazy, deep=deep)

    def _leave(self, matched: int) -> None:
        del self.stack[matched:]
        self.paragraph = False

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
            continues = self.paragraph and whole and not opened
            if bare[0] == ">":
                at += indent + 1
                at += text[at : at + 1] == " "
                new = _Container("quote")
            elif found := _FOOTNOTE.match(bare):
                at += indent + found.end()
                new = _Container("footnote", 4, not text[at:].strip())
            elif (continues and _UNDERLINE.match(bare)) or _is_rule(bare):
                return at, opened
            elif found := _BULLET.match(bare) or _NUMBER.match(bare):
                after = bare[found.end() :]
                gap = len(after) - len(after.lstrip(" "))
                empty = gap == len(after)
                if continues and (empty or (found.re is _NUMBER and int(found[1]) != 1)):
                    return at, opened
                gap = 1 if empty or gap > 4 else gap
                new = _Container("item", indent + found.end() + gap, empty)
                at = min(at + new.width, len(text))
            else:
                return at, opened
            if not opened:
                self._leave(matched)
            self.paragraph = False
            self.stack.append(new)
            opened.append(new.kind)

    def _leaf(self, text: str, at: int, matched: int, *, fresh: bool, whole: bool) -> tuple[Kind, bool]:
        rest = text[at:]
        bare = rest.lstrip(" ")
        if not bare:
            if not fresh:
                self._leave(matched)
            self.paragraph = False
            return "blank", True
        continues = self.paragraph and not fresh
        if len(rest) - len(bare) > 3:
            if continues:
                return "text", False
            if not fresh:
                self._leave(matched)
            return "indented", True
        if continues and whole and _UNDERLINE.match(bare):
            self.paragraph = False
            return "line", True
        found = _FENCE.match(bare)
        if found or _HEADING.match(bare) or _is_rule(bare):
            if not fresh:
                self._leave(matched)
            self.paragraph = False
            if found:
                run = found[1] or found[2]
                self.fence = (run[0], len(run))
            return ("fence" if found else "line"), True
        if continues:
            return "text", False
        if not fresh:
            self._leave(matched)
        self.paragraph = True
        return "text", True


def _is_rule(bare: str) -> bool:
    mark = bare[0]
    return mark in "*-_" and not bare.strip(mark + " \t") and bare.count(mark) >= 3


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
