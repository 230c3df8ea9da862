"""The tables of the ledger and of the limits. They have no words in them and outlive the conversations they paid for."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from chatbot.store.columns import Id, Json, metadata, owner
from chatbot.store.moment import Moment

calls = Table(
    "calls",  # the ledger: no foreign keys, it outlives what it paid for
    metadata,
    Column("id", Id, primary_key=True),
    owner(),
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
    owner(),
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
    owner(),
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
    owner(),
    Column("moment", Moment, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("before", BigInteger),
    Column("after", BigInteger),
    sqlite_autoincrement=True,
)
