"""The store: open it, and ask its parts."""

from chatbot.core.errors import StoreError
from chatbot.store.conversations import Conversations
from chatbot.store.database import Backend, Database
from chatbot.store.history import History
from chatbot.store.in_memory import SqliteMemory
from chatbot.store.integrity import integrity
from chatbot.store.ledger import Ledger
from chatbot.store.on_sqlite import SqliteFile
from chatbot.store.quirks import LearnedQuirks
from chatbot.store.schema import bring_up_to_date, check_file
from chatbot.store.search import Search
from chatbot.store.stars import Stars
from chatbot.store.tags import Tags
from chatbot.store.turns import Turns
from chatbot.store.wholes import Wholes

_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql://", "postgres://", "postgresql+psycopg://")


class Store:
    """Everything that is kept, for one owner. Safe to use from several threads.

    Nothing of it is held between two calls: no transaction, no lock, no connection.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.url_shown = database.shown
        """Where it is, without a password."""
        self.conversations = Conversations(database)
        self.wholes = Wholes(database)
        self.turns = Turns(database)
        self.ledger = Ledger(database)
        self.quirks = LearnedQuirks(database)
        self.search = Search(database)
        self.history = History(database)
        self.tags = Tags(database)
        self.stars = Stars(database)

    @classmethod
    def open(cls, url: str, *, owner: str = "local") -> "Store":
        """The store at `sqlite:////path/file.db` or `postgresql://user:password@host/name`, made or migrated if needed.

        Raises StoreTooNew, StoreCorrupt, StoreReadOnly, StoreLocked, StoreUnreachable or StoreError; what was there
        stays as it was.
        """
        backend: Backend
        if url.startswith(_POSTGRESQL):
            from chatbot.store.on_postgresql import PostgresqlServer

            backend = PostgresqlServer(url)
        elif url.startswith(_SQLITE) and len(url) > len(_SQLITE):
            backend = SqliteFile(url.removeprefix(_SQLITE))
            check_file(backend)
        else:
            kind = url.partition(":")[0]
            raise StoreError(f"{kind!r} is no database ByteBot knows. Use sqlite:////path/file.db or postgresql://…")
        return cls._ready(Database(backend, owner))

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
        return integrity(self._database)

    def close(self) -> None:
        self._database.close()
