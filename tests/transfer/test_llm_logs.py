"""The logs.db of llm, of old and of new: what it says comes once, and a database that is a trap does nothing."""

import io
import sqlite3
from pathlib import Path

import pytest

from chatbot.core.errors import BadInput
from chatbot.core.whole import Whole
from chatbot.engine.imports import import_files
from chatbot.store.store import Store
from chatbot.transfer.chats import open_chats
from chatbot.transfer.values import Copied
from tests.store.scene import OPTIONS
from tests.transfer.llm_scene import SCHEMA, endless, logs, threads


def read(text: bytes) -> list[Copied]:
    return list(open_chats(io.BytesIO(text), "logs.db"))


def drawn(whole: Whole) -> list[tuple[int | None, str, str]]:
    return [(one.parent, one.role, one.text) for one in whole.messages]


OLD = [
    (None, "user", "What is 2+2?\n\n[attachment]"),
    (1, "assistant", "Four."),
    (2, "user", "A file of numbers.\n\nAnd 3+3?"),
    (3, "assistant", "Six."),
]


def test_a_row_for_each_prompt(tmp_path: Path) -> None:
    two, alone = read(
        logs(tmp_path / "logs.db", "UPDATE responses SET options_json = '{\"seed\": 1}' WHERE id = '02r'")
    )
    assert (two.app, two.whole.source, two.whole.title) == ("llm", "llm:01c", "Two plus two")
    assert drawn(two.whole) == OLD
    assert two.lost == ("left out: attachment (1)", "left out: model options (1)")
    assert two.whole.options == {"system": "Be brief."}
    first = two.whole.messages[1]
    assert (first.duration, first.model_answered) == (0.64, "gpt-4o-mini")
    assert first.usage == {"input_tokens": 11, "output_tokens": 3, "estimated": False}
    assert (alone.whole.source, drawn(alone.whole)) == ("llm:response-03r", [(None, "user", "Alone?")])


def test_a_history_of_ours_is_told_what_to_do_with(tmp_path: Path) -> None:
    Store.open(f"sqlite:///{tmp_path}/b.db").close()
    with pytest.raises(BadInput, match="chatbot restore"):
        read((tmp_path / "b.db").read_bytes())


def test_without_what_came_later(tmp_path: Path) -> None:
    columns = ("system", "duration_ms", "datetime_utc", "input_tokens", "output_tokens", "options_json")
    text = logs(tmp_path / "logs.db", *(f"ALTER TABLE responses DROP COLUMN {name}" for name in columns))
    assert [len(copied.whole.messages) for copied in read(text)] == [4, 1]


def test_tools_and_their_output_are_counted(tmp_path: Path) -> None:
    more = [
        f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, response_id TEXT)" for name in ("tool_calls", "tool_results")
    ]
    more += [f"INSERT INTO tool_calls (response_id) VALUES ('{id}')" for id in ("01r", "01r", "02r")]
    more += ["INSERT INTO tool_results (response_id) VALUES ('02r')"]
    two, alone = read(logs(tmp_path / "logs.db", *more))
    assert two.lost == ("left out: attachment (1)", "left out: tool call (3)", "left out: tool output (1)")
    assert alone.lost == ()


def test_a_tree_of_messages_goes_on_where_the_rows_ended(tmp_path: Path) -> None:
    two, alone, fork, new = read(threads(tmp_path / "logs.db"))
    assert (two.whole.source, two.whole.title, two.whole.head) == ("llm:01c", "Two plus two", 7)
    assert drawn(two.whole) == [
        *OLD,
        (4, "user", "A file of numbers.\nAnd 4+4?"),
        (5, "assistant", "Let me add."),
        (6, "assistant", "\n\nEight."),
    ]
    assert two.lost == ("left out: attachment (1)", "left out: tool call (1)", "left out: tool output (1)")
    asked, added, eight = two.whole.messages[4:]
    assert (added.reasoning, added.model_answered, added.duration) == ("Hm.", "gpt-5", 0.9)
    assert (eight.usage, eight.continues) == ({"input_tokens": 60, "output_tokens": 2, "estimated": False}, True)
    assert f"{asked.created:%Y-%m-%d %H:%M}" == "2026-11-25 09:30"
    assert two.whole.options == fork.whole.options == {"system": "Be brief."}
    assert alone.whole.source == "llm:response-03r"
    assert (fork.whole.source, fork.lost) == (
        "llm:02t",
        ("left out: model options (1)", "left out: schema (1)", "left out: attachment (1)"),
    )
    assert [text for _, _, text in drawn(fork.whole)] == [
        *("What is 2+2?", "Four.", "In words?\n\n[attachment]", "2 + 2 = 4")
    ]
    assert (new.whole.source, new.whole.title, drawn(new.whole)) == (
        "llm:03t",
        "New?",
        [(None, "user", "New?"), (1, "assistant", "New.")],
    )


def test_the_new_tables_alone_are_read_too(tmp_path: Path) -> None:
    drop = ["DROP TABLE responses", "DROP TABLE conversations"]
    assert [copied.whole.source for copied in read(threads(tmp_path / "logs.db", *drop))] == [
        *("llm:01c", "llm:02t", "llm:03t")
    ]


def test_what_went_on_under_a_newer_llm_comes_under_the_same_name(store: Store, tmp_path: Path) -> None:
    before, after = logs(tmp_path / "a.db"), threads(tmp_path / "b.db")
    how = []
    for text in (before, before, after, after):
        lines = list(import_files(store, [("logs.db", io.BytesIO(text))], OPTIONS))
        how.append([line.how for line in lines])
    assert how == [["added"] * 2, ["there"] * 2, ["there", "there", "added", "added"], ["there"] * 4]
    assert "went on here or there" in lines[0].notes[0]  # those of the newer file, since the one here was kept
    assert len(store.wholes.ids()) == 4


