"""The commands `chatbot backup`, `restore` and `doctor`."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatbot.store.store import Store
from tests.store.scene import exchange
from tests.terminal.house import House


@pytest.fixture
def filled(house: House) -> House:
    with house.store() as store:
        exchange(store, text="What is a quagga?")
    return house


def test_a_backup_is_made_listed_and_made_a_history_again(filled: House) -> None:
    ran = filled.run("backup")
    assert ran.status == 0
    path = Path(ran.out.strip())
    assert path.parent == filled.data / "backups"
    assert "read again to its end" in ran.err
    [listed] = json.loads(filled.run("backup", "--list", "--json").out)
    assert (listed["path"], listed["why"]) == (str(path), "by hand")
    assert f"by hand           {path}" in filled.run("backup", "--list").out
    ran = filled.run("restore", str(path))
    assert ran.status == 0
    new = Path(ran.out.strip())
    assert new.parent == filled.data
    assert "Restored 1 conversations" not in ran.err
    assert "Restored 1 conversation with 2 messages. Your history is as it was." in ran.err
    assert f'database_url = "sqlite:///{new}"' in ran.err
    # Both ways that it names: the variable, and the file.
    filled.run("ask", "--model", "echo", "said in the old one")
    filled.environ["BYTEBOT_DATABASE_URL"] = f"sqlite:///{new}"
    assert "quagga" in filled.run("list").out
    assert "old one" not in filled.run("list").out
    assert "BYTEBOT_DATABASE_URL is set and goes before" in filled.run("restore", str(path), "--to", "b.db").err
    del filled.environ["BYTEBOT_DATABASE_URL"]
    assert "old one" in filled.run("list").out
    filled.settings(f'[storage]\ndatabase_url = "sqlite:///{new}"\n')
    assert "old one" not in filled.run("list").out


def test_where_it_is_told_to(filled: House) -> None:
    ran = filled.run("backup", "-o", "mine.db", "--json")
    made = json.loads(ran.out)
    assert made == {"path": str(filled.folder / "mine.db"), "bytes": (filled.folder / "mine.db").stat().st_size}
    ran = filled.run("backup", "-o", "mine.db")
    assert ran.status == 2
    assert "nothing is written over" in ran.err
    assert filled.run("backup", "-o", "all.zip").status == 0
    assert filled.run("verify", "all.zip").out == "1 conversation, 2 messages, identical\n"
    ran = filled.run("restore", "all.zip", "--to", "new.db", "--json")
    made = json.loads(ran.out)
    assert (made["conversations"], made["messages"], made["notes"]) == (1, 2, [])
    with open(made["path"], "rb") as file:
        assert file.read(6) == b"SQLite"
    assert filled.run("restore", "all.zip", "--to", "new.db").status == 2
    assert filled.run("restore", "nothing.db").status == 2
    (filled.folder / "none.json").write_text("[]")
    ran = filled.run("restore", "none.json", "--to", "none.db")
    assert (ran.status, ran.err) == (
        2,
        "chatbot: 'none.json' holds no conversation, so there is nothing to restore.\n",
    )
    assert not (filled.folder / "none.db").exists()
    assert filled.run("backup", "--list", "-o", "x.db").status == 2
    ran = filled.run("backup", "--list")
    assert (ran.status, ran.out) == (0, "")
    assert "There is no backup yet" in ran.err


def test_what_a_form_of_others_does_not_keep_is_said(filled: House) -> None:
    for format, lost in (("chatgpt", "no bills, no stars and no reply that failed"), ("md", "no bills and no stars")):
        file = f"all-{format}.zip" if format == "md" else "chats.json"
        assert filled.run("export", file, "--format", format).status == 0
        ran = filled.run("restore", file, "--to", f"{format}.db")
        assert ran.status == 0
        assert f"such a file has {lost} in it" in ran.err
        assert "come back whole" in ran.err
    assert filled.run("export", "ours.json").status == 0
    assert "such a file" not in filled.run("restore", "ours.json", "--to", "ours.db").err


def test_the_doctor(filled: House) -> None:
    ran = filled.run("doctor")
    assert ran.status == 0, ran
    assert ran.err == "All is well.\n"
    assert "ok    1 conversation with 2 messages: each is read whole" in ran.out
    assert "--    There is no backup yet." in ran.out
    with filled.store() as store, store._database.write() as connection:
        connection.exec_driver_sql("UPDATE conversations SET head = 99")
    ran = filled.run("doctor", "--json")
    assert ran.status == 1
    told = json.loads(ran.out)
    assert not told["fine"]
    assert [point["can_be_repaired"] for point in told["points"] if point["state"] == "problem"] == [True]
    ran = filled.run("doctor")
    assert ran.status == 1
    assert "1 problem. Put right what can be with: chatbot doctor --repair" in ran.err
    ran = filled.run("doctor", "--repair")
    assert ran.status == 0, ran
    assert "done  1 conversation that stood on no message: each stands on its newest now." in ran.out
    assert f"a backup was made: {filled.data / 'backups'}" in ran.err
    assert "There was nothing to repair." in filled.run("doctor", "--repair").err


def test_the_doctor_reads_the_settings_too(filled: House) -> None:
    assert "The settings and your own prices are understood." in filled.run("doctor").out
    filled.settings("[chat]\nmodel = [\n")
    ran = filled.run("doctor")
    assert ran.status == 1
    assert "settings.toml, line 2, is not TOML" in ran.out or "settings.toml is not TOML" in ran.out
    assert "All is well" not in ran.err


def test_the_doctor_of_a_file_that_does_not_open(filled: House) -> None:
    path = Path(filled.run("backup").out.strip())
    database = filled.data / "bytebot.db"
    database.write_bytes(b"\0" * 8192 + database.read_bytes()[8192:])
    ran = filled.run("doctor")
    assert ran.status == 1
    assert "is damaged or is no database" in ran.out
    assert f"chatbot restore '{path}'" in ran.out
    assert filled.run("restore", str(path), "--to", "again.db").status == 0
    store = Store.open(f"sqlite:///{filled.folder / 'again.db'}")
    assert len(store.wholes.ids()) == 1
    store.close()


NOW = "from chatbot.engine.daily import Daily; Daily.__init__.__kwdefaults__['first'] = 0.0"
AT_ONCE = f"{NOW}; from chatbot.__main__ import main; raise SystemExit(main())"


@pytest.mark.crash
def test_an_open_terminal_backs_up_once_a_day_and_ends_at_once(filled: House) -> None:
    command = [sys.executable, "-c", AT_ONCE]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    child = subprocess.Popen(command, cwd=filled.folder, env=filled.child_environ, **pipes)
    folder = filled.data / "backups"
    until = time.monotonic() + 20
    while not list(folder.glob("bytebot-*.db")):
        assert time.monotonic() < until
        time.sleep(0.05)
    began = time.monotonic()
    child.communicate(timeout=20)  # the end of its input
    assert time.monotonic() - began < 5
    assert [one.name for one in folder.iterdir() if ".part" in one.name] == []
