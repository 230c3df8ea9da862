"""Settled calls as plain rows, and the mark that says whether there are new ones; on both databases."""

import pytest
from sqlalchemy import update

from chatbot.core.events import CallFinished
from chatbot.core.settings import Options
from chatbot.store import settled
from chatbot.store.settled import Mark
from chatbot.store.store import Store
from chatbot.store.tables import calls
from tests.store.scene import answered, call, exchange


def read(store: Store, after: int = 0) -> list[int]:
    mark, found = store.ledger.mark(), []
    while rows := store.ledger.settled(after=after, until=mark):
        found += [row.id for row in rows]
        after = rows[-1].id
    return found


def test_the_mark_moves_with_every_call_and_every_end(store: Store) -> None:
    marks = [store.ledger.mark()]
    assert marks[0] == Mark()
    number = call(store)
    marks.append(store.ledger.mark())
    assert marks[1].out == (number,)
    store.ledger.settle(number, answered())
    marks.append(store.ledger.mark())
    assert marks[2] == Mark(number, ())
    assert len(set(marks)) == 3
    assert store.ledger.mark() == marks[2]


def test_pages_give_each_settled_call_once_and_in_order(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settled, "MOST_ROWS", 3)
    numbers = [call(store) for _ in range(10)]
    for number in numbers:
        if number != numbers[4]:
            store.ledger.settle(number, answered())
    assert read(store) == [*numbers[:4], *numbers[5:]]
    assert read(store, after=numbers[7]) == numbers[8:]


def test_what_ended_after_the_mark_waits_for_the_next_one(store: Store) -> None:
    first, second = call(store), call(store)
    mark = store.ledger.mark()
    store.ledger.settle(first, answered())
    store.ledger.settle(second, answered())
    third = call(store)
    store.ledger.settle(third, answered())
    assert store.ledger.settled(after=0, until=mark) == []
    assert [row.id for row in store.ledger.settled_among([second, first, 10**6])] == [first, second]
    assert read(store) == [first, second, third]


def test_the_prompt_is_that_of_the_reply_and_goes_with_it(store: Store) -> None:
    options = Options(connection="fake", model="m-1", system="Be\nkind.")
    kept, gone = exchange(store, options=options), exchange(store, options=options)
    for begun in (kept, gone, None):
        store.ledger.settle(call(store, begun), answered())
    mark = store.ledger.mark()
    assert [row.prompt for row in store.ledger.settled(after=0, until=mark)] == ["Be\nkind.", "Be\nkind.", None]
    store.conversations.delete(gone.conversation)
    store.conversations.delete_message(kept.conversation, kept.reply)
    assert [row.prompt for row in store.ledger.settled(after=0, until=mark)] == [None, None, None]


def test_another_owner_is_not_seen(store: Store) -> None:
    number = call(store)
    store.ledger.settle(number, CallFinished(outcome="answered"))
    with store._database.write() as transaction:
        transaction.execute(update(calls).values(owner="somebody else"))
    assert store.ledger.mark() == Mark()
    assert read(store) == []
    assert store.ledger.settled_among([number]) == []
