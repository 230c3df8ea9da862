"""Backups: whole copies of the store in the data folder, made each day and when asked for, the older ones put away.

SQLite is copied as a database, PostgreSQL as our own zip of everything that an export holds.
"""

import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal

from chatbot.core.errors import BackupFailed, BadInput
from chatbot.engine.exports import wholes_of
from chatbot.home.files import alone
from chatbot.home.home import Home
from chatbot.home.new_file import new_file, not_written, sweep
from chatbot.store.snapshot import Stop
from chatbot.store.store import Store

FOLDER = "backups"
DAYS, WEEKS = 7, 4
ROOM = 100_000_000
"""Bytes that a backup leaves free: a disk filled to the brim would stop the chat itself."""

Why = Literal["daily", "by hand", "before an update"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """One file. `made` is aware, in this machine's time zone; `written` is when its file was last written: the end of its
    making, or a copied folder's time of its copying.
    """

    path: Path
    made: datetime
    written: datetime
    bytes: int
    why: Why


def never() -> bool:
    return False


class Backups:
    """Those of one store. Safe to use from several threads and processes."""

    def __init__(self, store: Store, folder: Path) -> None:
        """`folder` is made when the first backup is."""
        self.folder = folder
        self.daily_here = store.path is not None
        """Whether a copy is made each day by itself: a server's database has its own ways to be backed up."""
        self._store = store
        self._stem = _stem(store, folder)
        self._name = re.compile(rf"{re.escape(self._stem)}-(\d{{4}}-\d\d-\d\d)(-at-\d{{6}})?\.(db|zip)")
        self._ending = "db" if self.daily_here else "zip"

    @classmethod
    def of(cls, home: Home, store: Store) -> "Backups":
        """Those in the data folder."""
        return cls(store, home.folders.data / FOLDER)

    def all(self) -> list[Backup]:
        """Every backup that is still there, the newest first; copies that were made before an update of the schema too."""
        found = [*self._in_folder(), *self._before_updates()]
        return sorted(found, key=lambda one: one.made, reverse=True)

    def make(self, stop: Stop = never) -> Backup:
        """One more, now. BackupFailed or StoreError says why there is none; nothing is left of it then."""
        with self._alone() as mine:
            if not mine:
                raise BackupFailed("A backup is being made right now. Wait for its end.")
            path = self._by_hand()
            self.write(path, stop)
            self._prune()
        return self._read(path, "by hand")

    def _by_hand(self) -> Path:
        """A name with the second in it, which is nobody's yet."""
        while True:
            now = _now()
            path = self.folder / f"{self._stem}-{now:%Y-%m-%d}-at-{now:%H%M%S}.{self._ending}"
            if not path.exists():
                return path
            time.sleep(0.1)

    def daily(self, stop: Stop = never) -> Backup | None:
        """Today's, if there is none yet and something to keep; None when there is nothing to do, or another does it."""
        path = self.folder / f"{self._stem}-{_now():%Y-%m-%d}.{self._ending}"
        if not self.daily_here or path.exists() or self._store.conversations.latest() is None:
            return None
        with self._alone() as mine:
            if not mine or path.exists():
                return None
            sweep(self.folder)
            self.write(path, stop)
            self._prune()
        return self._read(path, "daily")

    def write(self, file: Path, stop: Stop = never) -> None:
        """A backup to any new file: our zip where its ending says so, else a copy of the database.

        It is read again, whole, before it gets its name.
        """
        as_zip = file.suffix.lower() == ".zip"
        if not as_zip and not self.daily_here:
            raise BadInput(
                f"A backup of PostgreSQL is a zip file: let {file.name!r} end in .zip. pg_dump makes others."
            )
        self._check_room(file.parent)
        with new_file(file) as beside:
            if as_zip:
                _write_zip(self._store, beside, stop)
            else:
                self._store.snapshot(beside, stop)

    def needs(self) -> int:
        """Bytes that a copy of the database takes, at most; 0 where that is not known."""
        if self._store.path is None:
            return 0
        parts = (self._store.path, self._store.path.with_name(self._store.path.name + "-wal"))
        return sum(part.stat().st_size for part in parts if part.exists())

    def _check_room(self, folder: Path) -> None:
        try:
            free = shutil.disk_usage(folder).free
        except OSError as error:
            raise not_written(folder, error) from None
        if free < self.needs() + ROOM:
            raise BackupFailed(
                f"There is no room for a backup in {str(folder)!r}: it takes up to {size(self.needs())}, and "
                f"{size(free)} are free. Free some space, or back up to another disk: chatbot backup -o FILE"
            )

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        with ExitStack() as stack:
            try:
                self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                mine = stack.enter_context(alone(self.folder / ".lock"))
            except OSError as error:
                raise not_written(self.folder, error) from None
            yield mine

    def _in_folder(self) -> list[Backup]:
        if not self.folder.is_dir():
            return []
        names = ((path, self._name.fullmatch(path.name)) for path in self.folder.iterdir())
        return [self._read(path, "by hand" if name[2] else "daily") for path, name in names if name]

    def _read(self, path: Path, why: Why) -> Backup:
        about = path.stat()
        made = written = datetime.fromtimestamp(about.st_mtime).astimezone()
        if name := self._name.fullmatch(path.name):
            # A copied folder has the times of its copying; the name stays.
            if name[2]:
                made = datetime.strptime(f"{name[1]}{name[2]}", "%Y-%m-%d-at-%H%M%S").astimezone()
            elif f"{made:%Y-%m-%d}" != name[1]:
                made = datetime.strptime(name[1], "%Y-%m-%d").astimezone()
        return Backup(path=path, made=made, written=written, bytes=about.st_size, why=why)

    def _before_updates(self) -> list[Backup]:
        path = self._store.path
        if path is None:
            return []
        name = re.compile(rf"{re.escape(path.name)}\.schema-\d{{4}}\.(\d{{8}}-\d{{6}})-\d+\.bak")
        found = ((one, name.fullmatch(one.name)) for one in path.parent.iterdir())
        return [
            Backup(
                path=one,
                made=datetime.strptime(match[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC).astimezone(),
                written=datetime.fromtimestamp(about.st_mtime).astimezone(),
                bytes=about.st_size,
                why="before an update",
            )
            for one, match in found
            if match and (about := one.stat())
        ]

    def _prune(self) -> None:
        for one in spare(self._in_folder()):
            one.path.unlink(missing_ok=True)


def spare(backups: Sequence[Backup]) -> list[Backup]:
    """Those that may go: all but those of the last seven days that have any, and the newest of each of four weeks before."""
    newest_first = sorted(backups, key=lambda one: one.made, reverse=True)
    days = set(list(dict.fromkeys(one.made.date() for one in newest_first))[:DAYS])
    older = [one for one in newest_first if one.made.date() not in days]
    weeks: dict[tuple[int, int], Backup] = {}
    for one in older:
        weeks.setdefault(one.made.isocalendar()[:2], one)
    kept = list(weeks.values())[:WEEKS]
    return [one for one in older if one not in kept]


def size(bytes: int) -> str:
    """In words.

    >>> size(4_096), size(12_345_678), size(7_400_000_000)
    ('4 kB', '12.3 MB', '7.4 GB')
    """
    for unit, name in ((1_000_000_000, "GB"), (1_000_000, "MB")):
        if bytes >= unit:
            return f"{bytes / unit:,.1f} {name}"
    return f"{bytes / 1000:,.0f} kB"


def _write_zip(store: Store, beside: Path, stop: Stop) -> None:
    from chatbot.transfer.chats import open_chats
    from chatbot.transfer.zip_file import to_zip

    stopped = BackupFailed("The backup was stopped before its end. Nothing of it is left.")
    with beside.open("wb") as file:
        for piece in to_zip(wholes_of(store), now=datetime.now(UTC)):
            if stop():
                raise stopped
            file.write(piece)
    with beside.open("rb") as written:
        for copied in open_chats(written, beside.name):
            if stop():
                raise stopped
            if not copied.intact:
                raise BackupFailed(f"{str(beside.parent)!r} did not keep what was written. Check that disk.")


def _stem(store: Store, folder: Path) -> str:
    """What its backups begin with: another store that uses the same folder has another."""
    if store.path is None:
        return f"postgresql-{sha256(store.url_shown.encode()).hexdigest()[:6]}"
    if store.path.parent.resolve() == folder.parent.resolve():
        return store.path.stem
    return f"{store.path.stem}-{sha256(str(store.path).encode()).hexdigest()[:6]}"


def _now() -> datetime:
    return datetime.now().astimezone()
