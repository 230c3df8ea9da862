"""SQLite and the disk: what holds on every connection, and what is said when the disk does not play along."""

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import threading
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import event, text

from chatbot.core.errors import StoreError, StoreFull, StoreLocked, StoreReadOnly
from chatbot.store.on_sqlite import WAL_BYTES, SqliteFile
from chatbot.store.store import Store
from tests.store.scene import ROOT, begin, exchange, finish, full_disk


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def file_store(path: Path) -> Iterator[Store]:
    store = Store.open(f"sqlite:///{path}")
    yield store
    store.close()


def on_every_connection(store: Store, pragma: str) -> None:
    """Sets a pragma on the connections to come, and lets those that are open go."""
    engine = store._database.backend.engine
    event.listen(engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}"))
    engine.dispose()


def test_every_connection_is_safe(file_store: Store) -> None:
    pragmas = {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "busy_timeout": 5_000,
        "wal_autocheckpoint": 0,
    }
    with ExitStack() as open_at_once:
        for _ in range(12):
            connection = open_at_once.enter_context(file_store._database.read())
            assert {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in pragmas} == pragmas


def test_a_write_takes_the_lock_before_it_reads(file_store: Store) -> None:
    statements: list[str] = []
    engine = file_store._database.backend.engine
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    begin(file_store)
    assert statements[0] == "BEGIN IMMEDIATE"


def test_the_log_is_moved_into_the_file_before_it_grows_large(file_store: Store, path: Path) -> None:
    largest, done = 0, threading.Event()

    def write() -> None:
        for _ in range(30):
            exchange(file_store, text="x" * 50_000, answer="y" * 50_000)

    def watch() -> None:
        nonlocal largest
        while not done.wait(0.005):
            largest = max(largest, os.stat(f"{path}-wal").st_size)

    watcher, writers = threading.Thread(target=watch), [threading.Thread(target=write) for _ in range(4)]
    for thread in (watcher, *writers):
        thread.start()
    for thread in writers:
        thread.join(100)
    done.set()
    watcher.join(10)
    assert path.stat().st_size > 10_000_000
    assert largest < 2 * WAL_BYTES
    assert file_store.integrity() == []


def test_a_reader_may_stand_in_the_way_of_the_log_for_a_while(file_store: Store, path: Path) -> None:
    first = exchange(file_store)
    with closing(Store.open(f"sqlite:///{path}")) as other, other._database.read() as connection:
        count = text("SELECT count(*) FROM messages")
        assert connection.execute(count).scalar() == 2
        for _ in range(100):
            exchange(file_store, text="x" * 50_000, answer="y" * 50_000)
        assert connection.execute(count).scalar() == 2
        assert os.stat(f"{path}-wal").st_size > WAL_BYTES
    exchange(file_store, first)
    exchange(file_store, first)
    assert os.stat(f"{path}-wal").st_size < WAL_BYTES
    assert file_store.integrity() == []


def test_nobody_can_write_while_the_log_is_moved(file_store: Store, path: Path) -> None:
    exchange(file_store)
    backend = file_store._database.backend
    assert isinstance(backend, SqliteFile)
    order: list[tuple[str, str]] = []
    engine = backend.engine

    @event.listens_for(engine, "checkout")
    def trace(connection: sqlite3.Connection, *_: object) -> None:
        name = hex(id(connection))
        connection.set_trace_callback(lambda statement: order.append((name, statement)))

    backend.checkpoint()
    (shut, first), (mover, second), (last, third) = [one for one in order if "busy" not in one[1]]
    assert (first, second, third) == ("BEGIN IMMEDIATE", "PRAGMA wal_checkpoint(PASSIVE)", "ROLLBACK")
    assert shut == last != mover


def test_another_programs_writing_puts_the_move_off(file_store: Store, path: Path) -> None:
    on_every_connection(file_store, "busy_timeout=50")
    backend = file_store._database.backend
    assert isinstance(backend, SqliteFile)
    exchange(file_store)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Exception, match="locked"):
            backend.checkpoint()
        other.execute("ROLLBACK")
    backend.checkpoint()


def test_a_database_held_by_another_program_is_said_and_nothing_is_stored(file_store: Store, path: Path) -> None:
    on_every_connection(file_store, "busy_timeout=100")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreLocked, match="Another program holds") as caught:
            begin(file_store, key="once")
        assert str(path) in str(caught.value)
        assert file_store.conversations.lines() == []
        other.execute("ROLLBACK")
    assert begin(file_store, key="once").created


def test_a_full_disk_is_said_and_nothing_is_lost(file_store: Store) -> None:
    first = exchange(file_store)
    live = begin(file_store, conversation=first.conversation, parent=first.reply)
    with file_store._database.read() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    on_every_connection(file_store, f"max_page_count={pages + 2}")
    with pytest.raises(StoreFull, match=r"The disk is full: .* Free some space, then send again\."):
        begin(file_store, "x" * 100_000, key="once")
    with pytest.raises(StoreFull):
        finish(file_store, live.reply, "y" * 100_000)
    assert file_store.turns.live(first.conversation) == [live.reply]
    assert len(file_store.conversations.lines()) == 1
    on_every_connection(file_store, f"max_page_count={pages + 1_000}")
    finish(file_store, live.reply, "y" * 100_000)
    assert begin(file_store, "x" * 100_000, key="once").created
    assert file_store.integrity() == []


