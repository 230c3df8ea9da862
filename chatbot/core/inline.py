"""Text inside a paragraph, made safe to draw: no picture is fetched, money stays money, maths is told apart.

The renderer (Streamlit's) reads more than Markdown: single dollars as maths, `:name[…]` as colours, `:name:` as emoji.
A model's words are drawn as it wrote them, so these are escaped outside code. What cannot be told apart with
certainty counts as no code and no maths.

Maths is `$$…$$`, `\\(…\\)`, `\\[…\\]`, and `$…$` on one line of at most 200 characters where the opening dollar stands
neither behind a letter or digit nor before a space, the closing one neither behind a space nor before a letter or
digit, and where it does not begin like prose: a number or word followed by a word (`$5 million`, `$HOME is`). What
begins with a digit and has spaces needs a sign of TeX besides (`$2 + 3 = 5$` is maths, `$5 - $10` is money).
"""

import re
from bisect import bisect_left
from collections.abc import Callable
from functools import partial

LONGEST_MATHS = 4_000
_LONGEST_SPAN_AWAITED = 400  # characters for which an open backtick is waited for before it counts as a mere backtick

_SPECIAL = re.compile(
    r"(?=[\\`$!<:\]hw])(?:(?P<escape>\\[!-/:-@\[-`{-~])|(?P<ticks>`+)|(?P<dollars>\$+)|(?P<picture>!\[)|(?P<angle><)|(?P<colon>:)"
    r"|(?P<url>(?<![^\W_])(?:https?://|www\.)[^\s<`()\[\]\"'*!:/?#]*(?::\d+)?(?:[/?#](?:[^\s<`()\[\]\"'*!]|!(?!\[))*)?)"
    r"|(?P<target>\]\())",
    re.IGNORECASE,
)
_TICKS = re.compile("`+")
_DOLLARS = re.compile(r"\$(?![\s$])([^$\n`]{0,199}[^\s$`\\])\$(?![\w$])")
_DOLLARS_END = re.compile(r"[$\n`]")
_PROSE = re.compile(r"\$(?:\d[\d.,]*|[^\W\d_]{2,})\s+[^\W\d_]{2}")
_TEX = re.compile(r"[\\^_{}=+<>]")
_MATHS_END = {"$$": re.compile(r"(?<!\\)\$\$"), "\\(": re.compile(r"\\\)"), "\\[": re.compile(r"\\\]")}
_LONE_DOLLAR = re.compile(r"(?<!\\)\$")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*\n")
_AUTOLINK = re.compile(r"<(?:https?|ftp|mailto):[^\s<>`!]{1,300}>", re.IGNORECASE)
_MAYBE_AUTOLINK = re.compile(r"<[A-Za-z]{0,6}(?::[^\s<>`!]{0,300})?\Z")
_TARGET = re.compile(r"\]\([^\s\"'()<>`!$\[\]]{0,500}\)")
_MAYBE_TARGET = re.compile(r"\]\([^\s\"'()<>`!$\[\]]{0,500}\Z")
_SHORTCODE = re.compile(r":([\w+-]{1,80})(?=:)", re.ASCII)
_MAYBE_SHORTCODE = re.compile(r":[\w+-]{0,80}\Z", re.ASCII)
_NAME = re.compile(r"[a-z](?:[\w-]*[a-z0-9])?", re.IGNORECASE | re.ASCII)
# The renderer gives these a meaning of its own, so that braces would not make them plain.
_MEANT = re.compile(
    r"red|orange|yellow|green|blue|violet|purple|gr[ae]y|primary|rainbow|small|shimmer|color|help|.*-.*"
)
_NO_EMOJI = re.compile(r"(?!100$|1234$)\d+")
_RAW = re.compile(r"\]\([^\"'()`]*\)|\]\[[^`\]]*\]|\[\^[^`\]]*\]")
_RAW_OPEN = re.compile(r"\]\(|\]\[|\[\^")
_LINE_START = re.compile(r"(\n[ \t]*)(?=[<:$])")
_JOINER = "\u2060"  # invisible; between a colon and a name it keeps an emoji from being looked up


