"""A branch as a conversation of its own: the path and nothing beside it, and nobody pays twice."""

import pytest

from chatbot.core.errors import NotFound
from chatbot.engine.branching import branch
from chatbot.store.store import Store
from tests.store.scene import answered, begin, call, exchange, finish


def path_of(store: Store, conversation: str) -> list[str]:
    tree = store.conversations.tree(conversation)
    leaves = [leaf.id for place in tree.path(store.conversations.get(conversation).head) for leaf in place.segments]
    rows = store.conversations.messages(leaves)
    assert set(tree.by_id) == set(leaves), "the path and nothing beside it"
    return [rows[id].text for id in leaves]


def test_the_path_up_to_a_message_goes_on_by_itself(store: Store) -> None:
    first = exchange(store, text="one", answer="1")
    beside = exchange(store, first, text="other", answer="x")
    second = exchange(store, first, text="two", answer="2 and")
    more = begin(store, None, conversation=first.conversation, parent=second.reply, continues=True)
    finish(store, more.reply, " more")
    exchange(store, first, text="three", answer="3")
    store.ledger.settle(call(store, second), answered())
    store.conversations.rename(first.conversation, "Numbers")
    store.stars.star(first.conversation, second.reply)
    before = path_of_any(store, first.conversation)

    made = branch(store, first.conversation, more.reply)
    assert path_of(store, made) == ["one", "1", "two", "2 and", " more"]
    copy = store.conversations.get(made)
    assert (copy.title, copy.options) == ("Numbers (branch)", store.conversations.get(first.conversation).options)
    assert store.stars.among(store.conversations.tree(made).by_id) == set()
    assert store.ledger.calls(conversation=made) == []
    assert len(store.ledger.calls(conversation=first.conversation)) == 1
    assert path_of_any(store, first.conversation) == before, "where it comes from stays as it was"
    assert path_of(store, branch(store, first.conversation, beside.reply)) == ["one", "1", "other", "x"]
    assert store.integrity() == []
    assert exchange(store, text="on", conversation=made, parent=copy.head).conversation == made


def path_of_any(store: Store, conversation: str) -> list[str]:
    tree = store.conversations.tree(conversation)
    return [row.text for _, row in sorted(store.conversations.messages(tree.by_id).items())]


def test_a_message_that_is_gone_cannot_be_branched_from(store: Store) -> None:
    first = exchange(store)
    more = exchange(store, first)
    store.conversations.delete_message(first.conversation, more.user or 0)
    with pytest.raises(NotFound, match="not there any more"):
        branch(store, first.conversation, more.reply)
    assert len(store.conversations.lines()) == 1
