"""Where a conversation came from, so that importing it again finds it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("source", sa.Text()))
    op.create_index("ix_conversations_source", "conversations", ["owner", "source"])
