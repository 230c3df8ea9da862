"""Putting in order: tags, stars and the archive; and by which model a conversation was answered."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LISTED = sa.text("deleted IS NULL AND archived IS NULL")
PUT_AWAY = sa.text("deleted IS NOT NULL OR archived IS NOT NULL")
ANSWERED = sa.text("model_answered IS NOT NULL")


def upgrade() -> None:
    op.add_column("conversations", sa.Column("archived", sa.DateTime(timezone=True)))
    op.drop_index("ix_conversations_line", "conversations")
    index("ix_conversations_line", "conversations", ["owner", "pinned", "updated", "id", "deleted", "archived"], LISTED)
    index("ix_conversations_put_away", "conversations", ["owner", "deleted", "archived"], PUT_AWAY)
    index("ix_messages_model", "messages", ["owner", "model_answered", "conversation"], ANSWERED)
    op.add_column("backlog", sa.Column("lowest", ID, nullable=False, server_default="0"))
    op.create_table(
        "stars",
        sa.Column("message", ID, autoincrement=False, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["message"], ["messages.id"], name="fk_stars_message", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name="fk_stars_conversation", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message", name="pk_stars"),
    )
    op.create_index("ix_stars_conversation", "stars", ["conversation"])
    op.create_index("ix_stars_newest", "stars", ["owner", "created"])
    op.create_table(
        "tags",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("colour", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tags"),
        sa.UniqueConstraint("owner", "folded", name="uq_tags_owner"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tagged",
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("tag", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name="fk_tagged_conversation", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["tag"], ["tags.id"], name="fk_tagged_tag", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("conversation", "tag", name="pk_tagged"),
    )
    op.create_index("ix_tagged_tag", "tagged", ["tag"])


def index(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
