"""A reply while it comes: in Markdown on a terminal, as plain text anywhere else."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TextIO

from chatbot.core.blocks import Blocks
from chatbot.core.endings import how_it_ended
from chatbot.core.events import Event, Finished, Folded, ReasoningDelta, Retrying, Started, TextDelta
from chatbot.terminal.markdown import Safe, Tail, markdown
from chatbot.terminal.screen import Raw, one_line, visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

FRAME = 0.05  # seconds between two pictures of the open block
PATIENCE = 0.8  # seconds; a reply that has not begun by then waits for another one
_THOUGHTS = 1_000  # characters of reasoning that are drawn again with each picture


class Drawing(Protocol):
    """Draws one reply inside a `with`; leaving it makes the picture final."""

    def __enter__(self) -> "Drawing": ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...
    def show(self, batch: Sequence[Event]) -> None:
        """What has come; an empty batch is a heartbeat."""
        ...


class PlainDrawing:
    """The text as it comes; what is not the model's word goes through `note`."""

    def __init__(self, out: TextIO, *, terminal: bool, note: "Note") -> None:
        self._raw = Raw(out, terminal=terminal)
        self._note = note

    def __enter__(self) -> "PlainDrawing":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._raw.end()

    def show(self, batch: Sequence[Event]) -> None:
        for event in batch:
            if sentence := _noteworthy(event):
                self._note(sentence)
        self._raw.write("".join(event.text for event in batch if isinstance(event, TextDelta)))


class Note(Protocol):
    def __call__(self, sentence: str, /) -> None: ...


class MarkdownDrawing:
    """Finished blocks are printed once; only the open one is drawn again.

    `before` is the text above, when a reply goes on: its open block is drawn anew, with what comes.
    """

    def __init__(self, console: "Console", *, before: str = "") -> None:
        from rich.live import Live

        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True, vertical_overflow="crop")
        self._blocks = Blocks(least=1)
        self._blocks.feed(before)
        self._printed = len(self._blocks.finished)
        self._spoke = False
        self._started = False
        self._thoughts = ""
        self._began = time.monotonic()
        self._began_thinking: float | None = None
        self._drawn_at = 0.0
        self._cost = 0.0

    def __enter__(self) -> "MarkdownDrawing":
        self._live.start()
        self._draw()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._live.update("")
        self._live.stop()
        if self._spoke and self._blocks.open.strip():
            self._print(self._blocks.open)

    def show(self, batch: Sequence[Event]) -> None:
        for event in batch:
            match event:
                case Started(note=note):
                    self._started = True
                    if note:
                        self._dim(note)
                case ReasoningDelta(text):
                    self._began_thinking = self._began_thinking or time.monotonic()
                    self._thoughts += text
                case TextDelta(text):
                    self._speak(text)
                case _:
                    if sentence := _noteworthy(event):
                        self._dim(sentence)
        finished = self._blocks.finished[self._printed :] if self._spoke else []
        if finished:
            # First: each print draws the open part again, and what is finished must not stand there twice.
            self._live.update(self._open(time.monotonic()))
        for block in finished:
            self._print(block)
            self._printed += 1
        self._draw()

    def _speak(self, text: str) -> None:
        if not self._spoke and text.strip():
            self._spoke = True
            if self._began_thinking is not None:
                thought = time.monotonic() - self._began_thinking
                self._dim("Thought for a moment." if thought < 1 else f"Thought for {thought:.0f} s.")
        self._blocks.feed(text)

    def _print(self, block: str) -> None:
        if block.strip():
            self._console.print(markdown(block))
            self._console.print()

    def _dim(self, sentence: str) -> None:
        from rich.text import Text

        self._console.print(Text(one_line(sentence, most=1_000), style="dim"))

    def _draw(self) -> None:
        """The open part again, at a pace that its own cost allows."""
        now = time.monotonic()
        if now - self._drawn_at < max(FRAME, 4 * self._cost):
            return
        self._live.update(self._open(now), refresh=True)
        self._drawn_at = time.monotonic()
        self._cost = self._drawn_at - now

    def _open(self, now: float) -> "RenderableType":
        from rich.text import Text

        if self._spoke:
            return Tail(markdown(self._blocks.open))
        waited = now - self._began
        if not self._started and waited > PATIENCE:
            return Text(how_it_ended("waiting") or "", style="dim")
        words = "Thinking…" if waited < 2 else f"Thinking… {waited:.0f} s"
        thoughts = visible(self._thoughts[-_THOUGHTS:]).strip()
        return Tail(Safe(Text(f"{words}\n{thoughts}".strip(), style="dim")), spare=self._console.height // 2)


def _noteworthy(event: Event) -> str | None:
    """What a reader is told beside the text."""
    match event:
        case Retrying(reason=reason):
            return reason
        case Folded():
            return event.words
        case Started(note=note) | Finished(note=note):
            return note or None
        case _:
            return None
