"""The doctor finds what is wrong, mends what can be mended without losing a word, and lets everything else be."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from chatbot.core.errors import BackupFailed, StoreCorrupt
from chatbot.core.pricing import nobody_knows
from chatbot.core.whole import digest
from chatbot.engine import doctor
from chatbot.engine.backups import Backups
from chatbot.engine.doctor import Report, examine, repair, unopened
from chatbot.store.lease import this_process
from chatbot.store.rows import now
from chatbot.store.store import Store
from tests.store.scene import answered, begin, call, exchange

FINE = ["database", "schema", "conversations", "since the backup", "disk", "backups"]


@pytest.fixture
def backups(store: Store, tmp_path: Path) -> Backups:
    return Backups(store, tmp_path / "data" / "backups")


def fill(store: Store) -> str:
    """A conversation with two exchanges, a bill, a limit and another beside it; gives its id."""
    first = exchange(store, text="What is a quagga?", answer="An animal.")
    exchange(store, first, text="And an okapi?", answer="Another one.")
    exchange(store, text="Something else")
    store.ledger.budgets.set("month", 10**9)
    store.ledger.settle(call(store, first, most=500), answered())
    return first.conversation


def problems(report: Report) -> list[str]:
    return [point.sentence for point in report.problems]


def damage(store: Store, *statements: str, foreign_keys: bool = True) -> None:
    """As a bug, another program or a disk would."""
    manager = store._database.write() if foreign_keys else store._database.migrate()
    with manager as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_all_is_well(store: Store, backups: Backups) -> None:
    fill(store)
    begin(store, "being answered")
    made = backups.make()
    report = examine(store, backups)
    assert problems(report) == []
    seen = [point.about for point in report.points]
    assert seen == (FINE if store.path else [about for about in FINE if about != "since the backup"])
    said = " ".join(point.sentence for point in report.points)
    assert "3 conversations with 8 messages: each is read whole" in said
    assert (str(made.path) in said) == (store.path is not None)
    assert ("pg_dump" in said) == (store.path is None)
    assert repair(store, backups, report, nobody_knows).done == ()
    assert len(backups.all()) == 1, "nothing to mend, no backup before it"


BROKEN = {
    "a head that points nowhere": (
        "UPDATE conversations SET head = 999 WHERE head = 4",
        "stands on a message",
        "newest",
    ),
    "a reply without a lease": ("DELETE FROM leases", "is live without a lease", "they are ended"),
    "a lease of a reply that is over": (
        "UPDATE leases SET reply = 2",
        "has ended and still has a lease",
        "they are ended",
    ),
    "a draft that was left over": (
        "INSERT INTO drafts (owner, reply, text, reasoning) VALUES ('local', 2, 'An ani', '')",
        "still has a draft",
        "1 draft that had been left over",
    ),
    "a hold of a settled call": (
        "INSERT INTO holds (call, counter, nanodollars) SELECT 1, id, 77 FROM counters",
        "a limit still keeps money",
        "1 sum that limits kept",
    ),
    "a counter that is wrong": ("UPDATE counters SET spent = spent + 5", "counter of the month limit", "added up anew"),
    "sums that are wrong": ("UPDATE spent SET calls = calls + 1", "sums by day and hour", "added up anew"),
    "sums that are missing": ("DELETE FROM spent", "2 of the sums by day and hour", "added up anew"),
}


def test_what_is_not_here_any_more_is_counted(on_disk: Store, tmp_path: Path) -> None:
    fill(on_disk)
    gone = exchange(on_disk)
    backups = Backups(on_disk, tmp_path / "data" / "backups")
    backups.make()
    on_disk.conversations.delete(gone.conversation)
    on_disk.conversations.purge(older_than_days=0)
    report = examine(on_disk, backups)
    assert problems(report) == []
    assert any("Not here any more of it: 2 messages;" in point.sentence for point in report.points)


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_is_found_and_mended_without_losing_a_word(on_disk: Store, tmp_path: Path, what: str) -> None:
    mended(on_disk, Backups(on_disk, tmp_path / "data" / "backups"), BROKEN[what])


def test_all_of_it_at_once_on_every_database(store: Store, backups: Backups) -> None:
    mended(store, backups, *(BROKEN[what] for what in BROKEN if what != "a lease of a reply that is over"))


def mended(store: Store, backups: Backups, *broken: tuple[str, str, str]) -> None:
    conversation = fill(store)
    kept = digest(store.wholes.get(conversation))
    running = begin(store, "being answered")
    store.turns.draft(this_process(), [(running.reply, "a part", "")])
    words = text("SELECT id, text FROM messages WHERE text <> '' ORDER BY id")
    with store._database.read() as connection:
        before = [tuple(row) for row in connection.execute(words)]
    damage(store, *(break_ for break_, _, _ in broken))
    report = examine(store, backups)
    for _, sentence, _ in broken:
        assert any(sentence in one for one in problems(report)), (sentence, problems(report))
    assert backups.all() == [], "examining changes nothing"
    repaired = repair(store, backups, report, nobody_knows)
    for _, _, done in broken:
        assert any(done in one for one in repaired.done), (done, repaired.done)
    assert problems(repaired.report) == []
    assert repaired.backup is not None
    assert repaired.backup.path.exists()
    with store._database.read() as connection:
        after = [tuple(row) for row in connection.execute(words)]
    assert set(before) <= set(after)
    assert store.conversations.get(conversation).head == 4
    assert digest(store.wholes.get(conversation)) == kept
    if any("lease" in break_ for break_, _, _ in broken):
        assert store.conversations.messages([running.reply])[running.reply].text == "a part"


def test_a_draft_with_words_of_its_own_is_left_and_named(on_disk: Store, tmp_path: Path) -> None:
    store, backups = on_disk, Backups(on_disk, tmp_path / "data" / "backups")
    fill(store)
    damage(store, "INSERT INTO drafts (owner, reply, text, reasoning) VALUES ('local', 2, 'An animal. And more', '')")
    repaired = repair(store, backups, examine(store, backups), nobody_knows)
    assert repaired.done == ("1 draft with words that the reply does not have: left as they are.",)
    assert len(repaired.report.problems) == 1


ORPHANS = {
    "a message without its conversation": (
        "DELETE FROM conversations WHERE head = 4",
        "row of messages points at a missing row of conversations",
    ),
    "a message without its parent": ("UPDATE messages SET parent = 99 WHERE id = 3", "missing row of messages"),
    "a message in a trash that is gone": ("UPDATE messages SET trash = 'x' WHERE id = 4", "missing row of trash"),
    "a draft of nothing": (
        "INSERT INTO drafts (owner, reply, text, reasoning) VALUES ('local', 99, 'x', '')",
        "row of drafts",
    ),
}


@pytest.mark.parametrize("what", ORPHANS)
def test_rows_that_point_at_nothing(on_disk: Store, tmp_path: Path, what: str) -> None:
    backups = Backups(on_disk, tmp_path / "data" / "backups")
    conversation = fill(on_disk)
    break_, sentence = ORPHANS[what]
    damage(on_disk, break_, foreign_keys=False)
    report = examine(on_disk, backups)
    assert any(sentence in one for one in problems(report)), problems(report)
    repaired = repair(on_disk, backups, report, nobody_knows)
    assert problems(repaired.report) == []
    tree = on_disk.conversations.tree(conversation)
    assert [leaf.id for leaf in tree.leaves] == [1, 2, 3, 4]
    if "conversation" in what:
        assert on_disk.conversations.get(conversation).title == "Found again"
        assert on_disk.conversations.get(conversation).head == 4


def test_a_search_index_that_lost_or_gained_words_is_made_anew(on_disk: Store, tmp_path: Path) -> None:
    backups = Backups(on_disk, tmp_path / "data" / "backups")
    fill(on_disk)
    damage(on_disk, "DELETE FROM said_words_docsize WHERE id = 1", "INSERT INTO said_parts_docsize VALUES (77, x'01')")
    report = examine(on_disk, backups)
    assert len([one for one in problems(report) if "in the index and without words" in one]) == 2
    repaired = repair(on_disk, backups, report, nobody_knows)
    assert repaired.done == ("The search index was made anew.",)
    assert problems(repaired.report) == []
    assert [hit.message for hit in on_disk.search.find("quagga") if hit.message] == [1]


def test_an_index_of_sqlites_own_is_made_anew(on_disk: Store, tmp_path: Path) -> None:
    backups = Backups(on_disk, tmp_path / "data" / "backups")
    fill(on_disk)
    on_disk.close()
    with closing(sqlite3.connect(str(on_disk.path))) as connection, connection:
        # The index is said to hold other rows than those it was made of.
        connection.execute("PRAGMA writable_schema=ON")
        other = "UPDATE sqlite_master SET sql = replace(sql, 'IS NULL', 'IS NOT NULL') WHERE name = 'ix_calls_open'"
        assert connection.execute(other).rowcount == 1
    report = examine(on_disk, backups)
    assert any("index ix_calls_open" in one for one in problems(report)), problems(report)
    repaired = repair(on_disk, backups, report, nobody_knows)
    assert repaired.done == ("The database's own indexes were made anew.",)
    assert problems(repaired.report) == []


def test_words_that_changed_after_they_had_ended_are_found_by_the_backup(on_disk: Store, tmp_path: Path) -> None:
    backups = Backups(on_disk, tmp_path / "data" / "backups")
    fill(on_disk)
    made = backups.make()
    exchange(on_disk, text="said after the backup")
    assert problems(examine(on_disk, backups)) == []
    damage(on_disk, "UPDATE messages SET text = 'An anima1.' WHERE id = 2", "UPDATE calls SET nanodollars = 5")
    found = problems(examine(on_disk, backups))
    assert any("message 2" in one and str(made.path) in one for one in found)
    assert any("call 1" in one for one in found)
    assert doctor.examine(on_disk, backups).mends <= {"counters", "sums"}, "which of the two is right, a person says"


def test_a_newest_backup_that_is_damaged_is_said(on_disk: Store, tmp_path: Path) -> None:
    backups = Backups(on_disk, tmp_path / "data" / "backups")
    fill(on_disk)
    made = backups.make()
    content = made.path.read_bytes()
    made.path.write_bytes(b"\0" * 4096 + content[4096:])
    assert any("cannot be read" in one for one in problems(examine(on_disk, backups)))


def test_a_conversation_that_cannot_be_read_is_named_and_the_others_are_read(on_disk: Store, tmp_path: Path) -> None:
    store, backups = on_disk, Backups(on_disk, tmp_path / "data" / "backups")
    conversation = fill(store)
    damage(store, "UPDATE messages SET state = 'nonsense', role = 'nobody' WHERE id = 2")
    damage(store, f"UPDATE conversations SET options = '[1]' WHERE id = '{conversation}'")
    found = problems(examine(store, backups))
    assert any(conversation in one for one in found), found
    assert not any("quagga" in one for one in found)


def test_a_backup_that_is_old_or_missing_is_said(on_disk: Store, tmp_path: Path) -> None:
    backups = Backups(on_disk, tmp_path / "data" / "backups")
    assert problems(examine(on_disk, backups)) == []
    begun = exchange(on_disk)
    [note] = [point for point in examine(on_disk, backups).points if point.about == "backups"]
    assert note.state == "note"
    long_ago = (now() - timedelta(days=9)).isoformat(" ")
    damage(on_disk, f"UPDATE conversations SET created = '{long_ago[:26]}' WHERE id = '{begun.conversation}'")
    assert any("There is no backup yet" in one for one in problems(examine(on_disk, backups)))
    made = backups.make()
    assert problems(examine(on_disk, backups)) == []
    made.path.rename(made.path.with_name(f"store-{now() - timedelta(days=9):%Y-%m-%d}.db"))
    assert any("9 days old" in one for one in problems(examine(on_disk, backups)))


def test_a_disk_that_is_nearly_full_is_said(on_disk: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.engine.doctor.ROOM", 1 << 60)
    report = examine(on_disk, Backups(on_disk, tmp_path / "data" / "backups"))
    assert any("nearly full" in one for one in problems(report))


def test_nothing_is_mended_without_a_backup(on_disk: Store, tmp_path: Path) -> None:
    store, backups = on_disk, Backups(on_disk, tmp_path / "data" / "backups")
    fill(store)
    damage(store, "UPDATE conversations SET head = 999 WHERE head = 4")
    backups.folder.write_text("no folder")
    with pytest.raises(BackupFailed):
        repair(store, backups, examine(store, backups), nobody_knows)
    assert any("stands on a message" in one for one in store.integrity())


def test_a_store_that_does_not_open_names_the_newest_backup(tmp_path: Path) -> None:
    old, new = tmp_path / "a.db", tmp_path / "b.db"
    old.write_bytes(b"x")
    new.write_bytes(b"x")
    report = unopened(StoreCorrupt("It is damaged."), [new, old])
    assert problems(report) == ["It is damaged."]
    assert f"chatbot restore '{new}'" in report.points[1].sentence or str(old) in report.points[1].sentence
