"""Deleted means deleted: after the trash was emptied, the words are in no file of the data folder but a backup."""

import os
import sqlite3
import textwrap
import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from chatbot.core.errors import LeaseLost, StoreLocked
from chatbot.core.settings import Options
from chatbot.engine.backups import Backups
from chatbot.engine.daily import Daily
from chatbot.engine.emptying import empty_trash, remove_for_good
from chatbot.store import on_sqlite, tables
from chatbot.store.lease import this_process
from chatbot.store.store import Store
from chatbot.store.trash import Removed
from chatbot.store.values import Wanted
from tests.engine.test_backups import wait_for
from tests.store.scene import OPTIONS, answered, begin, call, exchange, finish, python
from tests.store.test_disk import on_every_connection

# Their first letters and their middles begin no other word, so that the index writes them out.
CANARIES = ("zqxwolframite", "Zqxtitel", "ｚqxüberwort", "zqxsystem", "zqxdraft", "zqxthought", "zqxbranch", "zqxnote")
PIECES = [word.encode() for word in CANARIES] + [b"qxwolframite", b"olframit", b"zqx", b"qxw", b"qxt"]


@pytest.fixture
def backups(on_disk: Store, tmp_path: Path) -> Backups:
    # Some builds of SQLite overwrite what they delete by themselves; most do not.
    on_every_connection(on_disk, "secure_delete=OFF")
    return Backups(on_disk, tmp_path / "data" / "backups")


def fill(store: Store) -> tuple[str, str]:
    """Conversations that stay, one with the canaries in all its parts and one with them in a branch, both deleted."""
    for number in range(30):
        exchange(store, text=f"kept {number} zebra", answer="a reply that is kept " * 50)
    whole = begin(store, "zqxwolframite ｚqxüberwort " * 200, options=replace(OPTIONS, system="zqxsystem"), key="k")
    store.turns.draft(this_process(), [(whole.reply, "zqxdraft " * 500, "zqxthought " * 500)])
    finish(store, whole.reply, "zqxwolframite in the answer", reasoning="zqxthought", notes=("zqxnote",))
    store.ledger.settle(call(store, whole), answered())
    store.conversations.rename(whole.conversation, "Zqxtitel")
    partly = exchange(store, text="kept beginning")
    below = exchange(store, partly, text="zqxbranch", answer="zqxbranch " * 3_000)
    running = begin(store, "zqxwolframite again", conversation=whole.conversation, parent=whole.reply)
    store.turns.draft(this_process(), [(running.reply, "zqxdraft that never ended", "")])
    store.conversations.delete(whole.conversation)
    store.conversations.delete_message(partly.conversation, below.user)  # type: ignore[arg-type]
    return whole.conversation, partly.conversation


def found_in(folder: Path) -> dict[str, list[bytes]]:
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: pieces for name, content in files.items() if (pieces := [one for one in PIECES if one in content])}


def test_the_words_are_in_no_file_any_more(on_disk: Store, backups: Backups, tmp_path: Path) -> None:
    fill(on_disk)
    assert {"store.db-wal"} <= set(found_in(tmp_path / "data"))
    done = empty_trash(on_disk, backups)
    assert found_in(tmp_path / "data") == {}
    assert done.removed == Removed(conversations=1, branches=1, messages=6)
    assert done.sentences == (
        "Removed for good: 1 conversation and 1 deleted message, 6 messages in all. What they cost stays in the bills.",
    )
    assert len(on_disk.ledger.calls()) == 1
    assert len(on_disk.search.find("zebra", limit=50)) >= 30
    assert on_disk.integrity() == []
    on_disk.close()
    assert found_in(tmp_path / "data") == {}
    again = empty_trash(on_disk, backups)
    assert again.sentences == ("The trash was empty.",)


def test_what_was_removed_long_ago_leaves_the_file_too(on_disk: Store, backups: Backups, tmp_path: Path) -> None:
    fill(on_disk)
    assert on_disk.conversations.purge(0) == 2  # as after 30 days, in a version that did not rewrite the file
    assert found_in(tmp_path / "data") != {}
    empty_trash(on_disk, backups)
    assert found_in(tmp_path / "data") == {}


