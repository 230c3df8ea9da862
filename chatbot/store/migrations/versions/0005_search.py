"""The index of everything said. SQLite's is filled afterwards, a batch at a time: a large history would wait minutes."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Emoji, marks and joiners are letters here: without them emoji are not found and Devanagari falls apart at its vowel
# signs. The separators are accents that stand alone, a backtick among them, which Markdown puts around names.
WORDS = "unicode61 categories 'L* N* Co Mn Mc So Sk Cf' separators '`^´¨¸¯'"


def upgrade() -> None:
    op.create_table(
        "backlog",
        sa.Column("below", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("below", name="pk_backlog"),
    )
    if op.get_bind().dialect.name == "sqlite":
        on_sqlite()
    else:
        on_postgresql()


def on_sqlite() -> None:
    for name, tokenize in (("said_words", WORDS), ("said_parts", "trigram")):
        op.execute(
            f"CREATE VIRTUAL TABLE {name} USING fts5"
            f"(text, content='messages', content_rowid='id', tokenize=\"{tokenize}\")"
        )
    op.execute("INSERT INTO backlog (below) SELECT max(id) + 1 FROM messages HAVING max(id) IS NOT NULL")


def on_postgresql() -> None:
    op.execute(
        "CREATE INDEX ix_messages_words ON messages "
        "USING gin (to_tsvector('simple'::regconfig, \"left\"(text, 200000)))"
    )
    connection = op.get_bind()
    try:
        with connection.begin_nested():
            connection.execute(sa.text("CREATE EXTENSION IF NOT EXISTS pg_trgm"))
    except sa.exc.DBAPIError:
        return  # not installed or not allowed: parts of words are then found by reading, which takes longer
    op.execute("CREATE INDEX ix_messages_parts ON messages USING gin (text gin_trgm_ops)")