def inline(text: str, *, done: bool = True, growing: bool = False) -> str:
    r"""The text of one paragraph, heading or table, its lines joined by newlines, as it can be drawn.

    With `growing` the text comes piece by piece, `done` false says that more may follow: what is given is only what
    no continuation can change, so that the result for a longer text always begins with the result for a shorter one.

    >>> print(inline("It costs $5, see ![x](http://h/p.png) and `a![0]`."))
    It costs \$5, see !\[x](http://h/p.png) and `a![0]`.
    >>> print(inline(r"So \(x < 1\), $y_1$ and :red[x]."))
    So $$x < 1$$, $y_1$ and \:red[x].
    """
    return _Inline(text, done, growing or not done).drawn()


def maths(body: str) -> str:
    """TeX on one line, harmless even where it should be read as Markdown: no picture, no tag. Empty: not TeX at all."""
    if _LONE_DOLLAR.search(body) and "\\text" not in body and "\\mbox" not in body:
        return ""
    line = " ".join(_COMMENT.sub("\n", body).split())
    return re.sub(r"<(?=[A-Za-z/!?])", "< ", line.replace("![", "!{}["))


class _Inline:
    """One pass over a text. Each kind of special mark gives the place where it goes on, None to wait for more."""

    def __init__(self, text: str, done: bool, growing: bool) -> None:
        self.text = text
        self.done = done
        self.growing = growing
        self.definition = text.find("]:") if text.lstrip().startswith("[") else -1
        self.out: list[str] = []
        self.runs: dict[int, list[int]] | None = None
        """Where runs of backticks stand, by their length."""
        self.seen = 0
        """Up to here no link target or label was left open that a backtick could lie in."""
        self.doubtful = False
        """What looks like code from here on may be none: pictures are escaped there too."""

    def drawn(self) -> str:
        kinds: dict[str, Callable[[int, int], int | None]] = {
            "escape": self._escape,
            "ticks": self._ticks,
            "dollars": self._dollars,
            "picture": partial(self._say, r"!\["),
            "angle": self._angle,
            "colon": self._colon,
            "url": self._url,
            "target": self._target,
        }
        at = 0
        while found := _SPECIAL.search(self.text, at):
            self.out.append(self.text[at : found.start()])
            assert found.lastgroup is not None
            end = kinds[found.lastgroup](found.start(), found.end())
            if end is None:
                return "".join(self.out)
            at = end
        rest = self.text[at:]
        self.out.append(rest[:-1] if not self.done and rest.endswith(("!", "\\")) else rest)
        return "".join(self.out)

    def _say(self, said: str, start: int, end: int) -> int:
        self.out.append(said)
        return end

    def _wait(self, start: int, most: int) -> bool:
        return not self.done and len(self.text) - start <= most

    def _escape(self, start: int, end: int) -> int | None:
        opener = self.text[start:end]
        return self._maths(opener, start) if opener in _MATHS_END else self._say(opener, start, end)

    def _maths(self, opener: str, start: int) -> int | None:
        """Maths within a line; a lone opener stays what it is, its dollars escaped."""
        most = start + 2 + LONGEST_MATHS
        found = _MATHS_END[opener].search(self.text, start + 2, most)
        body = self.text[start + 2 : found.start() if found else most]
        if "`" not in body and "\n" not in body:
            if found and (line := maths(body)):
                pad = " " if line[0] == "$" or line[-1] == "$" else ""
                self.out.append(f"$${pad}{line}{pad}$$")
                return found.end()
            if not found and self._wait(start, LONGEST_MATHS + 2):
                return None
        return self._say(opener.replace("$", r"\$"), start, start + 2)

    def _dollars(self, start: int, end: int) -> int | None:
        text = self.text
        if end == len(text) and not self.done:
            return None
        if end - start == 2:
            return self._maths("$$", start)
        if end - start == 1 and not text[start - 1 : start].isalnum() and not _PROSE.match(text, start):
            found = _DOLLARS.match(text, start)
            if found and found.end() == len(text) and not self.done:
                return None
            if found and self._is_maths(found[1]):
                return self._say(f"${maths(found[1])}$", start, found.end())
            closed = _DOLLARS_END.search(text, end)
            if (
                not text[end : end + 1].isspace()
                and (closed is None or closed.end() == len(text))
                and self._wait(start, 203)
            ):
                return None
        return self._say(r"\$" * (end - start), start, end)

    @staticmethod
    def _is_maths(body: str) -> bool:
        return not body[0].isdigit() or not any(map(str.isspace, body)) or bool(_TEX.search(body))

    def _angle(self, start: int, end: int) -> int | None:
        if link := _AUTOLINK.match(self.text, start):
            return self._say(link[0], start, link.end())
        if not self.done and _MAYBE_AUTOLINK.match(self.text, start):
            return None
        return self._say(r"\<", start, end)

    def _colon(self, start: int, end: int) -> int | None:
        if self.text.startswith(":material/", start):
            return self._say(r"\:material\/", start, start + len(":material/"))
        if found := _SHORTCODE.match(self.text, start):
            name = found[1]
            if _NAME.fullmatch(name) and not _MEANT.fullmatch(name):
                said = f":{name}{{}}"  # a mark without meaning: it is drawn as its name, and is no emoji
            else:
                said = f":{name}" if _NO_EMOJI.fullmatch(name) else rf"\:{_JOINER}{name}"
            return self._say(said, start, found.end())
        if not self.done and _MAYBE_SHORTCODE.match(self.text, start):
            return None
        after = self.text[end : end + 1]
        return self._say(r"\:" if after.isalpha() or after == ":" else ":", start, end)

    def _url(self, start: int, end: int) -> int | None:
        url = self.text[start:end].replace("$", "%24")
        if end == len(self.text) and not self.done:
            self.out.append(url.removesuffix("!"))
            return None
        if self.text[end : end + 1] == "`":
            self.doubtful = True
        return self._say(url, start, end)

    def _target(self, start: int, end: int) -> int | None:
        if link := _TARGET.match(self.text, start):
            return self._say(link[0], start, link.end())
        if not self.done and _MAYBE_TARGET.match(self.text, start):
            self.out.append("]")
            return None
        return self._say("](", start, end)

    def _ticks(self, start: int, end: int) -> int | None:
        if end == len(self.text) and not self.done:
            return None
        closer = self._closer(end, end - start)
        stop = closer + end - start
        if (closer < 0 or stop == len(self.text)) and self._wait(start, _LONGEST_SPAN_AWAITED):
            return None
        too_long = self.growing and (stop if closer >= 0 else len(self.text)) - start > _LONGEST_SPAN_AWAITED
        if closer < 0 or too_long:
            self.doubtful = self.doubtful or too_long
            return self._say(self.text[start:end], start, end)
        span = self.text[start:stop]
        self.doubtful = self.doubtful or "|" in span or "\n" in span or self._in_raw(start)
        self.seen = stop
        if self.doubtful:
            span = _LINE_START.sub(r"\1\\", span.replace("![", r"!\["))
        return self._say(span, start, stop)

    def _closer(self, start: int, length: int) -> int:
        if self.runs is None:
            self.runs = {}
            for run in _TICKS.finditer(self.text):
                self.runs.setdefault(run.end() - run.start(), []).append(run.start())
        places = self.runs.get(length, [])
        at = bisect_left(places, start)
        return places[at] if at < len(places) else -1

    def _in_raw(self, start: int) -> bool:
        """Whether the backtick at `start` might belong to a link's target or label, and so begin no code."""
        if 0 <= self.definition < start:
            return True
        return bool(_RAW_OPEN.search(_RAW.sub("", self.text[self.seen : start])))
