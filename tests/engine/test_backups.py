"""Backups: whole, made beside whoever writes, by one process, kept by age; and a new history made of one."""

import os
import signal
import sqlite3
import stat
import textwrap
import threading
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from chatbot.core.errors import BackupFailed, BadInput, StoreTooNew
from chatbot.core.settings import Options
from chatbot.core.whole import digest
from chatbot.engine.backups import Backup, Backups, spare
from chatbot.engine.daily import Daily
from chatbot.engine.restore import restore
from chatbot.home.files import alone
from chatbot.store.database import Database
from chatbot.store.on_sqlite import SqliteFile
from chatbot.store.rows import now
from chatbot.store.schema import bring_up_to_date
from chatbot.store.store import Store
from chatbot.store.tables import messages
from tests.store.scene import answered, begin, call, exchange, python

OPTIONS = Options(connection="fake", model="m-1")


@pytest.fixture
def backups(store: Store, tmp_path: Path) -> Backups:
    return Backups(store, tmp_path / "backups")


@pytest.fixture
def on_sqlite(on_disk: Store, tmp_path: Path) -> Backups:
    exchange(on_disk, text="kept words")
    return Backups(on_disk, tmp_path / "data" / "backups")


def many_messages(store: Store) -> None:
    """So many that a copy takes thousands of steps."""
    begun = exchange(store)
    row = {"owner": "local", "conversation": begun.conversation, "parent": begun.reply, "role": "user"}
    row |= {"state": "complete", "empty": False, "text": "x" * 100, "created": now()}
    with store._database.write() as connection:
        connection.execute(insert(messages), [row] * 2_000)


def digests(store: Store) -> set[str]:
    return {digest(store.wholes.get(id)) for id in store.wholes.ids()}


def files(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir() if one.name != ".lock")


def restored(file: Path, to: Path) -> Store:
    return Store.open(restore(file, to, OPTIONS).url)


def test_a_backup_comes_back_as_a_history_with_all_that_is_kept(backups: Backups, store: Store, tmp_path: Path) -> None:
    first = exchange(store, text="What? \U0001f9ea")
    exchange(store, first, text="And?")
    store.ledger.settle(call(store, first), answered())
    made = backups.make()
    exchange(store, text="said later")
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert [one.path for one in backups.all()] == [made.path]
    assert made.path.suffix == (".db" if store.path else ".zip")
    to = tmp_path / "new.db"
    done = restore(made.path, to, OPTIONS)
    assert (done.conversations, done.messages, done.url) == (1, 4, f"sqlite:///{to}")
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    new = Store.open(done.url)
    assert digests(new) == {digest(store.wholes.get(first.conversation))}
    assert len(new.ledger.calls()) == 1
    assert new.integrity() == []
    assert new.search.find("And")[0].conversation in new.wholes.ids()
    new.close()
    assert len(store.wholes.ids()) == 2


def test_a_snapshot_has_trash_limits_and_bills_too(on_sqlite: Backups, tmp_path: Path) -> None:
    store = on_sqlite._store
    gone = exchange(store, text="deleted")
    call(store, gone)
    store.conversations.delete(gone.conversation)
    store.ledger.budgets.set("month", 10**9)
    new = restored(on_sqlite.make().path, tmp_path / "new.db")
    new.conversations.undelete(gone.conversation)
    assert [one.limit for one in new.ledger.budgets.all()] == [10**9]
    assert len(new.ledger.calls()) == 1
    new.close()


def test_nobody_who_writes_waits_for_it_and_it_is_of_one_moment(on_sqlite: Backups, tmp_path: Path) -> None:
    store = on_sqlite._store
    for number in range(50):
        exchange(store, text=f"{number} " + "x" * 60_000, answer="y" * 60_000)
    written: list[float] = []
    over = threading.Event()

    def write() -> None:
        while not over.is_set():
            began = time.monotonic()
            exchange(store, text="meanwhile", answer="and done")
            written.append(time.monotonic() - began)

    writer = threading.Thread(target=write)
    writer.start()
    made: list[Path] = []
    while len(made) < 3 or (len(written) < 20 and len(made) < 30):
        made.append(tmp_path / f"copy-{len(made)}.db")
        on_sqlite.write(made[-1])
    over.set()
    writer.join(20)
    assert len(written) >= 20
    assert max(written) < 2.0, "seconds"
    for copy in (made[0], made[-1]):
        new = restored(copy, copy.with_suffix(".new"))
        assert new.integrity() == []
        begun = {id: new.conversations.tree(id) for id in new.wholes.ids()}
        # Its user message and its reply are one transaction.
        assert all(len(tree.by_id) == 2 for tree in begun.values())
        new.close()