def test_after_thirty_days_they_go_by_themselves(on_disk: Store, backups: Backups, tmp_path: Path) -> None:
    fill(on_disk)
    with on_disk._database.write() as connection:
        old = "'2026-01-01 00:00:00.000000'"
        connection.execute(text(f"UPDATE conversations SET deleted = {old} WHERE deleted IS NOT NULL"))
        connection.execute(text(f"UPDATE trash SET created = {old}"))
    daily = Daily(on_disk, backups, first=0)
    daily.begin()
    wait_for(backups.all)
    daily.close()
    assert found_in(tmp_path / "data") == {}, "not even in the backup that is made then"


def test_backups_that_may_hold_them_are_named(on_disk: Store, backups: Backups, tmp_path: Path) -> None:
    exchange(on_disk, text="something else")
    before = backups.make()
    time.sleep(0.1)
    fill(on_disk)
    made = backups.make()
    old = tmp_path / "data" / "store.db.schema-0004.20260102-030405-000006.bak"
    old.write_bytes(b"another time")
    os.utime(old, (0, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()))
    update = tmp_path / "data" / f"store.db.schema-0005.{datetime.now(UTC):%Y%m%d-%H%M%S}-000006.bak"
    update.write_bytes(b"zqx")
    assert {one.path for one in backups.all()} == {before.path, made.path, old, update}
    done = empty_trash(on_disk, backups)
    assert {one.path for one in done.backups} == {made.path, update}
    names = ", ".join(one.path.name for one in done.backups)
    assert done.left == (f"Backups may still hold them: {names}. Delete those files if nothing is to be left.",)
    assert set(found_in(tmp_path / "data")) == {str(one.path.relative_to(tmp_path / "data")) for one in done.backups}


def test_of_what_was_imported_no_time_says_which_backup_has_it(on_disk: Store, backups: Backups) -> None:
    id = exchange(on_disk).conversation
    whole = replace(on_disk.wholes.get(id), source="elsewhere:1")
    later = tuple(one._replace(created=datetime(2090, 1, 1, tzinfo=UTC)) for one in whole.messages)
    on_disk.wholes.add(replace(whole, created=datetime(2090, 1, 1, tzinfo=UTC), messages=later))
    made = backups.make()
    [there] = [line.id for line in on_disk.conversations.lines() if line.id != id]
    on_disk.conversations.delete(there)
    assert [one.path for one in empty_trash(on_disk, backups).backups] == [made.path]
    on_disk.conversations.delete(id)
    time.sleep(0.1)
    assert [one.path for one in empty_trash(on_disk, backups).backups] == [made.path]


def test_of_many_backups_the_first_and_the_last_are_named(on_disk: Store, backups: Backups) -> None:
    id = exchange(on_disk).conversation
    backups.folder.mkdir()
    for number in range(10, 15):
        (backups.folder / f"store-2099-01-{number}-at-030405.db").write_bytes(b"")
    on_disk.conversations.delete(id)
    [left] = remove_for_good(on_disk, backups, [id]).left
    assert "store-2099-01-12-at-030405.db and 2 more, back to store-2099-01-10-at-030405.db." in left


