"""The commands `chatbot export` and `chatbot import`."""

import csv
import json
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from chatbot.__main__ import main
from chatbot.core.events import CallFinished
from chatbot.core.pricing import Cost
from chatbot.core.whole import digest
from chatbot.store.store import Store
from tests.store.scene import begin, call, exchange, finish


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    return house(tmp_path / "here", monkeypatch)


def house(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A machine of its own; the commands speak to it from now on."""
    folder.mkdir()
    monkeypatch.chdir(folder)
    url = f"sqlite:///{folder}/words.db"
    monkeypatch.setenv("BYTEBOT_DATA_DIR", str(folder))
    monkeypatch.setenv("BYTEBOT_DATABASE_URL", url)
    return Store.open(url)


def test_everything_moves(here: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:  # type: ignore[no-untyped-def]
    first, second = exchange(here, text="One\x1b[31m?"), exchange(here, text="Two?")
    file = tmp_path / "chats.json"
    assert main(["export", str(file)]) == 0
    assert capsys.readouterr().err == f"Wrote 2 conversations, 4 messages to {file}.\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    there = house(tmp_path / "there", monkeypatch)
    assert main(["import", str(file), "--preview"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[1] == "Two?: 2 messages, would be imported"
    assert said.err == "ByteBot: 2 conversations. 2 conversations would be imported. Nothing was stored.\n"
    assert there.wholes.ids() == []
    assert main(["import", str(file)]) == 0
    said = capsys.readouterr()
    assert said.out == "One␛[31m?: 2 messages, imported\nTwo?: 2 messages, imported\n"
    assert said.err == "Imported 2 conversations with 4 messages.\n"
    assert [digest(there.wholes.get(id)) for id in there.wholes.ids()] == [
        digest(here.wholes.get(begun.conversation)) for begun in (first, second)
    ]
    assert main(["import", str(file)]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[0].endswith("already there")
    assert said.err == "Imported 0 conversations with 0 messages; 2 were already there.\n"


def test_one_of_them(here: Store, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    exchange(here)
    begun = exchange(here, text="This one")
    file = tmp_path / "one.json"
    assert main(["export", str(file), begun.conversation]) == 0
    assert [one["title"] for one in json.loads(file.read_text())["conversations"]] == ["This one"]


def test_a_conversation_is_not_taken_for_a_file(here: Store, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    begun = exchange(here)
    exchange(here)
    assert main(["export", begun.conversation[:8], "--format", "json"]) == 2
    said = capsys.readouterr().err
    assert f"is a conversation. Say where to: chatbot export {begun.conversation[:8]} --format json -o FILE" in said
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == []
    assert main(["export", begun.conversation[:8], "--format", "json", "-o", str(tmp_path / "one")]) == 0
    assert len(json.loads((tmp_path / "one").read_text())["conversations"]) == 1


def test_what_is_there_is_not_written_over(here: Store, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    exchange(here)
    file = tmp_path / "chats.json"
    file.write_text("mine")
    assert main(["export", str(file)]) == 2
    assert "is there already" in capsys.readouterr().err
    assert file.read_text() == "mine"
    assert main(["export", str(file), "nobody", "--replace"]) == 2
    assert "no conversation 'nobody'" in capsys.readouterr().err
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["chats.json"]
    assert file.read_text() == "mine"
    assert main(["export", str(file), "--replace"]) == 0
    assert file.read_text().startswith('{"bytebot": 1')


def test_wrong_files(here: Store, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    assert main(["export", "chats.docx"]) == 2
    assert "'chats.docx' does not say a format" in capsys.readouterr().err
    assert main(["export", str(tmp_path / "no" / "chats.json")]) == 2
    assert "cannot be written: No such file" in capsys.readouterr().err
    assert main(["import", str(tmp_path / "nothing.json")]) == 2
    assert "cannot be read: No such file" in capsys.readouterr().err
    exchange(here)
    file = tmp_path / "chats.json"
    main(["export", str(file)])
    file.write_bytes(file.read_bytes()[:-9])
    assert main(["import", str(file)]) == 2
    assert "is cut off" in capsys.readouterr().err


def test_a_zip_is_verified(here: Store, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    exchange(here)
    file = tmp_path / "chats.zip"
    assert main(["export", str(file)]) == 0
    assert main(["verify", str(file)]) == 0
    assert capsys.readouterr().out == "1 conversation, 2 messages, identical\n"
    assert main(["import", str(file)]) == 0
    assert "1 was already there" in capsys.readouterr().err


def test_a_chatgpt_export(here: Store, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    sample = Path(__file__).parents[1] / "data" / "conversations.json"
    assert main(["import", str(sample)]) == 0
    out = capsys.readouterr().out
    assert "Decorators: 6 messages, imported" in out
    assert "    left out: tool call (1)" in out
    assert main(["import", str(sample)]) == 0
    assert (
        capsys.readouterr().out
        == "Decorators: 6 messages, already there\nWhat is this? \N{SYMBOL FOR NULL}\N{REPLACEMENT CHARACTER}: 3 messages, already there\n"
        + "".join(line + "\n" for line in out.splitlines() if line.startswith("    "))
    )
    assert here.integrity() == []
    file = tmp_path / "conversations.json"
    assert main(["export", str(file), "--format", "chatgpt"]) == 0
    assert [one["title"] for one in json.loads(file.read_text())] == [
        "Decorators",
        "What is this? \N{SYMBOL FOR NULL}\N{REPLACEMENT CHARACTER}",
    ]


def test_files_to_read(here: Store, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    begun = exchange(here, text="<b>One", answer="Two")
    for name in ("a.html", "a.jsonl"):
        assert main(["export", str(tmp_path / name)]) == 0
    for name in ("a.md", "a.csv"):
        assert main(["export", str(tmp_path / name), begun.conversation, "--all-branches"]) == 0
    assert "&lt;b&gt;One" in (tmp_path / "a.html").read_text()
    assert json.loads((tmp_path / "a.jsonl").read_text())["messages"][-1] == {"role": "assistant", "content": "Two"}
    assert "\nTwo\n" in (tmp_path / "a.md").read_text()
    assert "assistant,Two" in (tmp_path / "a.csv").read_text(encoding="utf-8-sig")
    assert main(["export", str(tmp_path / "b.md")]) == 2
    assert "Markdown holds one conversation" in capsys.readouterr().err
    assert main(["export", str(tmp_path / "b.json"), "--all-branches"]) == 2
    assert "has all branches anyway" in capsys.readouterr().err


def test_programs_read_what_was_done(here: Store, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    begun = exchange(here, text="One?")
    file = tmp_path / "chats.zip"
    assert main(["export", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"file": str(file), "format": "zip", "conversations": 1, "messages": 2, "left_out": 0}
    assert main(["verify", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"conversations": 1, "messages": 2, "wrong": [], "identical": True}
    assert main(["import", str(file), "--json"]) == 0
    [line] = capsys.readouterr().out.splitlines()
    assert json.loads(line) == {
        "title": "One?", "messages": 2, "what": "already there", "from": "ByteBot", "id": begun.conversation, "notes": [],
    }  # fmt: skip


def test_several_as_markdown_are_a_zip_of_files(here: Store, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    for text in ("Same", "Same", "Other"):
        exchange(here, text=text)
    assert main(["export", str(tmp_path / "notes.md")]) == 2
    assert "to a zip" in capsys.readouterr().err
    assert main(["export", str(tmp_path / "notes.zip"), "--format", "md"]) == 0
    with zipfile.ZipFile(tmp_path / "notes.zip") as archive:
        names = [name.rpartition("-20")[0] for name in archive.namelist()[:3]]
        manifest = json.loads(archive.read("manifest.json"))
        assert len(manifest["files"]) == 3
        assert archive.read(archive.namelist()[0]).decode().startswith("---\ntitle: ")
    assert names == ["Same", "Same", "Other"]
    assert main(["import", str(tmp_path / "notes.zip")]) == 0
    assert "3 were already there." in capsys.readouterr().err
    here.conversations.delete(here.wholes.ids()[0])
    assert main(["import", str(tmp_path / "notes.zip")]) == 0
    assert "2 were already there; 1 taken back out of the trash." in capsys.readouterr().err


def test_what_is_on_other_branches_is_counted_apart(here: Store, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    forked = exchange(here, text="One")
    again = begin(here, None, conversation=forked.conversation, parent=forked.user)
    finish(here, again.reply, "Another answer.")
    for options, said in (
        ([], ("2 messages", " 1 message on another branch is not in this file.")),
        (["--all-branches"], ("3 messages", "")),
    ):
        file = tmp_path / f"table{len(options)}.csv"
        assert main(["export", str(file), *options]) == 0
        assert capsys.readouterr().err == f"Wrote 1 conversation, {said[0]} to {file}.{said[1]}\n"
        with file.open(newline="", encoding="utf-8-sig") as rows:
            assert len(list(csv.reader(rows))) - 1 == int(said[0][0])
    assert main(["export", str(tmp_path / "all.json")]) == 0
    assert "3 messages to" in capsys.readouterr().err


def test_a_table_of_all_says_what_each_cost(here: Store, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    first, second = exchange(here, text="=1+1"), exchange(here, text="Two?")
    here.ledger.settle(
        call(here, first), CallFinished(outcome="answered", cost=Cost(nanodollars=1_169_200, source="computed"))
    )
    assert main(["export", str(tmp_path / "all.csv")]) == 0
    with (tmp_path / "all.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["conversation"] for row in rows] == [first.conversation] * 2 + [second.conversation] * 2
    assert [(row["cost_usd"], row["cost_source"]) for row in rows] == [
        ("", ""),
        ("0.001169200", "computed"),
        ("", ""),
        ("", ""),
    ]
    assert rows[0]["text"] == "'=1+1"
    assert main(["export", str(tmp_path / "raw.csv"), "--raw"]) == 0
    assert ",=1+1," in (tmp_path / "raw.csv").read_text("utf-8-sig")


def test_the_file_may_be_named_by_an_option(here: Store, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    begun, _ = exchange(here), exchange(here)
    assert main(["export", begun.conversation, "--format", "json", "-o", str(tmp_path / "one")]) == 0
    assert len(json.loads((tmp_path / "one").read_text())["conversations"]) == 1
    assert main(["export", "--all", "-o", str(tmp_path / "all.json")]) == 0
    assert len(json.loads((tmp_path / "all.json").read_text())["conversations"]) == 2
    capsys.readouterr()
    assert main(["export", "--all", "-o", str(tmp_path / "x.json"), begun.conversation]) == 2
    assert "give one of them" in capsys.readouterr().err
    assert main(["export"]) == 2
    assert "needs a file" in capsys.readouterr().err


def test_every_command_counts_a_continued_reply_once(here: Store, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    begun = begin(here)
    finish(here, begun.reply, "Half ", state="stopped")
    more = begin(here, None, conversation=begun.conversation, parent=begun.reply, continues=True)
    finish(here, more.reply, "an answer.")

    def told(*command: str) -> Any:
        assert main([*command, "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    file = str(tmp_path / "chats.json")
    assert [one["messages"] for one in told("list")] == [2]
    assert told("show", begun.conversation)["messages"][1]["text"] == "Half an answer."
    assert told("stats")["messages"] == 2
    assert told("export", file)["messages"] == 2
    assert told("verify", file)["messages"] == 2
    assert told("import", file, "--preview")["messages"] == 2
    backup = told("backup")
    assert told("restore", backup["path"], "--to", str(tmp_path / "again.db"))["messages"] == 2
    assert any("1 conversation with 2 messages" in json.dumps(line) for line in told("doctor").values())


def test_a_file_without_a_conversation_says_so(here: Store, tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "conversations.json"
    file.write_text("[]")
    for command in (["import", str(file)], ["import", str(file), "--preview"]):
        assert main(command) == 0
        said = capsys.readouterr()
        assert said.out == f"{file}: passed by: there is no conversation in it\n"
        assert said.err.startswith(("Imported 0 conversations", "ByteBot: 0 conversations", "0 conversations"))
