"""Chats out of one store and into another: nothing is lost, nothing comes twice, nothing is half there."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from chatbot.core.errors import BadInput, NotFound
from chatbot.core.events import CallFinished
from chatbot.core.money import Usage
from chatbot.core.pricing import Cost
from chatbot.core.settings import Options
from chatbot.core.whole import Whole, WholeMessage, digest
from chatbot.engine.exports import wholes_of, written
from chatbot.engine.imports import Line, _together, import_files, look
from chatbot.store.store import Store
from chatbot.store.tables import calls, messages
from chatbot.transfer.json_file import to_json
from chatbot.transfer.values import Copied
from tests.store.scene import begin, call, exchange, finish, let_leases_run_out
from tests.template import new_database
from tests.transfer.wholes import NOON, wholes

OPTIONS = Options(connection="elsewhere", model="m-2")


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    """Another machine's store."""
    opened = Store.open(f"sqlite:///{new_database(tmp_path / 'other.db')}")
    yield opened
    opened.close()


def exported(store: Store, *ids: str) -> bytes:
    return b"".join(to_json(wholes_of(store, ids), now=NOON))


def imported(store: Store, text: bytes) -> list[Line]:
    look(store, [("chats.json", io.BytesIO(text))])
    return list(import_files(store, [("chats.json", io.BytesIO(text))], OPTIONS))


def a_life(store: Store) -> str:
    """A conversation with branches, a reply that was cut and went on, one that failed, and a bill."""
    first = exchange(store, text="=1+1\x00\ud800", answer="```\nopen")
    paid = call(store, first)
    cost = Cost(nanodollars=1_169_200, source="computed")
    store.ledger.settle(
        paid, CallFinished(outcome="answered", usage=Usage(input_tokens=9, raw={"prompt_tokens": 9}), cost=cost)
    )
    parts = begin(store, "More", conversation=first.conversation, parent=first.reply)
    finish(store, parts.reply, "one ", state="cut", sent=(first.user, None, parts.user), notes=("a note",))
    rest = begin(store, None, conversation=first.conversation, parent=parts.reply, continues=True)
    finish(store, rest.reply, "two", reasoning="hm")
    again = begin(store, None, conversation=first.conversation, parent=parts.user)
    finish(store, again.reply, "", state="failed", error="It broke.", way_out="retry")
    gone = exchange(store, first, text="never mind")
    store.conversations.delete_message(first.conversation, gone.user or 0)
    store.conversations.set_head(first.conversation, rest.reply)
    return first.conversation


def test_a_conversation_moves_house(store: Store, other: Store) -> None:
    id = a_life(store)
    (line,) = imported(other, exported(store, id))
    assert (line.how, line.messages, line.notes) == ("added", 5, ())
    here, there = store.wholes.get(id), other.wholes.get(line.id or "")
    assert digest(there) == digest(here)
    assert there.source == f"bytebot:{id}"
    assert other.ledger.total() == store.ledger.total()
    assert other.ledger.total(since=NOON.replace(year=2020)).nanodollars == 1_169_200
    path = other.conversations.tree(line.id or "").path(other.conversations.get(line.id or "").head)
    assert [len(place.segments) for place in path] == [1, 1, 1, 2]
    assert other.integrity() == []


def test_importing_again_changes_nothing(store: Store, other: Store) -> None:
    text = exported(store, a_life(store))
    (first,) = imported(other, text)
    (again,) = imported(other, text)
    assert (again.how, again.id, again.notes) == ("there", first.id, ())
    assert [line.how for line in imported(store, text)] == ["there"]  # where it began, too
    assert imported(store, exported(other))[0].how == "there"
    assert other.ledger.total().calls == 1


def test_what_went_on_is_kept_and_told(store: Store, other: Store) -> None:
    id = a_life(store)
    text = exported(store, id)
    exchange(store, begin_from(store, id), text="and on")
    (line,) = imported(store, text)
    assert line.how == "there"
    assert "it went on" in line.notes[0]
    assert len(store.conversations.tree(id).by_id) == 8


@pytest.mark.parametrize("format", ["chatgpt", "md"])
def test_a_file_that_keeps_less_is_not_said_to_have_gone_on(store: Store, format: str) -> None:
    id = a_life(store)
    before = digest(store.wholes.get(id))
    (line,) = imported(store, b"".join(written(wholes_of(store, [id]), format)))
    assert (line.how, line.id) == ("there", id)
    assert line.notes[0] == "the one here was kept: such a file keeps less of it, or it went on here or there"
    assert digest(store.wholes.get(id)) == before


def begin_from(store: Store, id: str):  # type: ignore[no-untyped-def]
    begun = begin(store, "Go", conversation=id, parent=store.conversations.get(id).head)
    finish(store, begun.reply, "Gone.")
    store.conversations.delete_message(id, begun.user or 0)
    return replace(begun, reply=store.conversations.get(id).head or 0)


def test_no_id_is_given_out_twice(store: Store, other: Store) -> None:
    text = exported(store, a_life(store))
    ids: set[int] = set()
    for _ in range(2):
        (line,) = imported(other, text)
        new = set(other.conversations.tree(line.id or "").by_id)
        begun = begin(other, "next")
        assert not ids & new
        assert begun.reply > max(new)
        ids |= new | {begun.reply}
        other.conversations.delete(line.id or "")
        other.conversations.delete(begun.conversation)
        other.conversations.empty_trash()


