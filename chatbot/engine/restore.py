"""A backup made a store again, in a new file beside the one in use. Nothing that is there is ever written over."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from chatbot.core.errors import BackupFailed, BadInput
from chatbot.core.settings import Options
from chatbot.engine.backups import never
from chatbot.engine.imports import import_files
from chatbot.home.home import Home
from chatbot.home.new_file import new_file
from chatbot.store.snapshot import Stop, check_copy, is_copy
from chatbot.store.store import Store
from chatbot.transfer.chatgpt import APP as CHATGPT
from chatbot.transfer.values import OURS

_LESS = "Read as {}: such a file has {} in it. A backup (.db) and ByteBot's own zip or JSON come back whole."


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The new store. `url` is what BYTEBOT_DATABASE_URL or storage.database_url has to say for it to be used."""

    path: Path
    url: str
    conversations: int
    messages: int
    notes: tuple[str, ...] = ()
    """What of a zip or JSON file is not as it was exported, or was never in it."""


def restore(file: Path, to: Path, options: Options, stop: Stop = never) -> Restored:
    """Make a store at `to` of a snapshot, or of an export of ours; BadInput when there is anything at `to`.

    BackupFailed, BadInput or StoreTooNew say why `file` is no good; nothing is left at `to` then. The store in use is not
    touched. `options`: of chats that bring none.
    """
    to = Path(os.path.abspath(to))
    for left in (to.with_name(to.name + "-wal"), to.with_name(to.name + "-journal")):
        if left.exists():  # SQLite would take it for this database's own and spoil it
            raise BadInput(f"{str(left)!r} is there already: the log of another database. Name another file.")
    try:
        snapshot = is_copy(file)
    except OSError as error:
        raise BadInput(f"{str(file)!r} cannot be read: {error.strerror}.") from None
    notes: tuple[str, ...] = ()
    with new_file(to) as beside:
        if snapshot:
            _copy(file, beside, stop)
        store = Store.open(f"sqlite:///{beside}")
        try:
            if not snapshot:
                notes = _import(store, file, options, stop)
            conversations = store.wholes.ids()
            messages = store.wholes.count()
            if not conversations and not snapshot:
                raise BadInput(f"{str(file)!r} holds no conversation, so there is nothing to restore.")
        finally:
            store.close()
        _without_log(beside)
    return Restored(path=to, url=f"sqlite:///{to}", conversations=len(conversations), messages=messages, notes=notes)


def new_place(home: Home, clock: Callable[[], datetime] = datetime.now) -> Path:
    """A file that is not there yet, in the data folder."""
    now = clock()
    return home.folders.make_data() / f"bytebot-restored-{now:%Y-%m-%d-at-%H%M%S}.db"


def _copy(file: Path, beside: Path, stop: Stop) -> None:
    log = file.with_name(file.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise BadInput(
            f"{str(file)!r} is a database in use, or was when it was copied: part of it is in {log.name!r}. "
            "Take a backup of it instead: chatbot backup"
        )
    try:
        shutil.copyfile(file, beside)
    except shutil.SameFileError:
        raise BadInput(f"{str(file)!r} is that file itself.") from None
    check_copy(beside, file, stop)


def _import(store: Store, file: Path, options: Options, stop: Stop) -> tuple[str, ...]:
    notes, others = list[str](), dict[str, None]()
    with file.open("rb") as chats:
        for line in import_files(store, [(file.name, chats)], options, stop=stop):
            notes += [f"{line.title}: {note}" for note in line.notes if line.how != "passed"]
            if line.app not in ("", OURS):
                others[line.app] = None
    while not stop() and store.search.catch_up():
        pass  # it is a history of its own from now on, and searched as such
    if stop():
        raise BackupFailed("Stopped. Nothing was restored.")
    if others:
        gone = "no bills, no stars and no reply that failed" if CHATGPT in others else "no bills and no stars"
        notes.insert(0, _LESS.format(" and ".join(others), gone))
    return tuple(notes)


def _without_log(beside: Path) -> None:
    """The last one to close a database moves its log into it; with the log left out, a part would be missing."""
    log = beside.with_name(beside.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise BackupFailed(f"What was restored could not be written to its end beside {str(beside)!r}. Try again.")
