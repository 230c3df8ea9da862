"""A model's Markdown, made safe to give to the renderer: see `inline` for what changes and why.

It happens when drawing and never touches what is stored. HTML is drawn as text, Mermaid as code (its charts can fetch
pictures), a lone dollar stays a dollar, display maths gets the lines of its own that the renderer wants.
"""

import html
import re
from collections import Counter
from dataclasses import dataclass, field

from chatbot.core.inline import LONGEST_MATHS, inline, maths
from chatbot.core.structure import Line, Structure
from chatbot.core.text import facing, repair, undecided, visible

_PLAIN = re.compile(r"[^\s>\-+*=_#0-9.)(|:~`$\\\[\]^<!]")
_NUMBER = re.compile(r"[ \t]*(?:\d{10}|\d+[^\d.)])")  # digits that number no list, whatever follows
_MAYBE_FOOTNOTE = re.compile(r"\[\^[^\]\s]*(?:\]:?)?\Z")
_DEFINES = re.compile(r"^[ >\t]*\[([^\[\]^\\][^\[\]\\]*)\]:", re.MULTILINE)
_NAMED = re.compile(r"\[([^\[\]^\\][^\[\]\\]*)\]")
_MARK = re.compile(r"^([ \t]*\d{0,9})([-+*>.)\[])")
_FENCE_OPENER = re.compile(r"(`{3,}|~{3,})[ \t]*(.*)", re.DOTALL)
_LONGEST_HELD = 2_000  # characters
_UNKNOWN_END = re.compile(r"(?:[!\\\r]|:[\w+-]*|`+|\$+|~+)\Z")


def drawable(text: str, *, open: bool = False) -> str:
    r"""The text as it can be given to st.markdown.

    `open`: more will follow. What hangs on the next characters is held back then (an open code span or formula, a
    lone `!`), so that the result for a longer text always begins with the result for a shorter one.

    >>> print(drawable("Pay $5 or $10: ![pixel](http://h/p.png) <b>now</b>"))
    Pay \$5 or \$10: !\[pixel](http://h/p.png) \<b>now\</b>
    """
    if open:
        return Drawing().feed(text)
    drawing = Drawing(growing=False, unused=_unused(text))
    return drawing.feed(text) + drawing.close()


def hold_back(text: str) -> str:
    """The text without the last characters whose meaning hangs on what follows.

    `drawable(…, open=True)` holds back by itself what it must; this is for who draws the text otherwise.

    >>> hold_back("An image!"), hold_back("`")
    ('An image', '')
    """
    return _UNKNOWN_END.sub("", text)


@dataclass(slots=True)
class _Maths:
    """Display maths whose end has not come: the opening line as it was read, and the lines after it."""

    first: str
    seen: Line
    closer: str
    length: int
    lines: list[str] = field(default_factory=list)


