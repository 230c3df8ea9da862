"""What a call cost, and how that was worked out."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("calls", sa.Column("cache_write_tokens", sa.BigInteger()))
    op.add_column("calls", sa.Column("service_tier", sa.Text()))
    op.add_column("calls", sa.Column("arithmetic", sa.JSON()))
    op.create_index("ix_calls_spend", "calls", ["owner", "started", "outcome", "cost_source", "nanodollars"])
