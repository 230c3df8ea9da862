"""Where a person types: one or several lines, with what was said before under the arrow keys."""

import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from chatbot.terminal.display import PROMPT
from chatbot.terminal.signals import Terminated, handed_to

if TYPE_CHECKING:
    from prompt_toolkit.history import History
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

Read = Callable[[str], str]
"""Gives the next line, given what stands in it already. EOFError at the end, KeyboardInterrupt when Ctrl-C was pressed
on an empty line."""


def typed(said_before: Callable[[], Iterable[str]]) -> Read:
    """Reads from a terminal. `said_before`, newest first, is read from the store and kept in no file of its own."""
    from prompt_toolkit import PromptSession
    from prompt_toolkit.application import create_app_session
    from prompt_toolkit.output.plain_text import PlainTextOutput
    from prompt_toolkit.utils import is_dumb_terminal

    # Even for a terminal that obeys nothing, it would begin by showing the cursor.
    plain: AbstractContextManager[object] = nullcontext()
    if is_dumb_terminal():
        plain = create_app_session(output=PlainTextOutput(sys.stdout))
    with plain:
        session: PromptSession[str] = PromptSession(
            PROMPT,
            multiline=True,
            history=_history(said_before),
            key_bindings=_keys(),
            prompt_continuation=" " * len(PROMPT),
        )

    def end(ended: Terminated) -> None:
        # Raised inside the event loop, it would be taken for a bug and shown with "Press ENTER to continue".
        app, loop = session.app, session.app.loop
        if loop is None or not app.is_running:
            raise ended
        loop.call_soon_threadsafe(lambda: app.exit(exception=ended))

    def read(default: str) -> str:
        with handed_to(end):
            return session.prompt(default=default)

    return read


def piped(_: str) -> str:
    """Reads lines from standard input, whatever it is."""
    line = sys.stdin.readline() if sys.stdin is not None else ""
    if not line:
        raise EOFError
    return line.rstrip("\n")


def _keys() -> "KeyBindings":
    from prompt_toolkit.key_binding import KeyBindings

    keys = KeyBindings()

    @keys.add("enter")
    def _(event: "KeyPressEvent") -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def _(event: "KeyPressEvent") -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("c-c")
    def _(event: "KeyPressEvent") -> None:
        if event.current_buffer.text:
            event.current_buffer.reset()
        else:
            event.app.exit(exception=KeyboardInterrupt, style="class:aborting")

    @keys.add("<vt100-mouse-event>")
    def _(event: "KeyPressEvent") -> None:
        # No mouse was asked for, so it is a colour that came with pasted text: prompt_toolkit takes one for the other,
        # and fails at it.
        pass

    return keys


def _history(newest_first: Callable[[], Iterable[str]]) -> "History":
    from prompt_toolkit.history import History, ThreadedHistory

    class Said(History):
        def load_history_strings(self) -> Iterable[str]:
            return newest_first()

        def store_string(self, string: str) -> None:
            pass  # the store has it

    return ThreadedHistory(Said())