def test_another_program_that_reads_is_told_of_and_does_not_stop_it(
    on_disk: Store, backups: Backups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.store.wipe._PATIENCE", 0.3)
    fill(on_disk)
    script = textwrap.dedent("""
        import sys
        from chatbot.store.store import Store
        from sqlalchemy import text
        store = Store.open(sys.argv[1])
        with store._database.read() as connection:
            connection.execute(text("SELECT count(*) FROM messages")).all()
            print("reading", flush=True)
            sys.stdin.readline()
        print(store.search.find("zqxwolframite"), flush=True)
        sys.stdin.read()
    """)
    other = python(script, on_disk.url_shown)
    assert other.stdout is not None
    assert other.stdin is not None
    assert other.stdout.readline() == "reading\n"
    done = empty_trash(on_disk, backups)
    assert done.removed.conversations == 1
    assert "another window or program was reading" in done.left[0]
    other.stdin.write("\n")
    other.stdin.flush()
    assert other.stdout.readline() == "[]\n", "found nowhere, all the same"
    done = empty_trash(on_disk, backups)  # the other one has it open still, and reads nothing now
    assert done.left == ()
    assert found_in(tmp_path / "data") == {}
    other.communicate(timeout=10)


def test_another_program_that_writes_is_waited_for_politely(
    on_disk: Store, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_sqlite.connect, "__defaults__", (0.2,))  # seconds, instead of five
    fill(on_disk)
    on_disk.conversations.empty_trash()
    with closing(sqlite3.connect(str(on_disk.path), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLocked, match="Another program holds"):
            on_disk.wipe()
        other.execute("ROLLBACK")
    assert on_disk.wipe()


def test_a_disk_without_room_is_said_and_the_words_are_found_nowhere(
    on_disk: Store, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.store.wipe._ROOM", 1 << 60)
    fill(on_disk)
    done = empty_trash(on_disk, backups)
    assert done.removed.conversations == 1
    assert "There is no room to rewrite" in done.left[0]
    assert done.left[0].endswith("Then empty the trash again.")
    assert on_disk.search.find("zqxwolframite") == []


def test_on_every_database_no_table_has_the_words_and_the_bill_stays(store: Store, tmp_path: Path) -> None:
    whole, partly = fill(store)
    done = empty_trash(store, Backups(store, tmp_path / "backups"))
    assert done.removed == Removed(conversations=1, branches=1, messages=6)
    assert store.search.find("zqxwolframite") == []
    with store._database.read() as connection:
        for table in tables.metadata.sorted_tables:
            rows = [str(row) for row in connection.execute(table.select())]
            assert not [row for row in rows if "zqx" in row.lower()], table.name
    assert len(store.conversations.tree(partly).by_id) == 2
    assert [call.conversation for call in store.ledger.calls()] == [whole]
    assert store.integrity() == []
    if store.path is None:
        assert "PostgreSQL may keep the old bytes" in done.left[0]


def test_a_part_of_the_trash_is_removed_alone(store: Store, tmp_path: Path) -> None:
    whole, partly = fill(store)
    here, other = exchange(store, text="stays").conversation, exchange(store, text="stays in the trash").conversation
    store.conversations.delete(other)
    [branch] = store.history.deleted_branches()
    backups = Backups(store, tmp_path / "backups")

    done = remove_for_good(store, backups, [whole, here, "nowhere"])
    assert done.removed == Removed(conversations=1, branches=0, messages=4)
    assert store.search.find("zqxwolframite") == []
    assert [one.token for one in store.history.deleted_branches()] == [branch.token]
    done = remove_for_good(store, backups, tokens=[branch.token, "nowhere"])
    assert done.removed == Removed(conversations=0, branches=1, messages=2)
    assert len(store.conversations.tree(partly).by_id) == 2
    assert store.history.deleted_branches() == []

    assert [line.id for line in store.history.lines(Wanted(shelf="trash"))] == [other]
    assert store.conversations.get(here).title == "stays"
    again = remove_for_good(store, backups, [whole], tokens=[branch.token])
    assert again.sentences[0] == "None of it is in the trash any more."
    assert [call.conversation for call in store.ledger.calls()] == [whole]
    assert store.integrity() == []


def test_a_reply_that_is_being_written_in_the_trash_is_let_go(store: Store, tmp_path: Path) -> None:
    begun = begin(store, "zqxwolframite", options=Options(connection="fake", model="m-1"))
    store.conversations.delete(begun.conversation)
    empty_trash(store, Backups(store, tmp_path / "backups"))
    with pytest.raises(LeaseLost):
        finish(store, begun.reply, "zqxwolframite")
    assert store.integrity() == []
