"""The wiring of turns: start, watch, ask, stop, recover, close. Every face talks to this and to nothing below it."""

import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Unpack

from chatbot.core.errors import ByteBotError, StoreError
from chatbot.core.events import Event
from chatbot.core.settings import Options
from chatbot.core.tokens import Count, rough
from chatbot.engine.actions import Action
from chatbot.engine.ahead import Ahead
from chatbot.engine.anonymous import Anonymous
from chatbot.engine.asked import Asked, asked, with_model
from chatbot.engine.converse import converse, never_began
from chatbot.engine.elsewhere import watch_elsewhere
from chatbot.engine.indexing import catch_up
from chatbot.engine.keeper import Keeper
from chatbot.engine.live import LiveTurn
from chatbot.engine.memory import Memory
from chatbot.engine.outside import Outside
from chatbot.engine.reply import Reply, reply_of
from chatbot.engine.reserve import Reserve
from chatbot.engine.stages import Recording, Where, marked_closed, priced, recorded
from chatbot.engine.titles import Titles
from chatbot.engine.view import Stretch, View, view
from chatbot.providers.provider import Cancel, Provider
from chatbot.store.lease import this_process
from chatbot.store.store import Store
from chatbot.store.values import Begun, Call, Recovered

if TYPE_CHECKING:
    from chatbot.engine.daily import Daily

REMEMBERED = 60.0  # seconds that an ended turn can still be followed, for a page that was drawing just then
CLOSING = 3.0  # seconds in which live replies are kept and settled when the process is asked to end


