"""The tables, the same on SQLite and PostgreSQL. Every row has an owner and every query is scoped by it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    and_,
    false,
    or_,
)

from chatbot.store import money_tables
from chatbot.store.columns import Id, Json, metadata, owner
from chatbot.store.moment import Moment

HEAD = "0006"
"""The newest migration. A constant, so that opening an up-to-date database does not import Alembic."""
VERSION_TABLE = "bytebot_schema"
budgets, calls, counters = money_tables.budgets, money_tables.calls, money_tables.counters
holds, limits, spent = money_tables.holds, money_tables.limits, money_tables.spent

conversations = Table(
    "conversations",
    metadata,
    Column("id", Text, primary_key=True),
    owner(),
    Column("title", Text, nullable=False),
    Column("title_by", Text, nullable=False),
    Column("tag", Text, nullable=False),
    Column("options", Json, nullable=False),
    Column("head", BigInteger),
    Column("pinned", Boolean, nullable=False, server_default=false()),
    Column("created", Moment, nullable=False),
    Column("updated", Moment, nullable=False),
    Column("answered", Moment),  # when a reply last ended; later than `seen` means unseen
    Column("seen", Moment),
    Column("deleted", Moment),
    Column("source", Text),  # what it is called where it was imported from; NULL where it began here
    Column("archived", Moment),  # put away: not in the list, still found
)
_listed = and_(conversations.c.deleted.is_(None), conversations.c.archived.is_(None))
Index(
    "ix_conversations_line",
    conversations.c.owner,
    conversations.c.pinned,
    conversations.c.updated,
    conversations.c.id,
    conversations.c.deleted,  # SQLite would look into the table for these two, although the condition says them
    conversations.c.archived,
    sqlite_where=_listed,
    postgresql_where=_listed,
)
_put_away = or_(conversations.c.deleted.is_not(None), conversations.c.archived.is_not(None))
Index(
    "ix_conversations_put_away",
    conversations.c.owner,
    conversations.c.deleted,
    conversations.c.archived,
    sqlite_where=_put_away,
    postgresql_where=_put_away,
)
Index("ix_conversations_latest", conversations.c.owner, conversations.c.updated, conversations.c.id)
Index("ix_conversations_source", conversations.c.owner, conversations.c.source)

trash = Table(
    "trash",
    metadata,
    Column("token", Text, primary_key=True),
    owner(),
    Column("conversation", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("message", BigInteger, nullable=False),
    Column("head", BigInteger),
    Column("created", Moment, nullable=False),
)

# The long columns come last: SQLite then finds all others without reading the pages that the words overflow into.
messages = Table(
    "messages",
    metadata,
    Column("id", Id, primary_key=True),
    owner(),
    Column("conversation", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    # No cascade: SQLite would recurse once per message and give up after 1,000.
    Column("parent", Id, ForeignKey("messages.id"), index=True),
    Column("role", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("continues", Boolean, nullable=False, server_default=false()),
    Column("trash", Text, ForeignKey("trash.token", ondelete="CASCADE"), index=True),
    Column("created", Moment, nullable=False),
    Column("finished", Moment),
    Column("connection", Text),
    Column("model_asked", Text),
    Column("model_answered", Text),
    Column("finish_reason", Text),
    Column("first_token", Double),
    Column("duration", Double),
    Column("thinking", Double),
    Column("retries", Integer, nullable=False, server_default="0"),
    Column("left_out", Integer, nullable=False, server_default="0"),
    Column("error", Text),
    Column("error_kind", Text),
    Column("way_out", Text),
    Column("notes", Json),
    Column("usage", Json),
    Column("options", Json),
    Column("sent", Json),
    # Not a generated column: SQLite reads the whole message for those, index or not. The check keeps it true.
    Column("empty", Boolean, CheckConstraint("empty = (text = '')", name="empty_means_no_text"), nullable=False),
    Column("text", Text, nullable=False),
    Column("reasoning", Text, nullable=False, server_default=""),
    sqlite_autoincrement=True,  # an id is never given out twice, so ids order the tree
)
Index(
    "ix_messages_tree",  # holds everything a tree is made of, so that opening 1,000 messages reads no message
    messages.c.owner,
    messages.c.conversation,
    messages.c.id,
    messages.c.parent,
    messages.c.role,
    messages.c.state,
    messages.c.continues,
    messages.c.empty,
    messages.c.trash,
)

_answered = messages.c.model_answered.is_not(None)
Index(
    "ix_messages_model",
    messages.c.owner,
    messages.c.model_answered,
    messages.c.conversation,
    sqlite_where=_answered,
    postgresql_where=_answered,
)

stars = Table(
    "stars",  # apart from the messages: a column there would stand behind the words, and be read with them
    metadata,
    Column("message", Id, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    owner(),
    Column("conversation", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("created", Moment, nullable=False),
)
Index("ix_stars_newest", stars.c.owner, stars.c.created)

tags = Table(
    "tags",
    metadata,
    Column("id", Id, primary_key=True),
    owner(),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),  # "Work" and "work" are one tag
    Column("colour", Text, nullable=False),
    UniqueConstraint("owner", "folded", name="uq_tags_owner"),
    sqlite_autoincrement=True,
)

tagged = Table(
    "tagged",
    metadata,
    Column("conversation", Text, ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True),
    Column("tag", Id, ForeignKey("tags.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True),
)

leases = Table(
    "leases",  # one row for each reply that is waiting or running, and for no other
    metadata,
    Column("reply", Id, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    owner(),
    Column("conversation", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("process", Text, nullable=False),
    Column("until", Double, nullable=False),  # seconds since the epoch, by the database's clock
    Column("stop", Boolean, nullable=False, server_default=false()),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", Id, primary_key=True),
    owner(),
    Column("reply", Id, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("reasoning", Text, nullable=False),
    sqlite_autoincrement=True,
)

begins = Table(
    "begins",  # what each idempotency key stored
    metadata,
    Column("owner", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("conversation", Text),
    Column("user", BigInteger),
    Column("reply", Id, ForeignKey("messages.id", ondelete="CASCADE"), index=True),
)

quirks = Table(
    "quirks",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("base_url", Text, primary_key=True),
    Column("model", Text, primary_key=True),
    Column("parameter", Text, primary_key=True),
    Column("instead", Text),
    Column("learned", Moment, nullable=False),
)

backlog = Table(
    "backlog",  # on SQLite: of the messages from `lowest` on, those before `below` are not all in the index yet
    metadata,
    Column("below", Id, primary_key=True, autoincrement=False),
    Column("lowest", Id, nullable=False, server_default="0"),
)
