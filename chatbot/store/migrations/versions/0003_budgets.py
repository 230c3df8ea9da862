"""Budgets with their counters, what was spent in each stretch of time, and which model a call stood in for."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

id_type = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SUMS = ("nanodollars", "calls", "estimated", "local", "unpriced")


def upgrade() -> None:
    for column in ("held", "instead_nanodollars", "left_out_tokens"):
        op.add_column("calls", sa.Column(column, sa.BigInteger()))
    op.add_column("calls", sa.Column("instead_of", sa.Text()))
    op.create_table(
        "spent",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in SUMS),
        sa.PrimaryKeyConstraint("owner", "seconds", "number", name="pk_spent"),
    )
    op.create_table(
        "budgets",
        sa.Column("id", id_type, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("nanodollars", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_budgets"),
        sa.UniqueConstraint("owner", "kind", "subject", name="uq_budgets_owner"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "counters",
        sa.Column("id", id_type, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("budget", id_type, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_counters"),
        sa.ForeignKeyConstraint(["budget"], ["budgets.id"], name="fk_counters_budget", ondelete="CASCADE"),
        sa.UniqueConstraint("budget", "period", name="uq_counters_budget"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "holds",
        sa.Column("call", id_type, nullable=False),
        sa.Column("counter", id_type, nullable=False),
        sa.Column("nanodollars", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("call", "counter", name="pk_holds"),
        sa.ForeignKeyConstraint(["call"], ["calls.id"], name="fk_holds_call", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["counter"], ["counters.id"], name="fk_holds_counter", ondelete="CASCADE"),
    )
    op.create_index("ix_holds_counter", "holds", ["counter"])
    op.create_table(
        "limits",
        sa.Column("id", id_type, nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("moment", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("before", sa.BigInteger()),
        sa.Column("after", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_limits"),
        sqlite_autoincrement=True,
    )
    add_up()


def add_up() -> None:
    """What the calls so far came to, by UTC day and by quarter of an hour."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    epoch = (
        "CAST(strftime('%s', substr(started, 1, 19)) AS BIGINT)"
        if sqlite
        else "CAST(floor(extract(epoch FROM started)) AS BIGINT)"
    )
    counted = ", ".join(
        f"sum(CASE WHEN cost_source = '{source}' THEN 1 ELSE 0 END)" for source in ("estimated", "local", "unknown")
    )
    for seconds in (86_400, 900):
        op.execute(
            f"INSERT INTO spent (owner, seconds, number, {', '.join(SUMS)}) "
            f"SELECT owner, {seconds}, {epoch} / {seconds}, coalesce(sum(nanodollars), 0), count(*), {counted} "
            f"FROM calls WHERE outcome IS NOT NULL AND cost_source <> 'free' "
            f"GROUP BY owner, {epoch} / {seconds}"
        )
