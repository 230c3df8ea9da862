"""The tables, the same on SQLite and PostgreSQL. Every row has an owner and every query is scoped by it."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from chatbot.store.moment import Moment

HEAD = "0005"
"""The newest migration. A constant, so that opening an up-to-date database does not import Alembic."""
VERSION_TABLE = "bytebot_schema"


Id = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up by itself only for INTEGER
Json = JSON(none_as_null=True)
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    },
)


def _owner() -> Column[str]:
    return Column("owner", Text, nullable=False)


conversations = Table(
    "conversations",
    metadata,
    Column("id", Text, primary_key=True),
    _owner(),
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
)
_kept = conversations.c.deleted.is_(None)
Index(
    "ix_conversations_line",
    conversations.c.owner,
    conversations.c.pinned,
    conversations.c.updated,
    conversations.c.id,
    sqlite_where=_kept,
    postgresql_where=_kept,
)
Index("ix_conversations_latest", conversations.c.owner, conversations.c.updated, conversations.c.id)
Index("ix_conversations_source", conversations.c.owner, conversations.c.source)

trash = Table(
    "trash",
    metadata,
    Column("token", Text, primary_key=True),
    _owner(),
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
    _owner(),
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

leases = Table(
    "leases",  # one row for each reply that is waiting or running, and for no other
    metadata,
    Column("reply", Id, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    _owner(),
    Column("conversation", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("process", Text, nullable=False),
    Column("until", Double, nullable=False),  # seconds since the epoch, by the database's clock
    Column("stop", Boolean, nullable=False, server_default=false()),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", Id, primary_key=True),
    _owner(),
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

calls = Table(
    "calls",  # the ledger: no foreign keys, it outlives what it paid for
    metadata,
    Column("id", Id, primary_key=True),
    _owner(),
    Column("conversation", Text),
    Column("reply", BigInteger),
    Column("process", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("connection", Text, nullable=False),
    Column("base_url", Text, nullable=False),
    Column("model_asked", Text, nullable=False),
    Column("model_answered", Text),
    Column("outcome", Text),
    Column("started", Moment, nullable=False),
    Column("finished", Moment),
    Column("status", Integer),
    Column("error", Text),
    Column("first_token", Double),
    Column("duration", Double),
    Column("input_estimate", BigInteger, nullable=False),
    Column("input_tokens", BigInteger),
    Column("output_tokens", BigInteger),
    Column("cached_tokens", BigInteger),
    Column("reasoning_tokens", BigInteger),
    Column("estimated", Boolean, nullable=False, server_default=false()),
    Column("usage", Json),
    Column("nanodollars", BigInteger),
    Column("cost_source", Text, nullable=False, server_default="unknown"),
    Column("cache_write_tokens", BigInteger),
    Column("service_tier", Text),
    Column("arithmetic", Json),  # buckets and rates as they were: recorded money never changes
    Column("held", BigInteger),  # nano-dollars that the budgets set aside for it before it was made
    Column("instead_nanodollars", BigInteger),  # what that model would have cost, at the prices of then
    Column("left_out_tokens", BigInteger),  # of older messages that were not sent; an estimate
    Column("instead_of", Text),  # the chat's own model, where another one was asked in its place
    sqlite_autoincrement=True,
)
Index("ix_calls_conversation", calls.c.owner, calls.c.conversation)
Index("ix_calls_spend", calls.c.owner, calls.c.started, calls.c.outcome, calls.c.cost_source, calls.c.nanodollars)
Index("ix_calls_reply", calls.c.owner, calls.c.reply)
_open = calls.c.outcome.is_(None)
Index("ix_calls_open", calls.c.owner, calls.c.id, sqlite_where=_open, postgresql_where=_open)

spent = Table(
    "spent",  # what `calls` came to, by UTC day and by quarter of an hour: every zone's midnight begins one
    metadata,
    Column("owner", Text, primary_key=True),
    Column("seconds", Integer, primary_key=True),  # how long the stretch is
    Column("number", BigInteger, primary_key=True),  # which one, counted from the epoch
    *(Column(name, BigInteger, nullable=False) for name in ("nanodollars", "calls", "estimated", "local", "unpriced")),
)

budgets = Table(
    "budgets",
    metadata,
    Column("id", Id, primary_key=True),
    _owner(),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("nanodollars", BigInteger, nullable=False),
    Column("zone", Text, nullable=False),
    UniqueConstraint("owner", "kind", "subject", name="uq_budgets_owner"),
    sqlite_autoincrement=True,
)

counters = Table(
    "counters",  # one for each budget and period; a call locks its own in the order of their ids
    metadata,
    Column("id", Id, primary_key=True),
    _owner(),
    Column("budget", Id, ForeignKey("budgets.id", ondelete="CASCADE"), nullable=False),
    Column("period", Text, nullable=False),
    Column("spent", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    UniqueConstraint("budget", "period", name="uq_counters_budget"),
    sqlite_autoincrement=True,
)

holds = Table(
    "holds",  # what open calls may still cost; gone when they are settled
    metadata,
    Column("call", Id, ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("counter", Id, ForeignKey("counters.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("nanodollars", BigInteger, nullable=False),
)

limits = Table(
    "limits",  # every limit that was ever set, oldest first
    metadata,
    Column("id", Id, primary_key=True),
    _owner(),
    Column("moment", Moment, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("before", BigInteger),
    Column("after", BigInteger),
    sqlite_autoincrement=True,
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
    "backlog",  # on SQLite: messages before this one are not all in the index yet; no row, and all are
    metadata,
    Column("below", Id, primary_key=True, autoincrement=False),
)