def test_one_a_day_and_nothing_of_nothing(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/store.db")
    backups = Backups(store, tmp_path / "backups")
    assert backups.daily() is None
    assert not backups.folder.exists()
    exchange(store)
    made = backups.daily()
    assert made is not None
    assert made.path.name == f"store-{datetime.now().astimezone():%Y-%m-%d}.db"
    assert backups.daily() is None
    assert backups.make().why == "by hand"
    assert sorted(one.why for one in backups.all()) == ["by hand", "daily"]
    store.close()


def test_a_server_is_not_copied_by_itself(backups: Backups, store: Store) -> None:
    exchange(store)
    made = backups.daily()
    assert (made is None) == (store.path is None)
    if store.path is None:
        with pytest.raises(BadInput, match="pg_dump"):
            backups.write(backups.folder.parent / "all.db")


def test_one_process_at_a_time(on_sqlite: Backups, tmp_path: Path) -> None:
    on_sqlite.make()
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from chatbot.home.files import alone
        with alone(Path(sys.argv[1])) as mine:
            print(mine, flush=True)
            sys.stdin.read()
    """)
    other = python(script, str(on_sqlite.folder / ".lock"))
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"
    try:
        assert on_sqlite.daily() is None
        with pytest.raises(BackupFailed, match="being made right now"):
            on_sqlite.make()
    finally:
        other.kill()
        other.communicate()
    assert on_sqlite.daily() is not None
    with alone(on_sqlite.folder / ".lock") as mine:
        assert mine


@pytest.mark.crash
def test_a_process_killed_in_the_midst_of_it_leaves_nothing_that_looks_like_one(
    on_sqlite: Backups, tmp_path: Path
) -> None:
    many_messages(on_sqlite._store)
    script = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from chatbot.engine.backups import Backups
        from chatbot.store.store import Store
        backups = Backups(Store.open(sys.argv[1]), Path(sys.argv[2]))
        def stop():
            print("in the midst", flush=True)
            time.sleep(60)
        backups.make(stop)
    """)
    child = python(script, f"sqlite:///{on_sqlite._store.path}", str(on_sqlite.folder))
    assert child.stdout is not None
    assert child.stdout.readline() == "in the midst\n"
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    left = files(on_sqlite.folder)
    assert left
    assert all(name.startswith(".store-") and ".part" in name for name in left)
    assert on_sqlite.all() == []
    made = on_sqlite.daily()
    assert made is not None
    assert files(on_sqlite.folder) == [made.path.name]


@pytest.mark.skipif(os.name == "nt", reason="POSIX limits")
@pytest.mark.parametrize("ending", ["db", "zip"])
def test_a_full_disk_is_said_and_nothing_is_left(on_sqlite: Backups, tmp_path: Path, ending: str) -> None:
    for _ in range(10):
        exchange(on_sqlite._store, text=os.urandom(200_000).hex())
    script = textwrap.dedent("""
        import resource, sys
        from pathlib import Path
        from chatbot.core.errors import BackupFailed
        from chatbot.engine.backups import Backups
        from chatbot.store.store import Store
        from tests.store.scene import exchange
        store = Store.open(sys.argv[1])
        backups = Backups(store, Path(sys.argv[2]))
        resource.setrlimit(resource.RLIMIT_FSIZE, (900_000, resource.RLIM_INFINITY))
        try:
            backups.write(Path(sys.argv[3]))
        except BackupFailed as error:
            print(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(exchange(store).created, store.integrity())
    """)
    there = tmp_path / "there"
    there.mkdir()
    child = python(script, f"sqlite:///{on_sqlite._store.path}", str(on_sqlite.folder), str(there / f"all.{ending}"))
    out, err = child.communicate(timeout=60)
    said = out.splitlines()
    assert len(said) == 2, err
    assert "Free some space, then try again" in said[0] or "free some space, then try again" in said[0]
    assert said[1] == "True []"
    assert files(there) == []


