"""Whether everything is well: the database, every conversation in it, the bills, the disk and the backups; and what mends it."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from chatbot.core.errors import BackupFailed, ByteBotError
from chatbot.core.pricing import Price
from chatbot.core.tokens import rough
from chatbot.engine.backups import ROOM, Backup, Backups, never, size
from chatbot.engine.verify import comes_back
from chatbot.store.integrity import Finding, Mend
from chatbot.store.lease import this_process
from chatbot.store.snapshot import Stop
from chatbot.store.store import Store
from chatbot.store.tables import HEAD

_TOLD = 5  # of a kind; a damaged disk can find thousands
_AT_ONCE = 50  # conversations in the scratch store
_OLD = timedelta(days=8)
_ROUNDS = 3  # what one repair shows may need another

About = Literal["settings", "database", "schema", "conversations", "since the backup", "disk", "backups"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One thing that was looked at. `mend`: what of a repair puts it right; empty where nothing of ours can."""

    about: About
    state: Literal["fine", "note", "problem"]
    sentence: str
    mend: Mend = ""


@dataclass(frozen=True, slots=True)
class Report:
    points: tuple[Point, ...]

    @property
    def problems(self) -> list[Point]:
        return [point for point in self.points if point.state == "problem"]

    @property
    def mends(self) -> set[Mend]:
        """What a repair can do about them."""
        return {point.mend for point in self.problems if point.mend}


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """`done`: what was put right, in sentences; `backup`: made before it; `report`: how it stands now."""

    done: tuple[str, ...]
    backup: Backup | None
    report: Report


def examine(
    store: Store, backups: Backups, stop: Stop = never, *, settings: Iterable[ByteBotError] | None = None
) -> Report:
    """Look at everything; nothing is changed. Reads the whole history twice, so it takes its time.

    There are no hashes in the store to compare with: they would cost each message a write, and whoever changes one
    changes the other. So every conversation is read, hashed, stored in a database in memory, read from there and hashed
    again, as an export and its import would; and what had ended when the newest backup was made is compared with it.
    `settings`: what of them could not be used, where that is to be told, too.
    """
    points = [*_database(store), Point(about="schema", state="fine", sentence=f"The schema is {HEAD}, the newest.")]
    points += _conversations(store, stop)
    kept = backups.all()
    points += _since(store, kept)
    points += [_disk(store, backups), _backup(store, backups, kept)]
    if settings is not None:
        points += _settings([error.sentence for error in settings])
    return Report(tuple(points))


def repair(store: Store, backups: Backups, report: Report, price: Price) -> Repaired:
    """Put right what can be put right without losing a word, after a backup; BackupFailed, and nothing done, without one."""
    if not report.mends:
        return Repaired(done=(), backup=None, report=report)
    backup = backups.make()
    done: list[str] = []
    mends = report.mends
    for _ in range(_ROUNDS):
        done += store.repair(mends)
        cut = store.turns.recover(this_process(), rough, price)
        if cut:
            done.append(f"{_counted(len(cut), 'reply', 'replies')} ended as cut, with what had arrived.")
        mends = {finding.mend for finding in store.examine() if finding.mend}
        if not mends:
            break
    left = tuple(point for point in report.points if point.about == "settings")
    again = Report((*examine(store, backups).points, *left))
    return Repaired(done=tuple(dict.fromkeys(done)), backup=backup, report=again)


def unopened(error: ByteBotError, backups: Sequence[Path]) -> Report:
    """Of a store that does not even open: what is wrong, and what there is to go back to."""
    points = [Point(about="database", state="problem", sentence=error.sentence)]
    if backups:
        newest = max(backups, key=lambda one: one.stat().st_mtime)
        sentence = (
            f"The newest backup is {str(newest)!r}. It is made a history again by: chatbot restore {str(newest)!r}"
        )
        points.append(Point(about="backups", state="note", sentence=sentence))
    return Report(tuple(points))


def _settings(wrong: Sequence[str]) -> Iterator[Point]:
    for sentence in wrong:
        yield Point(about="settings", state="problem", sentence=sentence)
    if not wrong:
        yield Point(about="settings", state="fine", sentence="The settings and your own prices are understood.")


def _database(store: Store) -> Iterator[Point]:
    found = store.examine()
    if not found:
        yield Point(
            about="database", state="fine", sentence="The database is sound, and so is what its rows say of each other."
        )
    for mend in dict.fromkeys(finding.mend for finding in found):
        alike = [finding for finding in found if finding.mend == mend]
        for finding in alike[:_TOLD]:
            yield Point(about="database", state="problem", sentence=_told(finding), mend=mend)
        if len(alike) > _TOLD:
            more = f"There are {len(alike) - _TOLD:,} more of this kind."
            yield Point(about="database", state="problem", sentence=more, mend=mend)