@pytest.mark.skipif(os.name == "nt", reason="POSIX limits")
def test_a_disk_that_takes_no_more_bytes_is_said(path: Path) -> None:
    script = textwrap.dedent("""
        import resource, sys
        from chatbot.core.errors import StoreFull
        from chatbot.store.store import Store
        from tests.store.scene import begin, exchange
        store = Store.open(sys.argv[1])
        begun = exchange(store)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
        try:
            begin(store, "x" * 1_900_000, key="once")
        except StoreFull as error:
            print(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(store.conversations.messages([begun.reply])[begun.reply].text)
        print(begin(store, "x" * 1_900_000, key="once").created, store.integrity())
    """)
    command = [sys.executable, "-c", script, f"sqlite:///{path}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    said = done.stdout.splitlines()
    assert len(said) == 3, done.stderr
    assert "Free some space, then send again." in said[0]
    assert said[1:] == ["Hi.", "True []"]


def test_a_database_that_may_only_be_read_is_said_and_can_be_read(file_store: Store) -> None:
    begun = exchange(file_store)
    on_every_connection(file_store, "query_only=1")
    with pytest.raises(StoreReadOnly, match="nothing can be kept"):
        begin(file_store)
    with pytest.raises(StoreReadOnly):
        file_store.conversations.pin(begun.conversation, True)
    assert file_store.conversations.messages([begun.reply])[begun.reply].text == "Hi."


READ_ONLY = textwrap.dedent("""
    import os, sys
    import sqlalchemy.dialects.sqlite.pysqlite, alembic.command, alembic.config
    from chatbot.core.errors import StoreReadOnly
    from chatbot.store.store import Store
    from chatbot.store.lease import this_process
    from tests.store.scene import begin
    this_process()  # everything is imported by now; the user below may not be able to read this folder
    if os.geteuid() == 0:  # file rights do not bind root
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
    try:
        print(len(Store.open(sys.argv[1], to_read=True).conversations.lines()), "to read")
    except StoreReadOnly:
        print("nothing to read")
    try:
        store = Store.open(sys.argv[1])
        begin(store)
    except StoreReadOnly as error:
        print(error)
""")


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX file rights")
@pytest.mark.parametrize("what", ["file", "folder", "both", "nothing there yet"])
def test_a_read_only_file_or_folder_is_said_and_left_as_it_is(what: str) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        path = folder / "store.db"
        if what != "nothing there yet":
            store = Store.open(f"sqlite:///{path}")
            exchange(store)
            store.close()
            path.chmod(0o644 if what == "folder" else 0o444)
        if os.geteuid() == 0 and path.exists() and what == "folder":
            os.chown(path, 65534, 65534)
        folder.chmod(0o777 if what == "file" else 0o555)
        before = {file.name: file.read_bytes() for file in folder.iterdir()}
        command = [sys.executable, "-c", READ_ONLY, f"sqlite:///{path}"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert str(path) in done.stdout, done.stderr
        assert "choose another data folder" in done.stdout
        assert done.stdout.startswith("1 to read" if "store.db" in before else "nothing to read")
        assert path.exists() == ("store.db" in before)
        if path.exists():
            assert path.read_bytes() == before["store.db"]
    finally:
        folder.chmod(0o700)
        shutil.rmtree(folder)


@pytest.mark.skipif(os.name == "nt", reason="POSIX limits")
def test_on_a_full_disk_it_can_be_read_and_what_is_written_says_why_not(path: Path) -> None:
    store = Store.open(f"sqlite:///{path}")
    begun = exchange(store)
    store.close()
    with full_disk():
        with pytest.raises(StoreFull):
            Store.open(f"sqlite:///{path}")
        with closing(Store.open(f"sqlite:///{path}", to_read=True)) as reading:
            assert reading.conversations.messages([begun.reply])[begun.reply].text == "Hi."
            with pytest.raises(StoreFull, match="Free some space"):
                begin(reading)


@pytest.mark.skipif(os.name == "nt", reason="POSIX limits")
def test_what_is_written_while_a_full_disk_is_read_is_said(path: Path) -> None:
    with closing(Store.open(f"sqlite:///{path}")) as store:
        exchange(store)
    with full_disk():
        reading = Store.open(f"sqlite:///{path}", to_read=True)
    with closing(Store.open(f"sqlite:///{path}")) as store:
        exchange(store)
        with pytest.raises(StoreLocked, match="written to while it was read"):
            reading.conversations.lines()
    reading.close()


@pytest.mark.skipif(os.name == "nt", reason="POSIX limits")
def test_words_that_wait_in_a_log_are_not_left_out(path: Path) -> None:
    with closing(Store.open(f"sqlite:///{path}")) as store:
        exchange(store)
        kept = path.with_name("kept.db")
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", f"{kept}{ending}")
    with full_disk(), pytest.raises(StoreFull, match=r"newest words wait in .*kept\.db-wal'.* Copy both"):
        Store.open(f"sqlite:///{kept}", to_read=True)


@pytest.mark.skipif(os.name == "nt", reason="an open file cannot be deleted there")
@pytest.mark.parametrize("what", ["deleted", "replaced", "moved"])
def test_a_file_that_went_away_while_open_takes_no_more_words(file_store: Store, path: Path, what: str) -> None:
    exchange(file_store)
    if what == "moved":
        path.rename(path.with_name("elsewhere.db"))
    else:
        path.unlink()
    if what == "replaced":
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE t (x)")
    with pytest.raises(StoreError, match="moved, replaced or deleted"):
        begin(file_store)
    assert path.exists() == (what == "replaced")


def test_a_bug_stays_a_bug_and_quotes_no_words(store: Store) -> None:
    begun = exchange(store)
    with pytest.raises(Exception, match="empty_means_no_text") as caught, store._database.write() as connection:
        connection.execute(
            text("UPDATE messages SET empty = true, text = :words WHERE id = :id"),
            {"words": "a very secret word", "id": begun.reply},
        )
    assert not isinstance(caught.value, StoreError)
    assert "secret" not in "".join(traceback.format_exception(caught.value))
    assert "secret" not in str(caught.value.__dict__)
