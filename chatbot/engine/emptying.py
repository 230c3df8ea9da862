"""Emptying the trash: deleted means deleted, and what still holds the words is named."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from chatbot.core.errors import StoreError
from chatbot.engine.backups import Backup, Backups
from chatbot.store.store import Store
from chatbot.store.trash import Removed

log = logging.getLogger(__name__)

_NAMED = 3  # backups whose names are told
_ON_POSTGRESQL = (
    "PostgreSQL may keep the old bytes in its files, its log and its own backups until it overwrites them; "
    "VACUUM FULL by its administrator rewrites the files at once."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Emptied:
    """What was removed, and what may still hold the words: `left`, in sentences, and the `backups` that may."""

    removed: Removed
    left: tuple[str, ...]
    backups: tuple[Backup, ...]
    all_of_it: bool = True
    """All that was in the trash was meant, not a part of it."""

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of it in plain words, what was done first."""
        return (_done(self.removed, all_of_it=self.all_of_it), *self.left)


def empty_trash(store: Store, backups: Backups) -> Emptied:
    """Remove everything in the trash for good: from the tables, the search index, and the database's files.

    StoreError when it cannot be removed; where only the files could not be rewritten, `left` says so. Bills stay.
    """
    return _cleared(store, backups, store.conversations.empty_trash(), all_of_it=True)


def remove_for_good(store: Store, backups: Backups, ids: Sequence[str] = (), *, tokens: Sequence[str] = ()) -> Emptied:
    """The same for a part of the trash: these conversations and, by their tokens, these deleted messages."""
    removed = store.conversations.remove_for_good(ids, tokens=tokens)
    return _cleared(store, backups, removed, all_of_it=False)


def _cleared(store: Store, backups: Backups, removed: Removed, *, all_of_it: bool) -> Emptied:
    left = [sentence] if (sentence := _wiped(store)) else []
    holding = tuple(one for one in backups.all() if _may_hold(one, removed))
    if holding:
        left.append(_still_in(holding))
    return Emptied(removed=removed, left=tuple(left), backups=holding, all_of_it=all_of_it)


def _may_hold(backup: Backup, removed: Removed) -> bool:
    """Whether it was made after the first of these words. Where its time is not sure, it is named rather than not."""
    return removed.since is not None and max(backup.made, backup.written) >= removed.since


def purge(store: Store) -> None:
    """Remove for good what has been in the trash for 30 days."""
    if store.conversations.purge() and (sentence := _wiped(store)):
        log.info("%s", sentence)


def _wiped(store: Store) -> str:
    try:
        clean = store.wipe()
    except StoreError as error:
        return (
            f"They are found nowhere any more, but their bytes may stand in the database's file until it is rewritten. "
            f"{error.sentence} Then empty the trash again."
        )
    if store.path is None:
        return _ON_POSTGRESQL
    if not clean:
        return (
            "They are found nowhere any more, but another window or program was reading the database, so their bytes may "
            "stand in its log until that ends. Empty the trash again then."
        )
    return ""


def _done(removed: Removed, *, all_of_it: bool) -> str:
    if not removed:
        return "The trash was empty." if all_of_it else "None of it is in the trash any more."
    parts = [
        f"{number:,} {word}{'' if number == 1 else 's'}"
        for number, word in ((removed.conversations, "conversation"), (removed.branches, "deleted message"))
        if number
    ]
    messages = f"{removed.messages:,} message{'' if removed.messages == 1 else 's'}"
    return f"Removed for good: {' and '.join(parts)}, {messages} in all. What they cost stays in the bills."


def _still_in(backups: Sequence[Backup]) -> str:
    named = ", ".join(one.path.name for one in backups[:_NAMED])
    if older := backups[_NAMED:]:
        named += f" and {len(older)} more, back to {older[-1].path.name}"
    return f"Backups may still hold them: {named}. Delete those files if nothing is to be left."
