"""Several whole conversations at once are the same as one after the other."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from chatbot.core.errors import NotFound
from chatbot.core.events import CallFinished
from chatbot.core.money import Usage
from chatbot.store.lease import this_process
from chatbot.store.store import Store
from chatbot.store.wholes_read import batches
from tests.store.scene import begin, call, exchange


def chats(store: Store) -> list[str]:
    """Short and long ones, one with a bill, one with tags and stars, one that is being written, one in two branches."""
    plain, paid, marked = exchange(store), exchange(store, text="How much?"), exchange(store, text="Mark me.")
    store.ledger.settle(call(store, paid), CallFinished(outcome="answered", usage=Usage(input_tokens=9)))
    store.tags.give([marked.conversation, plain.conversation], "work", "red")
    store.tags.give([marked.conversation], "home", "blue")
    store.stars.star(marked.conversation, marked.reply)
    live = begin(store, "Still at it")
    store.turns.draft(this_process(), [(live.reply, "so far", "")])
    forked = exchange(store)
    exchange(store, text="One way.", conversation=forked.conversation, parent=forked.reply)
    exchange(store, text="Another.", conversation=forked.conversation, parent=forked.reply)
    return [one.conversation for one in (live, marked, forked, plain, paid)]


def test_several_are_what_each_of_them_is(store: Store) -> None:
    ids = chats(store)
    assert list(store.wholes.several(ids)) == [store.wholes.get(id) for id in ids]
    assert list(store.wholes.several(ids[::-1])) == [store.wholes.get(id) for id in ids[::-1]]
    assert list(store.wholes.several([])) == []


def test_no_more_than_some_messages_are_read_together(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatbot.store.wholes_read._MESSAGES_AT_ONCE", 200)
    short = [exchange(store).conversation for _ in range(3)]
    long = exchange(store)
    for _ in range(100):
        long = exchange(store, long)
    ids = [short[0], short[1], long.conversation, short[2]]
    with store._database.read() as connection:
        together = batches(connection, store._database, ids)
    assert together == [ids[:2], ids[2:3], ids[3:]]
    assert [len(whole.messages) for whole in store.wholes.several(ids)] == [2, 2, 202, 2]


def test_long_texts_are_not_read_together(store: Store) -> None:
    ids = [exchange(store, text="é" * 600_000).conversation for _ in range(3)]
    with store._database.read() as connection:
        assert batches(connection, store._database, ids) == [ids[:1], ids[1:2], ids[2:]]
    assert [len(whole.messages[0].text) for whole in store.wholes.several(ids)] == [600_000] * 3


def test_one_that_is_gone_is_named_or_left_out(store: Store) -> None:
    ids = chats(store)
    store.conversations.delete(ids[2])
    with pytest.raises(NotFound, match=ids[2]):
        list(store.wholes.several(ids))
    assert list(store.wholes.several(ids, missing_ok=True)) == [store.wholes.get(id) for id in ids if id != ids[2]]


def test_one_that_cannot_be_added_leaves_no_half_behind(store: Store) -> None:
    paid = exchange(store)
    store.ledger.settle(call(store, paid), CallFinished(outcome="answered", usage=Usage(input_tokens=9)))
    first = store.wholes.get(paid.conversation)
    good = replace(first, source="a:1", calls=())
    bad = replace(first, source="a:2", calls=(replace(first.calls[0], purpose=None),))  # type: ignore[arg-type]
    with pytest.raises(IntegrityError):
        store.wholes.add_all([good, bad])
    there = store.wholes.there(["a:1", "a:2"])
    assert there == (set() if store._database.sqlite else {"a:1"})
    assert store.wholes.count() == 2 + 2 * len(there)
    again = store.wholes.add_all([good, good, replace(good, source="a:3")])
    assert [added.how for added in again] == ["there" if there else "added", "there", "added"]
