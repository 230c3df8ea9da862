"""Markdown as a terminal shows it: HTML, links and images as text, and not one control character."""

from typing import TYPE_CHECKING

from chatbot.terminal.screen import visible

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult


_DEEPEST = 15  # levels; the parser drops what is nested deeper than 20
_INDENT, _LEAST = 4, 20  # columns that a level may take, and that must be left for words


def markdown(text: str) -> "RenderableType":
    """The text, ready for `console.print`."""
    return Safe(_Block(visible(text)))


class _Block:
    """Markdown in which nothing that was said is missing."""

    def __init__(self, text: str) -> None:
        from markdown_it import MarkdownIt
        from rich.markdown import Markdown

        # Rich shows no HTML at all, images out of order and no address of a reference: they stay text. Addresses are
        # written out: a terminal's hyperlink can say one thing and open another.
        parser = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])
        parser.disable(["image", "reference"])
        self._text = text
        self._drawn = Markdown("", code_theme="ansi_dark", hyperlinks=False)
        self._drawn.parsed = parser.parse(text)

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        from rich.text import Text

        depth = max((token.level for token in self._drawn.parsed), default=0)
        if depth > min(_DEEPEST, (options.max_width - _LEAST) // _INDENT):
            yield Text(self._text)
        else:
            yield self._drawn


class Safe:
    """A renderable without control characters: Markdown can write them as `%1b` in an address, so they are taken last.

    Lines end where their words do, so that what is copied from the terminal is what was said. No blank line comes
    before the first word or after the last.
    """

    def __init__(self, inner: "RenderableType") -> None:
        self._inner = inner

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        from rich.segment import Segment

        blank, begun = 0, False
        for line in console.render_lines(self._inner, options, pad=False):
            words = [Segment(visible(segment.text), segment.style) for segment in line if not segment.control]
            while words and not words[-1].text.strip(" "):
                words.pop()
            if not words:
                blank += 1
                continue
            if begun:
                yield from [Segment.line()] * blank
            blank, begun = 0, True
            yield from words[:-1]
            yield Segment(words[-1].text.rstrip(" "), words[-1].style)
            yield Segment.line()


class Tail:
    """The last lines of a renderable, as many as the window has room for: what is taller could not be drawn again."""

    def __init__(self, inner: "RenderableType", *, spare: int = 2) -> None:
        self._inner = inner
        self._spare = spare

    def __rich_console__(self, console: "Console", options: "ConsoleOptions") -> "RenderResult":
        from rich.segment import Segment

        lines = console.render_lines(self._inner, options, pad=False)
        for line in lines[-max(1, options.size.height - self._spare) :]:
            yield from line
            yield Segment.line()