def test_it_does_not_begin_where_there_is_no_room(
    on_sqlite: Backups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatbot.engine.backups.ROOM", 1 << 60)
    with pytest.raises(BackupFailed, match="There is no room for a backup"):
        on_sqlite.make()
    assert files(on_sqlite.folder) == []


def test_a_folder_that_cannot_be_is_said_and_told_by_the_daily_work(on_sqlite: Backups) -> None:
    on_sqlite.folder.write_text("no folder")
    with pytest.raises(BackupFailed, match="cannot be written"):
        on_sqlite.make()
    daily = Daily(on_sqlite._store, on_sqlite, first=0, every=0.05)
    daily.begin()
    wait_for(lambda: daily.problem)
    assert "cannot be written" in daily.problem
    on_sqlite.folder.unlink()
    wait_for(on_sqlite.all)
    wait_for(lambda: not daily.problem)
    daily.close()
    assert [one.why for one in on_sqlite.all()] == ["daily"]


def test_a_bug_in_the_daily_work_is_told(on_sqlite: Backups) -> None:
    class Broken(Backups):
        def daily(self, stop: object = None) -> None:  # type: ignore[override]
            raise RuntimeError("a bug")

    daily = Daily(on_sqlite._store, Broken(on_sqlite._store, on_sqlite.folder), first=0, every=0.05)
    daily.begin()
    wait_for(lambda: daily.problem)
    daily.close()
    assert daily.problem == "ByteBot made a mistake here, so no backup was made today. Make one now."


def wait_for(what) -> None:  # type: ignore[no-untyped-def]
    until = time.monotonic() + 10
    while not what():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_closing_breaks_a_backup_off(on_sqlite: Backups) -> None:
    many_messages(on_sqlite._store)
    with pytest.raises(BackupFailed, match="stopped before its end"):
        on_sqlite.make(lambda: True)
    assert files(on_sqlite.folder) == []


def of(day: date, why: str = "daily", hour: int = 12) -> Backup:
    made = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    return Backup(path=Path(f"{made}"), made=made, written=made, bytes=1, why=why)  # type: ignore[arg-type]


def test_seven_days_and_four_weeks_stay() -> None:
    kept: list[Backup] = []
    first = date(2026, 1, 1)
    for number in range(200):
        kept.append(of(first + timedelta(days=number)))
        for one in spare(kept):
            kept.remove(one)
        assert kept[-1].made.date() == first + timedelta(days=number), "never the newest"
    days = [(kept[-1].made - one.made).days for one in kept]
    assert days[-7:] == [6, 5, 4, 3, 2, 1, 0]
    assert len(days) == 11
    assert all(later - earlier == 7 for earlier, later in zip(days[3:0:-1], days[2::-1], strict=False))
    assert [one.made.isoweekday() for one in kept[:3]] == [7, 7, 7], "a week's last"


def test_after_a_long_absence_the_old_ones_stay() -> None:
    old = [of(date(2026, 1, 1) + timedelta(days=number)) for number in range(7)]
    new = of(date(2026, 6, 1))
    assert spare([*old, new]) == [], "days with a backup count, not days of the calendar"


def test_those_made_by_hand_stay_for_the_week() -> None:
    today = [of(date(2026, 3, 9), "by hand", hour) for hour in range(10)]
    assert spare([*today, of(date(2026, 3, 9))]) == []


def test_older_ones_are_put_away_and_nothing_else(on_sqlite: Backups) -> None:
    first = on_sqlite.make().path
    for number in range(60):
        day = date.today() - timedelta(days=number + 1)  # noqa: DTZ011
        (on_sqlite.folder / f"store-{day}.db").write_bytes(b"old")
    others = ["mine.db", "store-2001-01-01.db.txt", "other-2001-01-01.db", "store-2001-01-01-at-noon.db"]
    for name in others:
        (on_sqlite.folder / name).write_bytes(b"somebody's")
    made = on_sqlite.daily()
    assert made is not None
    left = set(files(on_sqlite.folder))
    assert {*others, first.name, made.path.name} <= left
    assert len(left) == len(others) + 2 + 6 + 4


# — restoring —


def test_nothing_is_ever_written_over(on_sqlite: Backups, tmp_path: Path) -> None:
    made = on_sqlite.make()
    to = tmp_path / "there.db"
    to.write_text("mine")
    with pytest.raises(BadInput, match="nothing is written over"):
        restore(made.path, to, OPTIONS)
    assert to.read_text() == "mine"
    with pytest.raises(BadInput, match="nothing is written over"):
        restore(made.path, made.path, OPTIONS)
    (tmp_path / "new.db-wal").write_bytes(b"another database's log")
    with pytest.raises(BadInput, match="log of another database"):
        restore(made.path, tmp_path / "new.db", OPTIONS)
    with pytest.raises(BadInput, match="nothing is written over"):
        on_sqlite.write(to)
    assert to.read_text() == "mine"


def test_what_is_no_backup_is_refused_and_nothing_is_left(on_sqlite: Backups, tmp_path: Path) -> None:
    for _ in range(10):
        exchange(on_sqlite._store, text="x" * 20_000)
    whole = on_sqlite.make().path.read_bytes()
    cut, flipped, other, newer = (tmp_path / f"{name}.db" for name in ("cut", "flipped", "other", "newer"))
    cut.write_bytes(whole[: len(whole) // 2])
    middle = len(whole) // 2
    flipped.write_bytes(whole[:middle] + os.urandom(8_192) + whole[middle + 8_192 :])
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE t (x)")
    newer.write_bytes(whole)
    with closing(sqlite3.connect(newer)) as connection, connection:
        connection.execute("UPDATE bytebot_schema SET version_num = '9999'")
    words = tmp_path / "words.txt"
    words.write_text("Dear diary")
    before = files(tmp_path)
    for file, error, sentence in (
        (cut, BackupFailed, "is damaged"),
        (flipped, BackupFailed, "is damaged"),
        (other, BackupFailed, "another program"),
        (newer, StoreTooNew, "newer ByteBot"),
        (words, BadInput, "words.txt"),
        (tmp_path / "nothing.db", BadInput, "cannot be read"),
        (tmp_path, BadInput, "cannot be read"),
        (on_sqlite._store.path, BadInput, "database in use"),
    ):
        assert file is not None
        with pytest.raises(error, match=sentence):
            restore(file, tmp_path / "new" / ".." / "new.db", OPTIONS)
        assert files(tmp_path) == before


def test_an_export_is_a_backup_too(store: Store, tmp_path: Path) -> None:
    exchange(store, text="exported")
    file = tmp_path / "all.zip"
    Backups(store, tmp_path / "backups").write(file)
    new = restored(file, tmp_path / "new.db")
    assert digests(new) == digests(store)
    new.close()
    assert not list(tmp_path.glob(".*part*"))


def test_a_backup_of_an_older_version_is_brought_up_to_date_and_stays_as_it_is(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    database = Database(SqliteFile(str(old)), "local")
    bring_up_to_date(database, head="0004")
    database.close()
    before = old.read_bytes()
    new = restored(old, tmp_path / "new.db")
    assert new.integrity() == []
    new.close()
    assert old.read_bytes() == before
    assert files(tmp_path) == ["new.db", "old.db"]


def test_a_live_reply_in_a_backup_is_cut_when_it_is_used(on_sqlite: Backups, tmp_path: Path) -> None:
    from chatbot.core.pricing import nobody_knows
    from tests.store.scene import elsewhere, let_leases_run_out

    begun = begin(on_sqlite._store, "being answered", process=elsewhere())
    new = restored(on_sqlite.make().path, tmp_path / "new.db")
    let_leases_run_out(new)
    assert [one.reply for one in new.turns.recover(elsewhere(), len, nobody_knows)] == [begun.reply]
    new.close()
