"""Schemas: made, migrated, backed up; and every file that is not ours to change."""

import shutil
import sqlite3
import stat
import textwrap
from pathlib import Path

import pytest
from sqlalchemy import text

from chatbot.core.errors import (
    StoreCorrupt,
    StoreError,
    StoreTooNew,
)
from chatbot.store.index import ON_POSTGRESQL, PARTS, WORDS, ours
from chatbot.store.schema import bring_up_to_date
from chatbot.store.store import Store
from chatbot.store.tables import HEAD, VERSION_TABLE, metadata
from tests.store.scene import ROOT, answered, call, exchange

MIGRATIONS = ROOT / "chatbot/store/migrations"
ORDERED = ("ix_conversations_line", "ix_conversations_put_away", "ix_messages_model")
LATER = ("instead_nanodollars", "left_out_tokens")
NEXT = f"{int(HEAD) + 1:04}"


def test_the_constant_is_the_newest_migration() -> None:
    from alembic.script import ScriptDirectory

    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]


def test_migrations_make_exactly_the_tables(store: Store) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with store._database.read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "include_name": ours})
        assert compare_metadata(context, metadata) == []


def test_a_newer_schema_is_left_as_it_is(database_url: str) -> None:
    store = Store.open(database_url)
    exchange(store)
    with store._database.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    store.close()
    path = Path(database_url.removeprefix("sqlite:///"))
    before = path.read_bytes() if path.exists() else b""
    with pytest.raises(StoreTooNew, match="'9999'") as caught:
        Store.open(database_url)
    assert "update ByteBot" in str(caught.value)
    if before:
        assert path.read_bytes() == before
        assert [file.name for file in path.parent.iterdir()] == [path.name]


def copy_with_one_more_migration(folder: Path, upgrade: str) -> Path:
    scripts = shutil.copytree(MIGRATIONS, folder / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / f"versions/{NEXT}_more.py").write_text(
        f'import sqlalchemy as sa\nfrom alembic import op\nrevision = "{NEXT}"\ndown_revision = "{HEAD}"\n'
        f"def upgrade():\n{textwrap.indent(textwrap.dedent(upgrade), '    ')}\n"
    )
    return Path(scripts)


def test_an_older_sqlite_file_is_backed_up_and_migrated(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/store.db")
    begun = exchange(store, answer="kept")
    scripts = copy_with_one_more_migration(
        tmp_path,
        """
        with op.batch_alter_table("conversations") as batch:
            batch.add_column(sa.Column("colour", sa.Text()))
            batch.alter_column("title", existing_type=sa.Text(), nullable=True)
        """,
    )
    bring_up_to_date(store._database, head=NEXT, scripts=scripts)
    # The table was rebuilt: with foreign keys on, its messages would have gone with the old one.
    assert store.conversations.messages([begun.reply])[begun.reply].text == "kept"
    assert store.integrity() == []
    [copy] = tmp_path.glob(f"store.db.schema-{HEAD}.*.bak")
    with sqlite3.connect(copy) as old:
        assert old.execute("SELECT text FROM messages WHERE id = ?", (begun.reply,)).fetchone() == ("kept",)
        assert "colour" not in {row[1] for row in old.execute("PRAGMA table_info(conversations)")}
    old.close()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    store.close()
    with pytest.raises(StoreTooNew):
        Store.open(f"sqlite:///{tmp_path}/store.db")


def test_a_migration_that_fails_changes_nothing(database_url: str, tmp_path: Path) -> None:
    store = Store.open(database_url)
    begun = exchange(store, answer="kept")
    scripts = copy_with_one_more_migration(
        tmp_path, 'op.add_column("messages", sa.Column("x", sa.Text()))\nraise RuntimeError("half way")'
    )
    with pytest.raises(RuntimeError, match="half way"):
        bring_up_to_date(store._database, head=NEXT, scripts=scripts)
    store.close()
    again = Store.open(database_url)
    assert again.conversations.messages([begun.reply])[begun.reply].text == "kept"
    with again._database.read() as connection:
        columns = connection.execute(text("SELECT * FROM messages")).keys()
    assert "x" not in columns
    again.close()


def test_a_bill_from_before_there_were_prices_is_kept_and_unknown(database_url: str, tmp_path: Path) -> None:
    store = Store.open(database_url)
    number = call(store)
    store.ledger.settle(number, answered())
    with store._database.write() as connection:
        for index in ("ix_calls_spend", "ix_conversations_source", *ORDERED):
            connection.execute(text(f"DROP INDEX {index}"))
        connection.execute(text("CREATE INDEX ix_conversations_line ON conversations (owner)"))
        for column in ("source", "archived"):
            connection.execute(text(f"ALTER TABLE conversations DROP COLUMN {column}"))
        for index in () if store._database.sqlite else ON_POSTGRESQL:
            connection.execute(text(f"DROP INDEX {index}"))
        for table in (WORDS, PARTS) if store._database.sqlite else ():
            connection.execute(text(f"DROP TABLE {table}"))
        for table in ("tagged", "tags", "stars", "holds", "counters", "budgets", "limits", "spent", "backlog"):
            connection.execute(text(f"DROP TABLE {table}"))
        for column in ("cache_write_tokens", "service_tier", "arithmetic", "held", "instead_of", *LATER):
            connection.execute(text(f"ALTER TABLE calls DROP COLUMN {column}"))
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '0001'"))
    store.close()
    again = Store.open(database_url)
    [row] = again.ledger.calls()
    assert (row.id, row.outcome, row.cost.nanodollars, row.cost.source) == (number, "answered", None, "unknown")
    assert again.ledger.total().unpriced == 1
    assert again.integrity() == []
    again.close()


@pytest.mark.parametrize(
    "content", [b"this is no database, but long enough" * 200, b"SQLite format 3\0" + b"\xff" * 8192]
)
def test_a_corrupt_file_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt, match="left as it is") as caught:
        Store.open(f"sqlite:///{path}")
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["store.db"]


def test_a_file_that_broke_later_says_so(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = Store.open(f"sqlite:///{path}")
    for _ in range(50):
        exchange(store, answer="word " * 500)
    store.close()
    whole = path.read_bytes()
    half = len(whole) // 2
    path.write_bytes(whole[:half] + b"\xa5" * half)
    broken = Store.open(f"sqlite:///{path}")
    with pytest.raises(StoreCorrupt):
        broken.conversations.messages(range(1, 101))
    broken.close()


def test_another_programs_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program"):
        Store.open(f"sqlite:///{path}")
    assert path.read_bytes() == before