class Drawing:
    """A text drawn piece by piece: `feed` and `close` give what can be appended to what they gave before."""

    def __init__(self, *, growing: bool = True, unused: frozenset[str] = frozenset()) -> None:
        """`unused`: labels of link definitions that nothing in the text refers to, so that they are drawn as text."""
        self._growing = growing
        self._unused = unused
        self._structure = Structure()
        self._carry = ""
        self._line = ""
        """The last line, which has no end yet."""
        self._leaf: list[tuple[str, str]] = []
        """The paragraph at hand: of each line what stands before its content, and the content."""
        self._given = ""
        """What was already given of the paragraph or line at hand."""
        self._any = False
        """Something that is no space has come."""
        self._begun = False
        """A line was given, so that the next one needs a newline before it."""
        self._maths: _Maths | None = None

    def feed(self, delta: str) -> str:
        text = self._carry + delta
        held = (undecided(text) if self._growing else 0) or int(text.endswith("\r"))
        if held > _LONGEST_HELD:  # a line without end: what is drawn of it is drawn anew when it is whole
            held = 0
        text, self._carry = text[: len(text) - held], text[len(text) - held :]
        text = repair(text)
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = visible(text)
        if not self._any:
            text = text.lstrip()  # the renderer's door does so, and takes from every line what all are indented by
            self._any = bool(text)
        *whole, self._line = (self._line + text).split("\n")
        return "".join(map(self._take, whole)) + (self._peek() if self._growing else "")

    def close(self) -> str:
        """The rest, now that nothing follows."""
        out = self._take(self._line) if self._line else ""
        self._line = ""
        while self._maths is not None:  # its lines may begin another one
            out += self._give_up_maths()
        return out + self._finish()

    def _take(self, line: str) -> str:
        if self._maths is not None:
            return self._more_maths(line)
        seen = self._structure.line(line)
        content = line[seen.start :].strip()
        if seen.kind == "text" and not seen.lazy and content[:2] in _CLOSERS:
            self._maths = _Maths(line, seen, _CLOSERS[content[:2]], 0)
            return self._more_maths("", content[2:])
        return self._place(line, seen)

    def _place(self, line: str, seen: Line) -> str:
        apart = ""
        if seen.apart:
            apart = self._finish() + self._commit(self._newline() + line[: seen.outer].rstrip())
        return apart + self._draw(line, seen)

    def _draw(self, line: str, seen: Line) -> str:
        if seen.kind in ("text", "line"):
            out = self._finish() if seen.begins else ""
            before, content = _parts(line, seen)
            if self._unused and (found := _DEFINES.match(content)) and found[1].strip().casefold() in self._unused:
                content = content.replace("]:", r"\]:", 1)
            self._leaf.append((before, content))
            return out
        return self._finish() + self._commit(self._newline() + _raw_line(line, seen))

    def _peek(self) -> str:
        """What can be shown of the paragraph at hand and of the last line before their ends are known."""
        line, out = self._line, ""
        leaf = self._leaf
        if line and self._maths is None:
            if self._structure.fence is not None and not self._structure.stack:
                return self._give(self._newline() + line)
            if (_PLAIN.search(line) or _NUMBER.match(line)) and not _MAYBE_FOOTNOTE.match(line.lstrip(" >")):
                seen = self._structure.copy().line(line)
                parts = _parts(line, seen)
                if seen.kind in ("code", "indented") and not seen.apart:
                    return self._finish() + self._give(self._newline() + _raw_line(line, seen).removesuffix("!"))
                held = seen.apart or (not seen.lazy and _maybe_display(parts[1].strip()))
                if seen.kind in ("text", "line") and not held:
                    out = self._finish() if seen.begins else ""
                    leaf = [*self._leaf, parts]
        return out + (self._give(self._paragraph(leaf, done=False)) if leaf else "")

    def _newline(self) -> str:
        return "\n" if self._begun else ""

    def _paragraph(self, leaf: list[tuple[str, str]], *, done: bool) -> str:
        drawn = inline("\n".join(content for _, content in leaf), done=done, growing=self._growing).split("\n")
        return self._newline() + "\n".join(
            before + facing(line) for (before, _), line in zip(leaf, drawn, strict=False)
        )

    def _give(self, whole: str) -> str:
        new = whole[len(self._given) :]
        self._given = whole if new else self._given
        return new

    def _commit(self, whole: str) -> str:
        new = self._give(whole)
        self._given = ""
        self._begun = True
        return new

    def _finish(self) -> str:
        """The rest of the paragraph at hand."""
        if not self._leaf:
            return ""
        leaf, self._leaf = self._leaf, []
        return self._commit(self._paragraph(leaf, done=True))

    def _more_maths(self, line: str, content: str | None = None) -> str:
        assert self._maths is not None
        held = self._maths
        if content is None:
            held.lines.append(line)
            content = line
        held.length += len(content) + 1
        end = content.find(held.closer)
        if end >= 0 and not content[end + 2 :].strip():
            return self._display(held)
        again = held.closer == "\\]" and "\\[" in content
        if end >= 0 or again or "`" in content or "~~~" in content or held.length > LONGEST_MATHS:
            return self._give_up_maths()
        return ""

    def _display(self, held: _Maths) -> str:
        """The formula on a line of its own between two lines of dollars, with a blank line after it.

        The braces in front and the blank line keep the shape of all that follows the same even where the renderer
        does not take it for maths.
        """
        self._maths = None
        before = held.first[: held.seen.start]
        quotes = before.count(">")
        rest = [re.sub(rf"^(?:[ \t]*>){{0,{quotes}}}", "", line) for line in held.lines]
        body = maths("\n".join([held.first[held.seen.start :].strip()[2:], *rest]).strip()[:-2])
        if not body:
            self._maths = held
            return self._give_up_maths()
        out = self._finish()
        self._structure.paragraph = ""
        go_on = re.sub(r"[^>\s]", " ", before)
        shape = f"{before}$$\n{go_on}{{}}{body}\n{go_on}$$\n{go_on}"
        return out + self._commit(self._newline() + shape)

    def _give_up_maths(self) -> str:
        if self._maths is None:
            return ""
        held, self._maths = self._maths, None
        return self._place(held.first, held.seen) + "".join(map(self._take, held.lines))


_CLOSERS = {"$$": "$$", "\\[": "\\]"}


def _maybe_display(content: str) -> bool:
    """Whether a line that has no end yet may turn out to be display maths or its beginning."""
    closer = _CLOSERS.get(content[:2])
    if closer is None:
        return False
    end = content.find(closer, 2)
    return end < 0 or not content[end + 2 :]


def _unused(text: str) -> frozenset[str]:
    """Labels that are defined and never used. What refers to them stands in another block, or nowhere.

    >>> sorted(_unused("See [a].\\n\\n[a]: http://x/\\n[B]: http://y/"))
    ['b']
    """
    if "]:" not in text:
        return frozenset()
    named = Counter(name.strip().casefold() for name in _NAMED.findall(text))
    defined = Counter(name.strip().casefold() for name in _DEFINES.findall(text))
    return frozenset(name for name, times in defined.items() if named[name] <= times)


def _parts(line: str, seen: Line) -> tuple[str, str]:
    content = line[seen.start :]
    return line[: seen.start], _MARK.sub(r"\1\\\2", content) if seen.deep else content


def _raw_line(line: str, seen: Line) -> str:
    if seen.kind == "indented":
        return line.replace("![", "!\\[")  # whether it is code hangs on more than can be seen here
    if seen.kind == "fence":
        found = _FENCE_OPENER.search(line)
        assert found is not None
        name = html.unescape(found[2].replace("\\", ""))
        if re.match(r"mermaid(?!\w)", name, re.IGNORECASE):
            return line[: found.end(1)] + "text"
        return line[: found.end(1)] + re.sub(r"[|\[\]]", "", line[found.end(1) :])  # never shown, and no table's head
    return line