def test_tens_of_thousands_of_rows_are_read_in_their_order(tmp_path: Path) -> None:
    """Nothing in them has an index but their ids, so that to look each up would never end."""
    path, count = tmp_path / "logs.db", 20_000
    with sqlite3.connect(path) as made:
        made.executescript(SCHEMA + "CREATE TABLE tool_calls (id INTEGER PRIMARY KEY, response_id TEXT);")
        rows = ((f"{n:06}", f"{n % (count // 4)}", f"Q{n}") for n in range(count))
        made.executemany(
            "INSERT INTO responses (id, model, conversation_id, prompt, response) VALUES (?, 'm', ?, ?, 'A')", rows
        )
        made.execute("INSERT INTO tool_calls (response_id) SELECT id FROM responses")
        made.execute("INSERT INTO prompt_attachments SELECT id, 'a', 0 FROM responses")
    made.close()
    found = read(path.read_bytes())
    assert len(found) == count // 4
    assert [one.text.removesuffix("\n\n[attachment]") for one in found[7].whole.messages if one.role == "user"] == [
        f"Q{7 + n * (count // 4)}" for n in range(4)
    ]
    assert {copied.lost for copied in found} == {("left out: attachment (4)", "left out: tool call (4)")}


ENDLESS = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n AS id, 'm' AS model, 'p' AS prompt, 'r' AS response FROM c"
MACHINE = "CREATE VIRTUAL TABLE responses USING fts5(id, model, prompt, response)"
TRAPS = {
    "a view": [f"CREATE VIEW responses AS {ENDLESS}"],
    "a program for a table": [MACHINE, "INSERT INTO responses VALUES ('1', 'm', 'p', 'r')"],
    "columns that are computed": [
        "CREATE TABLE responses (id TEXT, model TEXT, prompt TEXT, response TEXT AS (hex(zeroblob(60000000))))",
        "INSERT INTO responses VALUES ('1', 'm', 'p')",
    ],
    "no table": [],
}


@pytest.mark.parametrize("trap", TRAPS)
def test_what_only_looks_like_a_table_is_none(tmp_path: Path, trap: str) -> None:
    with pytest.raises(BadInput, match=r"no logs\.db of llm"):
        read(logs(tmp_path / "logs.db", "DROP TABLE responses", *TRAPS[trap]))


def test_a_program_that_says_it_is_a_plain_table_is_not_run(tmp_path: Path) -> None:
    hidden = "UPDATE sqlite_master SET rootpage = 2 WHERE name = 'responses'"
    text = logs(
        tmp_path / "logs.db",
        "DROP TABLE responses",
        *TRAPS["a program for a table"],
        "PRAGMA writable_schema = ON",
        hidden,
    )
    with pytest.raises(BadInput, match="denied"):
        read(text)


def test_what_else_stands_in_it_is_passed_by(tmp_path: Path) -> None:
    trap = "CREATE VIEW conversations_v AS SELECT writefile('x', 'y')"
    assert len(read(logs(tmp_path / "logs.db", trap))) == 2
    with pytest.raises(BadInput, match="cannot be read"):
        read(logs(tmp_path / "cut.db")[:5000])


@pytest.mark.timeout(60, method="thread")  # SQLite hears no signal
def test_a_table_without_an_end_ends_soon(tmp_path: Path) -> None:
    """A few dozen kilobytes, and more rows than anybody could read."""
    for number, (table, told) in enumerate(
        {
            "responses": "its tables have no end",  # all of its rows are asked for
            "conversations": "interrupted",  # one that is not there is looked for
        }.items()
    ):
        path = tmp_path / f"{number}.db"
        plain = [
            "DROP TABLE conversations",
            "CREATE TABLE conversations (id TEXT, name TEXT)",
            "INSERT INTO conversations VALUES ('another', 'x')",
        ]
        logs(path, *plain)
        with pytest.raises(BadInput, match=told):
            read(endless(path, table))


def test_messages_that_go_round_in_a_circle_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="round in a circle"):
        read(threads(tmp_path / "logs.db", "UPDATE messages SET parent_hash = 'h' WHERE hash = 'a'"))


def test_loose_ends_are_told(tmp_path: Path) -> None:
    text = threads(
        tmp_path / "logs.db",
        "DELETE FROM messages WHERE hash = 'k'",
        "INSERT INTO parts (message_hash, position, type) VALUES ('l', 1, 'smell')",
    )
    *_, new = read(text)
    assert drawn(new.whole) == [(None, "assistant", "New.")]
    assert new.lost == (
        "left out: place of a message whose parent is not in the file (1)",
        "left out: part of the kind 'smell' (1)",
    )


@pytest.mark.parametrize(
    "payload", ["{", "[]", '{"text_ref": 7}', '{"text_ref": [7]}', '{"text_ref": [{"fragment": "x"}]}']
)
def test_a_part_that_cannot_be_is_named(tmp_path: Path, payload: str) -> None:
    with pytest.raises(BadInput, match=r"logs\.db, message 'e', part 1"):
        read(threads(tmp_path / "logs.db", f"UPDATE parts SET payload = '{payload}' WHERE message_hash = 'e'"))


def test_a_fragment_that_stands_there_too_often_is_refused(tmp_path: Path) -> None:
    pieces = ", ".join(['{"fragment": 1}'] * 200)
    text = threads(
        tmp_path / "logs.db",
        "UPDATE fragments SET content = hex(zeroblob(500000))",
        f"UPDATE parts SET payload = '{{\"text_ref\": [{pieces}]}}' WHERE message_hash = 'e'",
    )
    with pytest.raises(BadInput, match="more than 128,000,000 characters"):
        read(text)