def _told(finding: Finding) -> str:
    return f"{finding.sentence[0].upper()}{finding.sentence[1:]}."


def _conversations(store: Store, stop: Stop) -> Iterator[Point]:
    """Each comes out whole, and is the same after it went through another store."""
    count = messages = wrong = 0
    scratch = Store.temporary()
    try:
        for id in store.wholes.ids():
            if stop():
                return
            try:
                whole = store.wholes.get(id)
                same = comes_back(scratch, whole)
            except ByteBotError as error:
                sentence = f"Conversation {id} cannot be read: {error.sentence}"
            except (ValueError, TypeError, LookupError) as error:
                # What stands in a row is nothing that we ever write there; the words themselves are in no log.
                sentence = f"Conversation {id} cannot be read ({type(error).__name__})."
            else:
                count, messages = count + 1, messages + whole.count
                sentence = "" if same else f"Conversation {id} is not the same after an export and import."
            if sentence:
                wrong += 1
                if wrong <= _TOLD:
                    yield Point(about="conversations", state="problem", sentence=sentence)
            if count % _AT_ONCE == 0:
                scratch.close()
                scratch = Store.temporary()
    finally:
        scratch.close()
    if wrong > _TOLD:
        yield Point(about="conversations", state="problem", sentence=f"There are {wrong - _TOLD:,} more like that.")
    if not wrong:
        words = f"{_counted(count, 'conversation')} with {_counted(messages, 'message')}"
        yield Point(
            about="conversations", state="fine", sentence=f"{words}: each is read whole, and would move unchanged."
        )


def _since(store: Store, kept: Sequence[Backup]) -> Iterator[Point]:
    copies = [one for one in kept if one.path.suffix in (".db", ".bak")]
    if store.path is None or not copies:
        return
    newest = copies[0]
    try:
        messages, calls, gone = store.changed_since(newest.path)
    except BackupFailed as error:
        yield Point(about="backups", state="problem", sentence=error.sentence)
        return
    for what, ids in (("message", messages), ("call", calls)):
        if ids:
            named = ", ".join(map(str, ids))
            yield Point(
                about="since the backup",
                state="problem",
                sentence=f"Not as it was in the backup of {_day(newest)}, although it had ended: {what} {named}. "
                f"Restore that backup beside this history and compare: chatbot restore {str(newest.path)!r}",
            )
    if not messages and not calls:
        said = f"All that had ended is as it was in the backup of {_day(newest)}."
        if gone:
            said += f" Not here any more of it: {_counted(gone, 'message')}; that is right where you deleted as many."
        yield Point(about="since the backup", state="fine", sentence=said)


def _disk(store: Store, backups: Backups) -> Point:
    here = store.path.parent if store.path else _there(backups.folder)
    free, needed = shutil.disk_usage(here).free, backups.needs()
    words = f"{size(free)} free; the history takes {size(needed)}." if needed else f"{size(free)} free."
    if free < needed + ROOM:
        return Point(
            about="disk",
            state="problem",
            sentence=f"The disk is nearly full: {words} Free some space, or no backup fits.",
        )
    return Point(about="disk", state="fine", sentence=words)


def _there(folder: Path) -> Path:
    """The folder, or what there is of the way to it."""
    return next(one for one in (folder, *folder.parents) if one.exists())


def _backup(store: Store, backups: Backups, kept: Sequence[Backup]) -> Point:
    now = datetime.now(UTC)
    if not backups.daily_here:
        made = f"The newest zip of ours is of {_day(kept[0])}." if kept else "There is no zip of ours."
        advice = (
            "Back the server up with pg_dump; chatbot backup writes our own zip of all conversations and their bills."
        )
        return Point(about="backups", state="note", sentence=f"{made} {advice}")
    if kept:
        age = now - kept[0].made
        words = f"The newest backup is of {_day(kept[0])}, {_age(age)}: {str(kept[0].path)!r}."
        if age <= _OLD:
            return Point(about="backups", state="fine", sentence=words)
        return Point(about="backups", state="problem", sentence=f"{words} Make another: chatbot backup")
    newest = store.conversations.latest()
    if newest is None:
        return Point(about="backups", state="note", sentence="There is no backup yet, and nothing to back up.")
    late = now - newest.created > _OLD
    return Point(
        about="backups",
        state="problem" if late else "note",
        sentence="There is no backup yet. One is made each day while the page is open, and now by: chatbot backup",
    )


def _day(backup: Backup) -> str:
    return f"{backup.made:%Y-%m-%d %H:%M}"


def _age(age: timedelta) -> str:
    hours = max(0, int(age.total_seconds() // 3600))
    if hours < 1:
        return "less than an hour old"
    return f"{_counted(hours, 'hour')} old" if hours < 48 else f"{hours // 24} days old"


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
