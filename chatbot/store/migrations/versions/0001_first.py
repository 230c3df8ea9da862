"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

id_type = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    conversations()
    messages()
    turns()
    ledger()


def conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("title_by", sa.Text(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("head", sa.BigInteger()),
        sa.Column("pinned", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created", moment, nullable=False),
        sa.Column("updated", moment, nullable=False),
        sa.Column("answered", moment),
        sa.Column("seen", moment),
        sa.Column("deleted", moment),
        sa.PrimaryKeyConstraint("id", name="pk_conversations"),
    )
    op.create_index("ix_conversations_latest", "conversations", ["owner", "updated", "id"])
    op.create_index(
        "ix_conversations_line",
        "conversations",
        ["owner", "pinned", "updated", "id"],
        sqlite_where=sa.text("deleted IS NULL"),
        postgresql_where=sa.text("deleted IS NULL"),
    )
    op.create_table(
        "trash",
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("message", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.BigInteger()),
        sa.Column("created", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name="fk_trash_conversation", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token", name="pk_trash"),
    )
    op.create_index("ix_trash_conversation", "trash", ["conversation"])


def messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", id_type, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("parent", id_type),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("continues", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("trash", sa.Text()),
        sa.Column("created", moment, nullable=False),
        sa.Column("finished", moment),
        sa.Column("connection", sa.Text()),
        sa.Column("model_asked", sa.Text()),
        sa.Column("model_answered", sa.Text()),
        sa.Column("finish_reason", sa.Text()),
        sa.Column("first_token", sa.Double()),
        sa.Column("duration", sa.Double()),
        sa.Column("thinking", sa.Double()),
        sa.Column("retries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("left_out", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("error_kind", sa.Text()),
        sa.Column("way_out", sa.Text()),
        sa.Column("notes", sa.JSON()),
        sa.Column("usage", sa.JSON()),
        sa.Column("options", sa.JSON()),
        sa.Column("sent", sa.JSON()),
        sa.Column("empty", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reasoning", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name="fk_messages_conversation", ondelete="CASCADE"
        ),
        sa.CheckConstraint("empty = (text = '')", name="empty_means_no_text"),
        sa.ForeignKeyConstraint(["parent"], ["messages.id"], name="fk_messages_parent"),
        sa.ForeignKeyConstraint(["trash"], ["trash.token"], name="fk_messages_trash", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_messages_parent", "messages", ["parent"])
    op.create_index("ix_messages_trash", "messages", ["trash"])
    op.create_index(
        "ix_messages_tree",
        "messages",
        ["owner", "conversation", "id", "parent", "role", "state", "continues", "empty", "trash"],
    )


def turns() -> None:
    op.create_table(
        "leases",
        sa.Column("reply", id_type, autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("until", sa.Double(), nullable=False),
        sa.Column("stop", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name="fk_leases_conversation", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["reply"], ["messages.id"], name="fk_leases_reply", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("reply", name="pk_leases"),
    )
    op.create_index("ix_leases_conversation", "leases", ["conversation"])
    op.create_table(
        "drafts",
        sa.Column("id", id_type, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("reply", id_type, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("reasoning", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["reply"], ["messages.id"], name="fk_drafts_reply", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_drafts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_drafts_reply", "drafts", ["reply"])
    op.create_table(
        "begins",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text()),
        sa.Column("user", sa.BigInteger()),
        sa.Column("reply", id_type),
        sa.ForeignKeyConstraint(["reply"], ["messages.id"], name="fk_begins_reply", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("owner", "key", name="pk_begins"),
    )
    op.create_index("ix_begins_reply", "begins", ["reply"])


def ledger() -> None:
    op.create_table(
        "calls",
        sa.Column("id", id_type, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text()),
        sa.Column("reply", sa.BigInteger()),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("model_asked", sa.Text(), nullable=False),
        sa.Column("model_answered", sa.Text()),
        sa.Column("outcome", sa.Text()),
        sa.Column("started", moment, nullable=False),
        sa.Column("finished", moment),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.Column("first_token", sa.Double()),
        sa.Column("duration", sa.Double()),
        sa.Column("input_estimate", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger()),
        sa.Column("output_tokens", sa.BigInteger()),
        sa.Column("cached_tokens", sa.BigInteger()),
        sa.Column("reasoning_tokens", sa.BigInteger()),
        sa.Column("estimated", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("usage", sa.JSON()),
        sa.Column("nanodollars", sa.BigInteger()),
        sa.Column("cost_source", sa.Text(), server_default="unknown", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_calls_conversation", "calls", ["owner", "conversation"])
    op.create_index(
        "ix_calls_open",
        "calls",
        ["owner", "id"],
        sqlite_where=sa.text("outcome IS NULL"),
        postgresql_where=sa.text("outcome IS NULL"),
    )
    op.create_index("ix_calls_reply", "calls", ["owner", "reply"])
    op.create_table(
        "quirks",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("parameter", sa.Text(), nullable=False),
        sa.Column("instead", sa.Text()),
        sa.Column("learned", moment, nullable=False),
        sa.PrimaryKeyConstraint("owner", "base_url", "model", "parameter", name="pk_quirks"),
    )
