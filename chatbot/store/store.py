"""The store: open it, and ask its parts."""

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from chatbot.core.errors import StoreError, StoreFull, StoreReadOnly
from chatbot.store.conversations import Conversations
from chatbot.store.database import Backend, Database
from chatbot.store.history import History
from chatbot.store.in_memory import SqliteMemory
from chatbot.store.integrity import Finding, Mend, examine
from chatbot.store.ledger import Ledger
from chatbot.store.on_sqlite import SqliteFile
from chatbot.store.patterns import Patterns
from chatbot.store.quirks import LearnedQuirks
from chatbot.store.repair import repair
from chatbot.store.schema import bring_up_to_date, check_file
from chatbot.store.search import Search
from chatbot.store.snapshot import Stop, changed_since, snapshot
from chatbot.store.stars import Stars
from chatbot.store.tags import Tags
from chatbot.store.turns import Turns
from chatbot.store.wholes import Wholes
from chatbot.store.wipe import wipe

_SQLITE = "sqlite:///"
_IN_MEMORY = re.compile(r"sqlite://(/(.*/)?:memory:|/file:.*(:memory:|mode=memory).*)?")  # as others write it
_POSTGRESQL = ("postgresql://", "postgres://", "postgresql+psycopg://")


class Store:
    """Everything that is kept, for one owner. Safe to use from several threads.

    Nothing of it is held between two calls, but inside `moment`: no transaction, no lock, no connection.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.url_shown = database.shown
        """Where it is, without a password."""
        self.path = Path(database.path) if database.path else None
        """The SQLite file; None in memory and on PostgreSQL."""
        self.conversations = Conversations(database)
        self.wholes = Wholes(database)
        self.turns = Turns(database)
        self.ledger = Ledger(database)
        self.quirks = LearnedQuirks(database)
        self.search = Search(database)
        self.history = History(database)
        self.tags = Tags(database)
        self.stars = Stars(database)
        self.patterns = Patterns(database)

    @classmethod
    def open(cls, url: str, *, owner: str = "local", to_read: bool = False) -> "Store":
        """The store at `sqlite:////path/file.db` or `postgresql://user:password@host/name`, made or migrated if needed.

        `to_read`: a file that cannot be written, for want of a right or of space, can be read all the same; only what is
        written raises then. For who reads and is done: what others write later is not seen.

        Raises StoreTooNew, StoreCorrupt, StoreReadOnly, StoreLocked, StoreUnreachable or StoreError; what was there
        stays as it was.
        """
        backend: Backend
        if url.startswith(_POSTGRESQL):
            from chatbot.store.on_postgresql import PostgresqlServer

            backend = PostgresqlServer(url)
        elif _IN_MEMORY.fullmatch(url):
            raise StoreError(
                f"{url!r} is a database in memory: it would forget everything when ByteBot ends. Name a file, as in "
                "sqlite:////path/file.db. For a chat that is to be forgotten there are chatbot --temporary and "
                "Chatbot(temporary=True)."
            )
        elif url.startswith(_SQLITE) and len(url) > len(_SQLITE):
            backend = SqliteFile(url.removeprefix(_SQLITE))
            try:
                check_file(backend)
            except (StoreReadOnly, StoreFull) as error:
                if not to_read:
                    raise
                backend.only_read(error)
                check_file(backend)
        else:
            kind = url.partition(":")[0]
            raise StoreError(f"{kind!r} is no database ByteBot knows. Use sqlite:////path/file.db or postgresql://…")
        return cls._ready(Database(backend, owner))

    @contextmanager
    def moment(self) -> Iterator[None]:
        """All that this thread reads inside is of one moment, and in one transaction. Nothing may be written inside."""
        with self._database.read():
            yield

    @classmethod
    def temporary(cls) -> "Store":
        """A store of its own in memory, gone when it is closed."""
        return cls._ready(Database(SqliteMemory(), "local"))

    @classmethod
    def _ready(cls, database: Database) -> "Store":
        try:
            bring_up_to_date(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def integrity(self) -> list[str]:
        """What is wrong inside, one sentence each; empty when all is well. Reads everything, so it takes its time."""
        return [finding.sentence for finding in self.examine()]

    def examine(self) -> list[Finding]:
        """The same, with what can put each of them right."""
        return examine(self._database)

    def repair(self, mends: Collection[Mend]) -> list[str]:
        """Put right what `examine` found, without losing a word; a sentence for each thing that was done.

        Back up first. The engine's `recover` then ends the replies that nobody wrote any more.
        """
        return repair(self._database, mends)

    def snapshot(self, into: Path, stop: Stop = lambda: False) -> None:
        """Copy a SQLite store as it is at this moment into an empty file, and read it again; BackupFailed. Writers go on."""
        snapshot(self._database, into, stop)

    def changed_since(self, kept: Path) -> tuple[list[int], list[int], int]:
        """The first messages and calls that are not as they were in that snapshot of this store, although they had ended;
        and how many of its messages are not here any more.
        """
        return changed_since(self._database, kept)

    def wipe(self) -> bool:
        """Rewrite the database so that nothing that was removed is left in its files; False when somebody who reads it
        stands in the way. StoreLocked when it cannot be begun, StoreFull when there is no room.

        Nobody else can write meanwhile: about a second for each 100 MB. PostgreSQL keeps old bytes all the same.
        """
        return wipe(self._database)

    def close(self) -> None:
        self._database.close()
