"""One shot: a message in, a reply out.

Only what the first token needs is imported before it: no rich, no prompt_toolkit.
"""

import contextlib
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chatbot.core.endings import how_it_ended
from chatbot.core.errors import BadInput, ByteBotError, WayOut
from chatbot.core.events import Event, Failed, Folded, Retrying, Started, TextDelta
from chatbot.core.messages import CONTINUABLE, LIVE
from chatbot.terminal.marks import Marks
from chatbot.terminal.opening import Chosen, House, about_the_model, opened
from chatbot.terminal.screen import Raw
from chatbot.terminal.signals import INTERRUPTED, READER_LEFT, Interrupts, Terminated
from chatbot.terminal.streams import is_terminal, read_pipe, say, silence
from chatbot.terminal.way_out import AFTER_ASK, way_on

if TYPE_CHECKING:
    from chatbot.engine.actions import Action
    from chatbot.engine.live import LiveTurn

WHOLE, PARTIAL = 0, 1
_KEEPING = 5.0  # seconds in which a stopped reply is stored
_PATIENCE = 4  # heartbeats; then a reply that has not begun is waiting for the one before it


def ask(chosen: Chosen, words: Sequence[str]) -> int:
    """Ask, print the reply as it comes, give the exit status: 0 only when a whole reply was stored."""
    # The SDK takes longest to load, so it loads while standard input is read and the history is opened.
    threading.Thread(target=_warm, name="warm-up", daemon=True).start()
    text = "\n\n".join(part for part in (" ".join(words), read_pipe()) if part.strip())
    if not text and not chosen.goes_on:
        raise BadInput('There is nothing to ask. Say it in quotes: chatbot ask "…"')
    with opened(chosen, titles=False) as house:
        from chatbot.engine.actions import Say

        action = Say(text, house.head) if text else _more(house)
        if about := about_the_model(house):
            say(f"chatbot: {about}")
        marks = Marks(house.engine, house.conversation, house.options.model)
        turn = house.engine.start(
            house.conversation, action, options=house.options, tag="terminal", by_rules=not chosen.model
        )
        status = _Answer(turn, house, temporary=chosen.temporary).print()
        for warning in marks.passed(None if chosen.temporary else turn.conversation):
            say(f"chatbot: {warning}")
        return status


def _warm() -> None:
    import chatbot.providers.chat_completions  # noqa: F401


def _more(house: House) -> "Action":
    """What no words at all mean: the rest of a reply that is not whole, or another try."""
    from chatbot.engine.actions import Continue, Retry

    assert house.conversation is not None
    tree = house.engine.store.conversations.tree(house.conversation)
    leaf = None if house.head is None else tree.by_id.get(house.head)
    if leaf is None or leaf.role != "assistant" or leaf.state in ("complete", "refused"):
        raise BadInput("The last reply is whole, so there is nothing to continue. Say something to go on.")
    if leaf.state in LIVE:
        raise BadInput("The last reply is still being written. Wait for its end, or say something to stand in line.")
    return Continue(leaf.id) if leaf.state in CONTINUABLE and not leaf.empty else Retry(leaf.id)


class _Answer:
    """One turn on its way to standard output."""

    def __init__(self, turn: "LiveTurn", house: House, *, temporary: bool) -> None:
        self._turn = turn
        self._house = house
        self._temporary = temporary
        self._raw = Raw(sys.stdout, terminal=is_terminal(sys.stdout))
        self._begun = False
        self._beats = 0

    def print(self) -> int:
        try:
            with Interrupts() as interrupts:
                for batch in self._turn.follow():
                    if interrupts.count:
                        self._turn.stop()
                    self._show(batch)
            self._raw.end()
        except OSError as error:
            return self._unread(error)
        except Terminated:
            self._closed()
            raise
        complete = self._tell()
        if interrupts.count:
            return INTERRUPTED
        return WHOLE if complete else PARTIAL

    def _show(self, batch: Sequence[Event]) -> None:
        for event in batch:
            match event:
                case Started(note=note):
                    self._begun = True
                    if note:
                        say(f"chatbot: {note}")
                case Retrying(reason=reason):
                    say(f"chatbot: {reason}")
                case Folded():
                    say(f"chatbot: {event.words}")
                case _:
                    pass
        self._raw.write("".join(event.text for event in batch if isinstance(event, TextDelta)))
        self._beats += 1
        if self._beats == _PATIENCE and not self._begun:
            say(f"chatbot: {how_it_ended('waiting')} The reply before this one is still being written.")

    def _unread(self, error: OSError) -> int:
        """Nobody takes the words any more: nobody should pay for the rest. The part is kept."""
        silence(sys.stdout)
        self._turn.stop()
        self._turn.wait(_KEEPING)
        broken = isinstance(error, BrokenPipeError)
        why = "the reader left" if broken else f"the reply could not be written: {error.strerror}"
        ending = self._turn.ending
        whole = ending is not None and ending.state == "complete"
        rest = "it is kept, whole." if whole else f"the reply was stopped. {self._again('continue')}"
        say(f"chatbot: {why}; {rest}")
        return READER_LEFT if broken else PARTIAL

    def _closed(self) -> None:
        """The process was asked to end: whoever reads on learns what was kept."""
        self._turn.closing = True
        self._turn.stop()
        self._turn.wait(_KEEPING)
        if is_terminal(sys.stdout):
            # A pipe may be full, and waiting for its reader would keep the process from ending.
            try:
                self._raw.end()
            except OSError:
                silence(sys.stdout)
        if self._turn.ending is not None:
            self._tell()

    def _tell(self) -> bool:
        """Say how it ended, unless it is whole; true when it is."""
        ending = self._turn.ending
        assert ending is not None
        error = ending.sentence if isinstance(ending, Failed) else None
        sentence = how_it_ended(ending.state, error=error, limit=self._house.options.max_output, usage=self._turn.usage)
        if sentence is None:
            if not isinstance(ending, Failed) and ending.note:
                say(f"chatbot: {ending.note}")
            return True
        empty = not self._turn.text
        what = self._nothing() if empty else "the reply is partial"
        if self._turn.closing and not empty and not self._temporary:
            what += "; the part is kept"
        way_out = ending.way_out if isinstance(ending, Failed) else None
        say(f"chatbot: {what}. {sentence} {self._again(way_on(ending.state, way_out, empty=empty))}".rstrip())
        return False

    def _nothing(self) -> str:
        """What to call a reply without a word: where it was to go on with an earlier part, that one is still there."""
        reply = None
        # Where the history cannot be read just then, the ending's own sentence matters more.
        with contextlib.suppress(ByteBotError):
            reply = self._house.engine.store.conversations.tree(self._turn.conversation).by_id.get(self._turn.reply)
        goes_on = reply is not None and reply.continues
        return "nothing was added; the earlier part of the reply is still there" if goes_on else "no reply"

    def _again(self, way_out: WayOut) -> str:
        if self._temporary:
            return "It was temporary, so there is nothing to go on with."
        return AFTER_ASK[way_out].format(again=f"chatbot ask --conversation {self._turn.conversation}")