def test_what_lies_in_the_trash_is_taken_back(store: Store) -> None:
    id = a_life(store)
    text = exported(store, id)
    store.conversations.delete(id)
    assert [line.how for line in imported(store, text)] == ["back"]
    assert store.conversations.get(id).id == id


def test_a_bill_that_outlived_its_words_is_not_counted_twice(store: Store) -> None:
    id = a_life(store)
    text = exported(store, id)
    before = digest(store.wholes.get(id))
    store.conversations.delete(id)
    store.conversations.purge(0)
    (line,) = imported(store, text)
    assert line.how == "added"
    assert store.ledger.total().calls == 1
    assert digest(store.wholes.get(line.id or "")) == before


def test_a_reply_that_is_being_written_comes_as_cut(store: Store, other: Store) -> None:
    begun = begin(store)
    from chatbot.store.lease import this_process

    store.turns.draft(this_process(), [(begun.reply, "so far", "")])
    (line,) = imported(other, exported(store))
    assert line.notes == ()
    copy = other.wholes.get(line.id or "").messages[1]
    assert (copy.state, copy.text) == ("cut", "so far")
    assert other.integrity() == []
    let_leases_run_out(store)


def test_two_owners_do_not_see_each_other(store_url: str) -> None:
    mine, theirs = Store.open(store_url), Store.open(store_url, owner="somebody")
    id = a_life(mine)
    text = exported(mine)
    assert [line.how for line in imported(theirs, text)] == ["added"]
    assert theirs.wholes.ids() != mine.wholes.ids()
    with pytest.raises(NotFound):
        theirs.wholes.get(id)
    mine.close()
    theirs.close()


def test_a_bad_file_changes_nothing(store: Store, other: Store) -> None:
    a_life(store)
    exchange(store)
    text = exported(store)
    with pytest.raises(BadInput, match="cut off"):
        imported(other, text[:-5])
    with pytest.raises(BadInput, match="conversation 2"):
        imported(other, text.replace(b'"Hi."', b"{}"))
    assert other.wholes.ids() == []


def test_a_file_that_cannot_be_read_does_not_stand_in_the_way_of_others(store: Store, other: Store) -> None:
    exchange(store)
    text = exported(store)
    files = [("bad.json", io.BytesIO(text[:-5])), ("good.json", io.BytesIO(text)), ("none.png", io.BytesIO(b"\x89PNG"))]
    looked = look(other, files, some=True)
    assert [(line.title, line.how) for line in looked.lines] == [
        ("bad.json", "passed"),
        (looked.lines[1].title, "added"),
        ("none.png", "passed"),
    ]
    assert sorted(looked.unread) == [0, 2]
    assert "cut off" in looked.unread[0].notes[0]
    with pytest.raises(BadInput, match="cut off"):
        look(other, files)
    with pytest.raises(BadInput, match=r"bad\.json.*cut off.*none\.png"):
        look(other, [files[0], files[2]], some=True)
    with pytest.raises(BadInput, match=r"\. 4 more cannot be read either\.$"):
        look(other, [files[0], files[2]] * 4 + [files[0]], some=True)


def test_little_is_held_of_a_large_file(store: Store) -> None:
    short = Whole(source="a:1", created=NOON, updated=NOON)
    said = WholeMessage(role="user", state="complete", created=NOON, text="x" * 1_000_000)
    long = replace(short, messages=(said,))
    copied = [Copied(whole=one) for one in (*[short] * 1_200, *[long] * 5)]
    sizes = [len(some) for some in _together(copied)]
    assert sizes == [500, 500, 202, 2, 1]


def test_stopping_leaves_whole_conversations(store: Store, other: Store) -> None:
    for _ in range(3):
        exchange(store)
    text = exported(store)
    asked = iter([False, True])
    files = [("chats.json", io.BytesIO(text))]
    assert len(list(import_files(other, files, OPTIONS, stop=lambda: next(asked)))) == 1
    assert [line.how for line in imported(other, text)] == ["there", "added", "added"]


def test_a_conversation_that_fails_half_way_is_not_there(store: Store, other: Store) -> None:
    whole = store.wholes.get(a_life(store))
    wrong = replace(whole, calls=(replace(whole.calls[0], purpose=None),))  # type: ignore[arg-type]
    with pytest.raises(IntegrityError):
        other.wholes.add(wrong)
    with other._database.read() as connection:
        assert connection.execute(select(func.count()).select_from(messages)).scalar() == 0
        assert connection.execute(select(func.count()).select_from(calls)).scalar() == 0
    assert other.wholes.ids() == []


def test_a_budget_counts_what_was_imported(store: Store, other: Store) -> None:
    other.ledger.budgets.set("month", 10**10, zone="UTC")
    imported(other, exported(store, a_life(store)))
    from datetime import UTC, datetime

    (budget,) = other.ledger.budgets.all()
    assert other.ledger.budgets.standing(budget, budget.current(datetime.now(UTC))).spent == 1_169_200


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(chat=wholes())
def test_both_databases_give_back_what_they_were_given(store: Store, chat: Whole) -> None:
    whole = replace(chat, options={**chat.options, "connection": "x"})
    if store.wholes.there([whole.source]):
        return
    # Of two calls that are the same the ledger has counted the first; here each chat has calls of its own.
    moved = tuple(replace(one, base_url=f"http://{whole.source}") for one in whole.calls)
    whole = replace(whole, calls=moved)
    assert digest(store.wholes.get(store.wholes.add(whole).id)) == digest(whole)
