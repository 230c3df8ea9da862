"""Whose the calls of a temporary chat are: the ledger must not know, so that it is remembered here and in no file."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

from chatbot.core.bill import Bill, bill
from chatbot.store.ledger import Ledger
from chatbot.store.values import Call


class Anonymous:
    """The calls of one temporary chat, for as long as it lives. Safe to use from several threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._made: dict[int, list[int]] = {}
        self._lock = threading.Lock()

    def noting(self, reply: int) -> Callable[[int], None]:
        """To be told of each call that is made for the reply, by its id."""

        def note(call: int) -> None:
            with self._lock:
                self._made.setdefault(reply, []).append(call)

        return note

    def bills(self, replies: Iterable[int]) -> Mapping[int, Sequence[Call]]:
        """What `Ledger.bills` says of other chats: the settled calls of these replies, in order."""
        with self._lock:
            made = {reply: list(self._made.get(reply, ())) for reply in replies}
        found = {call.id: call for call in self._ledger.settled_calls([id for ids in made.values() for id in ids])}
        return {reply: [found[id] for id in ids if id in found] for reply, ids in made.items() if ids}

    def total(self) -> Bill:
        """What the whole chat has come to."""
        with self._lock:
            replies = list(self._made)
        return bill(call.cost for calls in self.bills(replies).values() for call in calls)
