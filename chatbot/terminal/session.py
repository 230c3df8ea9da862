"""What the REPL is in the middle of: a conversation, its options, and the turns that it asks for."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from chatbot.core.bill import Bill, bill, short
from chatbot.core.endings import how_it_ended
from chatbot.core.errors import BadInput, StoreError
from chatbot.core.events import CallFinished, Event, Failed, Finished, Terminal
from chatbot.core.messages import CONTINUABLE, LIVE
from chatbot.engine.actions import Action, Continue, Regenerate, Retry, Say
from chatbot.engine.choose import choose
from chatbot.engine.view import Shown
from chatbot.store.values import StoredMessage
from chatbot.terminal.marks import Marks
from chatbot.terminal.opening import House
from chatbot.terminal.signals import Interrupts, Terminated
from chatbot.terminal.way_out import IN_REPL, way_on

if TYPE_CHECKING:
    from chatbot.core.tree import Leaf
    from chatbot.terminal.display import Display

_EARLIER = 20  # messages that /history shows
_KEEPING = 5.0  # seconds in which a stopped reply is stored


class Leave(Exception):
    """Ctrl-C was pressed twice while a reply was written."""


class Session:
    """One REPL. Its methods raise ByteBotError when nothing was done; what happens to a reply is shown instead."""

    def __init__(self, house: House, display: "Display") -> None:
        self.home = house.home
        self.engine = house.engine
        self.options = house.options
        self.conversation = house.conversation
        self.head = house.head
        self.display = display
        self.leaving = False
        self.whole = True
        """Whether the last reply was; False when nothing was done with the last line."""

    # — turns —

    @property
    def model(self) -> str:
        """The model's name; words while nobody has chosen one."""
        return self.options.model or "a model that the server has"

    def say(self, text: str) -> None:
        """Send a message and show the reply to it."""
        self._turn(Say(text, self.head))

    def go_on(self) -> None:
        """Show the rest of a reply that is not whole."""
        leaf = self._last_reply()
        if leaf.state not in CONTINUABLE:
            raise BadInput("The last reply ended by itself, so there is nothing to continue. /retry asks for another.")
        self._turn(Retry(leaf.id) if leaf.empty else Continue(leaf.id))

    def try_again(self) -> None:
        """Ask for the last reply anew; the old one stays beside it."""
        leaf = self._last_reply()
        self._turn(Retry(leaf.id) if leaf.state in ("failed", "blocked") else Regenerate(leaf.id))

    def stop_elsewhere(self) -> int:
        """Stop what another window is having written in this conversation; gives the number of replies."""
        live = self.engine.store.turns.live(self.conversation) if self.conversation else []
        for reply in live:
            self.engine.stop(reply)
        return len(live)

    def attach(self) -> None:
        """Show the rest of the last reply if another window is having it written."""
        shown = self.shown()
        if shown is not None and shown.live:
            self._watch(shown.row.id, before=shown.before)

    def _turn(self, action: Action) -> None:
        marks = Marks(self.engine, self.conversation, self.options.model)
        turn = self.engine.start(self.conversation, action, options=self.options, tag="terminal")
        self.conversation, self.head = turn.conversation, turn.reply
        shown = self.shown() if isinstance(action, Continue | Retry) else None
        self._watch(turn.reply, before=shown.before if shown else "")
        if not self.options.model:  # the turn has asked the server what it has
            kept = self.engine.store.conversations.get(turn.conversation).options
            self.options = replace(self.options, model=kept.model)
        for warning in marks.passed(self.conversation):
            self.display.dim(warning)

    def _watch(self, reply: int, *, before: str) -> None:
        ending: Event | None = None
        spent = Bill()
        try:
            with Interrupts() as interrupts, self.display.reply(before=before) as drawing:
                stopping = False
                for batch in self.engine.follow(reply):
                    if interrupts.count and not stopping:
                        stopping = True
                        self.engine.stop(reply)
                    drawing.show(batch)
                    spent += bill(event.cost for event in batch if isinstance(event, CallFinished) and event.cost)
                    ending = batch[-1] if batch else ending
        except KeyboardInterrupt:  # the second one
            if not self.engine.anonymous:
                self.display.tell(f"Go on with: chatbot --conversation {self.conversation}")
            raise Leave from None
        except Terminated:
            self._closed(reply)
            raise
        if isinstance(ending, Finished | Failed):
            self._foot(ending, spent)

    def _closed(self, reply: int) -> None:
        """The process was asked to end: who is still there learns that the part is kept, and how to go on."""
        turn = self.engine.live(reply)
        if turn is None:
            return  # another process has it written, and goes on with it
        turn.closing = True
        turn.stop()
        turn.wait(_KEEPING)
        ending = turn.ending
        if not isinstance(ending, Failed) or ending.kind != "Closed" or not turn.text or self.engine.anonymous:
            return  # whole by now, not stored, or to be forgotten
        with contextlib.suppress(OSError):  # the terminal may be what went away
            self.display.tell(
                f"{ending.sentence} The part is kept. Go on with: chatbot --conversation {self.conversation}"
            )

    def _foot(self, ending: Terminal, spent: Bill) -> None:
        """The dim line below a reply, and what to do when it is not whole. `spent`: on the calls that were made here."""
        try:
            shown = self.shown()
        except StoreError:
            shown = None  # the ending says so already, and what to do
        if shown is not None:
            # Of a temporary chat the ledger knows no reply; of one that another window had made only the ledger tells.
            kept = bill(call.cost for call in shown.calls if call.reply == shown.row.id)
            self.display.dim(footer(shown.row, kept if kept.calls else spent))
        error = ending.sentence if isinstance(ending, Failed) else None
        sentence = how_it_ended(
            ending.state,
            error=error,
            limit=self.options.max_output,
            usage=shown.row.usage if shown else None,
            goes_on=shown is not None and shown.row.continues,
        )
        self.whole = sentence is None
        if sentence:
            way_out = ending.way_out if isinstance(ending, Failed) else None
            empty = shown is None or not shown.text
            self.display.tell(f"{sentence} {IN_REPL[way_on(ending.state, way_out, empty=empty)]}")

    def shown(self) -> Shown | None:
        """The newest message here; None before the first."""
        if self.conversation is None:
            return None
        return next(iter(self.engine.view(self.conversation, self.head, last=1).shown), None)

    def _last_reply(self) -> "Leaf":
        if self.conversation is None:
            raise BadInput("Nothing has been said yet.")
        leaf = self.engine.store.conversations.tree(self.conversation).by_id.get(self.head or 0)
        if leaf is None or leaf.role != "assistant":
            raise BadInput("There is no reply yet. Say something.")
        if leaf.state in LIVE:
            raise BadInput("The last reply is still being written in another window; /stop stops it.")
        return leaf

    # — the conversation —

    def reset(self) -> None:
        """Begin a new conversation with the next message; the old one stays."""
        self.conversation = self.head = None

    def change(
        self,
        *,
        connection: str | None = None,
        model: str | None = None,
        system: str | None = None,
        temperature: float | Literal["none"] | None = None,
        max_output: int | Literal["none"] | None = None,
        allow_unpriced: bool | None = None,
    ) -> None:
        """Hold the conversation with other options from now on."""
        self.options = choose(
            self.home,
            self.options,
            connection=connection,
            model=model,
            system=system,
            temperature=temperature,
            max_output=max_output,
            allow_unpriced=allow_unpriced,
        )
        if self.conversation is not None:
            self.engine.store.conversations.set_options(self.conversation, self.options)

    def history(self) -> tuple[int, tuple[Shown, ...]]:
        """How many messages stand above, and the newest of this conversation."""
        if self.conversation is None:
            return 0, ()
        view = self.engine.view(self.conversation, self.head, last=_EARLIER)
        return view.earlier, view.shown

    def said_before(self) -> Iterator[str]:
        """What the person said, newest first: here, then in other conversations."""
        conversations = self.engine.store.conversations
        ids = dict.fromkeys([*filter(None, [self.conversation]), *(line.id for line in conversations.lines(limit=5))])
        for id in ids:
            for shown in reversed(self.engine.view(id, last=_EARLIER).shown):
                if shown.role == "user":
                    yield shown.text


def footer(row: StoredMessage, spent: Bill) -> str:
    """Model, tokens, the seconds that the whole call took, and what it cost; — is unknown, ≈ an estimate."""
    tokens = row.usage.output_tokens if row.usage else None
    about = "≈ " if row.usage and row.usage.estimated else ""
    counted = "— tokens" if tokens is None else f"{about}{tokens:,} token{'' if tokens == 1 else 's'}"
    lasted = "" if row.duration is None else f" in {row.duration:.1f} s"
    cost = short(spent)
    return f"{row.model_answered or row.model_asked or '—'} · {counted}{lasted}" + (f" · {cost}" if cost else "")
