"""Opening: fresh, again, from several processes at once, at any address."""

import os
import stat
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from chatbot.core.errors import (
    NotFound,
    StoreError,
    StoreUnreachable,
)
from chatbot.store.database import Database
from chatbot.store.lease import this_process
from chatbot.store.on_sqlite import SqliteFile
from chatbot.store.store import Store
from chatbot.store.tables import HEAD, VERSION_TABLE
from tests.store.scene import answered, begin, call, exchange, let_leases_run_out, python


def test_a_fresh_store_is_whole_and_empty(store: Store) -> None:
    assert store.integrity() == []
    assert store.conversations.lines() == []
    assert store.conversations.latest() is None


def test_what_was_written_is_there_after_opening_again(database_url: str) -> None:
    first = Store.open(database_url)
    begun = exchange(first)
    first.close()
    second = Store.open(database_url)
    assert second.conversations.messages([begun.reply])[begun.reply].text == "Hi."
    second.close()


def test_opening_what_is_up_to_date_imports_no_alembic(database_url: str) -> None:
    Store.open(database_url).close()
    child = python(
        "import sys\nfrom chatbot.store.store import Store\n"
        "Store.open(sys.argv[1]).close()\n"
        "print([name for name in sys.modules if name.partition('.')[0] in ('alembic', 'mako', 'psutil')])",
        database_url,
    )
    out, err = child.communicate(timeout=60)
    assert out.strip() == "[]", err


OPEN_AND_WRITE = textwrap.dedent("""
    import sys
    from tests.store.scene import exchange
    from chatbot.store.store import Store
    print("ready", flush=True)
    sys.stdin.readline()
    store = Store.open(sys.argv[1])
    exchange(store)
    store.close()
""")


def test_processes_that_open_a_fresh_database_at_once_all_succeed(database_url: str) -> None:
    children = [python(OPEN_AND_WRITE, database_url) for _ in range(4)]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    for child in children:
        _, err = child.communicate(timeout=90)
        assert child.returncode == 0, err
    store = Store.open(database_url)
    assert len(store.conversations.lines()) == 4
    assert store.integrity() == []
    store.close()


def test_threads_that_open_a_fresh_database_at_once_all_succeed(database_url: str) -> None:
    start = threading.Barrier(6)

    def work(_: int) -> None:
        start.wait(30)
        store = Store.open(database_url)
        exchange(store)
        store.close()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, range(6), timeout=90))
    store = Store.open(database_url)
    assert len(store.conversations.lines()) == 6
    store.close()


@pytest.mark.skipif(os.name == "nt", reason="POSIX file rights")
def test_the_file_and_its_folder_are_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "data/deep/store.db"
    store = Store.open(f"sqlite:///{path}")
    exchange(store)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}
    store.close()


@pytest.mark.parametrize("name", ["ä ö.db", "50%.db", "a?b#c.db", "quo'te.db"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/{name}")
    exchange(store)
    store.close()
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("url", ["mysql://a/b", "sqlite://", "sqlite:///", "", "store.db"])
def test_an_unknown_address_is_refused(url: str) -> None:
    with pytest.raises(StoreError, match="sqlite:////path"):
        Store.open(url)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?cache=shared"])
def test_a_database_in_memory_is_refused_and_no_file_of_that_name_is_made(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=r"in memory: it would forget everything .* chatbot --temporary"):
        Store.open(url)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is a folder"):
        Store.open(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_server_that_does_not_answer_is_named_without_the_password(scheme: str) -> None:
    with pytest.raises(StoreUnreachable, match="does not answer") as caught:
        Store.open(f"{scheme}://me:hunter2@127.0.0.1:1/chat?sslpassword=hunter3")
    assert "postgresql://me@127.0.0.1:1/chat" in str(caught.value)
    assert "hunter" not in str(caught.value)


def test_an_address_that_cannot_be_read_does_not_show_its_password() -> None:
    with pytest.raises(StoreError) as caught:
        Store.open("postgresql://me:hunter2@127.0.0.1:port/chat")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.postgres
def test_an_unknown_database_on_a_server_is_said(postgres: object) -> None:
    with pytest.raises(StoreUnreachable, match="no such database"):
        Store.open(f"{postgres.url}/missing")  # type: ignore[attr-defined]


def test_without_psycopg_the_extra_is_named() -> None:
    child = python(
        "import sys\nsys.modules['psycopg'] = None\n"
        "from chatbot.store.store import Store\n"
        "Store.open('postgresql://me:hunter2@127.0.0.1/chat')"
    )
    _, err = child.communicate(timeout=60)
    assert "StoreError: " in err
    assert "bytebot[postgres]" in err.splitlines()[-1]
    assert "hunter2" not in err


def test_a_temporary_store_is_alone_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    one, other = Store.temporary(), Store.temporary()
    begun = exchange(one)
    assert [line.id for line in one.conversations.lines()] == [begun.conversation]
    assert other.conversations.lines() == []
    assert one.integrity() == []
    with one._database.read() as connection:
        assert connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() == HEAD
        assert connection.execute(text("PRAGMA temp_store")).scalar() == 2
    one.close()
    other.close()
    assert list(tmp_path.iterdir()) == []


def test_every_owner_sees_only_their_own(database_url: str) -> None:
    mine, yours = Store.open(database_url, owner="me"), Store.open(database_url, owner="you")
    begun = exchange(mine)
    assert yours.conversations.lines() == []
    assert yours.conversations.latest() is None
    assert yours.conversations.messages([begun.reply]) == {}
    assert yours.ledger.calls() == []
    mine.quirks.learn("u", "m", "temperature", None)
    assert yours.quirks.known("u", "m") == {}
    token = mine.conversations.delete_message(begun.conversation, begun.reply)
    theirs = yours.conversations
    for ask in (
        lambda: theirs.get(begun.conversation),
        lambda: theirs.tree(begun.conversation),
        lambda: theirs.rename(begun.conversation, "mine now"),
        lambda: theirs.set_head(begun.conversation, begun.user or 0),
        lambda: theirs.delete(begun.conversation),
        lambda: theirs.delete_message(begun.conversation, begun.user or 0),
        lambda: theirs.undelete_message(token),
        lambda: begin(yours, conversation=begun.conversation, parent=begun.user),
        lambda: begin(yours, parent=begun.user, conversation=exchange(yours).conversation),
    ):
        with pytest.raises(NotFound):
            ask()
    assert theirs.purge(older_than_days=0) == 0
    mine.conversations.undelete_message(token)
    made = call(mine, begun)
    assert not yours.ledger.settle(made, answered())
    running = begin(mine, key="same")
    assert yours.turns.live(running.conversation) == []
    assert yours.turns.draft(this_process(), [(running.reply, "x", "")]) == {running.reply}
    let_leases_run_out(mine)
    assert yours.turns.recover(this_process(), len) == []
    assert yours.turns.stops([running.reply]) == set()
    yours.turns.ask_stop(running.reply)
    assert mine.turns.stops([running.reply]) == set()
    assert begin(yours, key="same").created
    mine.close()
    yours.close()


def test_closing_lets_the_file_go(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    Store.open(f"sqlite:///{path}").close()
    assert [file.name for file in tmp_path.iterdir()] == ["store.db"]  # no log left behind
    backend = SqliteFile(str(path))
    Database(backend, "local").close()


if sys.platform == "linux":

    def test_a_closed_store_holds_no_file_open(tmp_path: Path) -> None:
        store = Store.open(f"sqlite:///{tmp_path}/store.db")
        exchange(store)
        store.close()
        held = {os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")}
        assert not [name for name in held if name.startswith(str(tmp_path))]
