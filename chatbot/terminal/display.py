"""Where the REPL writes: a terminal, in Markdown and colours, or a file or pipe, in plain text."""

import sys
from typing import TYPE_CHECKING, Protocol

from chatbot.core.endings import how_it_ended
from chatbot.terminal.drawing import Drawing, MarkdownDrawing, PlainDrawing
from chatbot.terminal.markdown import markdown
from chatbot.terminal.screen import visible
from chatbot.terminal.streams import is_terminal, say

if TYPE_CHECKING:
    from chatbot.engine.view import Shown

PROMPT = "› "


class Display(Protocol):
    """Everything given to it is made safe to show."""

    def line(self, text: str) -> None:
        """What was asked for."""
        ...

    def dim(self, text: str) -> None:
        """A word beside it."""
        ...

    def tell(self, sentence: str) -> None:
        """What went wrong, and what to do."""
        ...

    def message(self, message: "Shown") -> None:
        """A stored message."""
        ...

    def reply(self, *, before: str) -> Drawing:
        """Draws a reply while it comes; `before` is the text above it when it goes on."""
        ...


class Plain:
    def line(self, text: str) -> None:
        print(visible(text), flush=True)

    def dim(self, text: str) -> None:
        say(text)

    def tell(self, sentence: str) -> None:
        say(sentence)

    def message(self, message: "Shown") -> None:
        self.line(f"{PROMPT if message.role == 'user' else ''}{message.text}\n")
        if how := ended(message):
            self.dim(how)

    def reply(self, *, before: str) -> Drawing:
        return PlainDrawing(sys.stdout, terminal=is_terminal(sys.stdout), note=self.dim)


class Coloured:
    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(highlight=False, emoji=False, markup=False)

    def line(self, text: str) -> None:
        self._text(text, "")

    def dim(self, text: str) -> None:
        self._text(text, "dim")

    def tell(self, sentence: str) -> None:
        self._text(sentence, "yellow")

    def message(self, message: "Shown") -> None:
        if message.role == "user":
            self._text(f"{PROMPT}{message.text}", "bold")
        else:
            self._console.print(markdown(message.text))
        self._console.print()
        if how := ended(message):
            self.dim(how)

    def reply(self, *, before: str) -> Drawing:
        return MarkdownDrawing(self._console, before=before)

    def _text(self, text: str, style: str) -> None:
        from rich.text import Text

        self._console.print(Text(visible(text), style=style))


def ended(message: "Shown") -> str | None:
    """How a reply ended that is not whole, as a sentence."""
    if message.role == "user":
        return None
    row, limit = message.row, message.row.options.get("max_output")
    return how_it_ended(
        row.state,
        error=row.error,
        limit=limit if isinstance(limit, int) else None,
        usage=row.usage,
        goes_on=row.continues,
    )