class Engine:
    """Turns of one store. Safe to use from any thread."""

    def __init__(self, store: Store, outside: Outside, *, bills: Store | None = None, shared: bool = False) -> None:
        """`bills`: where it is not `store` itself (a temporary chat); `shared`: somebody else closes it."""
        self.store = store
        self.process = this_process()
        self.bills = bills or store
        """The store of the ledger."""
        self.ledger = self.bills.ledger
        self.anonymous = Anonymous(self.ledger) if bills is not None else None
        self._shared = shared
        self.outside = outside
        self.price = outside.price
        self._memory = Memory(store, outside)
        self.ahead = Ahead(store, self.ledger, self._memory, outside, self.process, anonymous=bills is not None)
        self._turns: dict[int, LiveTurn] = {}
        self._lock = threading.Lock()
        self._closing = False
        self._keeper = Keeper(store.turns, self.process, self.recover)
        self._titles = Titles(store, self.ledger, outside, self.process)
        self.daily: Daily | None = None

    # — beginning —

    def start(
        self,
        conversation: str | None,
        action: Action,
        *,
        options: Options | None = None,
        key: str | None = None,
        tag: str = "browser",
        by_rules: bool = True,
    ) -> LiveTurn:
        """Store what was said, begin the reply, and give the turn to follow. Returns once the words are durable.

        `conversation` None begins a new one. `options` default to the conversation's own. The same `key` twice is one
        turn: the second call gives the first's. BadInput, NotFound and StoreError mean that nothing was sent. `by_rules`
        False: the model was named for this very reply, and no rule sends it to another.
        """
        if self._closing:
            raise StoreError("ByteBot is closing; nothing was sent.")
        want = asked(self.store, self.outside, conversation, action, options, by_rules=by_rules)
        begun = self.store.turns.begin(
            conversation=conversation,
            parent=want.placed.parent,
            text=want.placed.text,
            continues=want.placed.continues,
            once=want.placed.once,
            key=key or uuid.uuid4().hex,
            options=want.options,
            process=self.process,
            tag=tag,
            routed=want.routed,
        )
        # Who asks in a terminal or a script reads it there: it is no news to the page.
        return self._live(begun, want, read=tag != "browser")

    def ask(
        self, conversation: str | None, action: Action, *, options: Options | None = None, tag: str = "script"
    ) -> Reply:
        """Start and wait for the whole reply; TurnFailed, with the part, when it did not come."""
        turn = self.start(conversation, action, options=options, tag=tag)
        turn.wait()
        return reply_of(turn)

    # — watching —

    def live(self, reply: int) -> LiveTurn | None:
        """The turn of this process that makes the reply, for a minute after its end too."""
        with self._lock:
            return self._turns.get(reply)

    def follow(self, reply: int) -> Iterator[Sequence[Event]]:
        """A reply's events in batches, whoever makes it: live here, in checkpoints when another process does."""
        turn = self.live(reply)
        return turn.follow() if turn is not None else watch_elsewhere(self.store, reply)

    def view(self, conversation: str, head: int | None = None, **stretch: Unpack[Stretch]) -> View:
        """One consistent picture: of the path to `head` (None: the conversation's own) the newest 30, or a `stretch`."""
        with self.store.moment():
            return view(self.store, conversation, head, bills=self.paid, **stretch)

    def paid(self, replies: Sequence[int]) -> Mapping[int, Sequence[Call]]:
        """The settled calls of these replies, in the order in which they were made."""
        return self.store.ledger.bills(replies) if self.anonymous is None else self.anonymous.bills(replies)

    def naming(self, conversation: str) -> bool:
        """Whether a reply that just ended may still ask for the conversation's name, or (in this order) a model is asked."""
        with self._lock:
            turns = [turn for turn in self._turns.values() if turn.conversation == conversation]
        return any(turn.over and turn.working for turn in turns) or self._titles.asking(conversation)

    def stop(self, reply: int) -> None:
        """Stop making the reply, wherever it is made; the part is kept. Returns at once."""
        turn = self.live(reply)
        if turn is not None:
            turn.stop()
        else:
            self.store.turns.ask_stop(reply)

    # — the models behind it —

    def provider(self, connection: str) -> Provider:
        """The door of a connection, to list its models or what one refuses; SettingsError when there is none."""
        return self.outside.provider(connection)

    def count(self, model: str) -> Count:
        """The counter of a model's tokens; may take half a second the first time."""
        return self.outside.count(model)

    # — keeping —

    def recover(self) -> list[Recovered]:
        """Settle what dead processes left behind: replies become `cut`, their calls estimates."""
        return self.store.turns.recover(self.process, rough, self.outside.price)

    def watch(self, daily: "Daily | None" = None) -> None:
        """Recover now, and go on recovering in the background. For a face that stays open; `daily` ends with the engine."""
        self.recover()
        self._keeper.watch()
        self.catch_up()
        self.daily = daily
        if daily is not None:
            daily.begin()

    def catch_up(self) -> None:
        """Index in the background what is not yet, such as what was imported."""
        if not self.store.search.whole:
            work = partial(catch_up, self.store.search, lambda: self._closing)
            threading.Thread(target=work, name="index", daemon=True).start()

    def delete(self, conversation: str) -> None:
        """Move a conversation to the trash; what is being written in it is stopped first."""
        for reply in self.store.turns.live(conversation):
            self.stop(reply)
        self.store.conversations.delete(conversation)

    def delete_many(self, conversations: Sequence[str]) -> int:
        """The same for several at once; gives how many there were."""
        gone = set(conversations)
        with self._lock:
            turns = [turn for turn in self._turns.values() if turn.conversation in gone]
        for turn in turns:
            turn.stop()  # those of other processes find word of it in the store
        return self.store.history.delete(conversations)

    def delete_message(self, conversation: str, message: int) -> str:
        """Move a message and what is below it to the trash; the token undoes it."""
        tree = self.store.conversations.tree(conversation)
        for reply in self.store.turns.live(conversation):
            if any(leaf.id == message for place in tree.path(reply) for leaf in place.segments):
                self.stop(reply)
        return self.store.conversations.delete_message(conversation, message)

    def close(self) -> None:
        """Keep, settle and mark every live reply, then let go of the store: within three seconds."""
        with self._lock:
            self._closing = True
            turns = [turn for turn in self._turns.values() if not turn.over]
        for turn in turns:
            turn.closing = True
            turn.stop()
        until = time.monotonic() + CLOSING
        for turn in turns:
            turn.wait(max(0.0, until - time.monotonic()))
        if self.daily is not None:
            self.daily.close()
        self._titles.close()
        self._keeper.close()
        self.store.close()
        if self.bills is not self.store and not self._shared:
            self.bills.close()

    # — inside —

    def _live(self, begun: Begun, want: Asked, *, read: bool) -> LiveTurn:
        """The turn for what was begun: a new one, or the one that the same key began before."""
        with self._lock:
            self._forget_old()
            known = self._turns.get(begun.reply)
            if known is not None:
                return known
            if not begun.created:
                # Begun under this key by another process, or long ago: follow what the store has.
                turn = LiveTurn(
                    conversation=begun.conversation,
                    reply=begun.reply,
                    run=lambda cancel: chain.from_iterable(watch_elsewhere(self.store, begun.reply)),
                )
                turn.start()
                return turn
            recording = Recording(self._where(begun, want, read=read))

            def run(cancel: Cancel) -> Iterator[Event]:
                return self._run(turn, begun, want, recording)

            turn = LiveTurn(conversation=begun.conversation, reply=begun.reply, run=run)
            self._turns[begun.reply] = turn
        self._keeper.keep(turn, recording)
        turn.start()
        return turn

    def _run(self, turn: LiveTurn, begun: Begun, want: Asked, recording: Recording) -> Iterator[Event]:
        """Everything that the turn's thread does, from its place in the line to its end."""
        options, payer = want.made_with, recording.where.payer
        try:
            if begun.state == "waiting" and self._wait_in_line(turn, begun):
                self.store.turns.run(begun.reply, self.process)
            options = with_model(self.store, self.outside, begun, self.process, options, turn.cancel)
            plan = self._memory.plan(begun, options, continues=want.placed.continues)
            plan = replace(plan, note=want.routed.note if want.routed else "")
            reserve = Reserve(payer, self.outside, recording.opened, allow_unpriced=options.allow_unpriced)
            events = converse(plan, lambda: self.outside.provider(options.connection), turn.cancel, reserve=reserve)
        except ByteBotError as error:
            # Deleted while it waited, or the store is gone: nothing was sent.
            events = never_began(options, error)
        # A process that is asked to end has no time to load a vocabulary: three seconds later its reply is lost to it.
        events = priced(
            events,
            base_url=payer.base_url,
            count=lambda text: (rough if turn.closing else self.outside.count(options.model))(text),
            price=self.outside.price,
            instead_of=payer.instead_of,
        )
        yield from recorded(marked_closed(events, turn), recording)
        self._titles.consider(begun, want.options, turn, answered=options.model)

    def _wait_in_line(self, turn: LiveTurn, begun: Begun) -> bool:
        """Wait until the replies above have ended, however they did; false when this turn was stopped meanwhile."""
        followed: set[int] = set()
        while live := self.store.conversations.tree(begun.conversation).live_above(begun.reply) - followed:
            followed.add(nearest := max(live))
            for _ in self.follow(nearest):
                if turn.cancel.is_set():
                    return False
        return not turn.cancel.is_set()

    def _where(self, begun: Begun, want: Asked, *, read: bool) -> Where:
        routed = want.routed
        payer = self.outside.payer(want.options.connection, self.ledger, self.process)
        payer = replace(payer, instead_of=routed.instead_of if routed else None)
        if self.anonymous is not None:
            payer = replace(payer, noted=self.anonymous.noting(begun.reply))
        else:
            payer = replace(payer, conversation=begun.conversation, reply=begun.reply)
        turns, conversation = self.store.turns, begun.conversation
        return Where(turns=turns, payer=payer, reply=begun.reply, conversation=conversation, routed=routed, read=read)

    def _forget_old(self) -> None:
        now = time.monotonic()
        for reply, turn in list(self._turns.items()):
            if turn.ended_at is not None and now - turn.ended_at > REMEMBERED:
                del self._turns[reply]
