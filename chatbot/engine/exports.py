"""Conversations out of the store, one after the other, for whatever file they go to."""

from collections.abc import Iterator, Sequence

from chatbot.core.errors import NotFound
from chatbot.core.whole import Whole
from chatbot.store.store import Store


def wholes_of(store: Store, ids: Sequence[str] = ()) -> Iterator[Whole]:
    """These conversations, or all, the oldest first. NotFound for one of `ids`, before anything is given.

    Of all, one that is deleted meanwhile is left out.
    """
    for id in ids:
        store.conversations.get(id)
    return (store.wholes.get(id) for id in ids) if ids else _all(store)


def _all(store: Store) -> Iterator[Whole]:
    for id in store.wholes.ids():
        try:
            whole = store.wholes.get(id)
        except NotFound:
            continue
        yield whole
