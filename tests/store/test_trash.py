"""Deleting takes a branch; undoing brings back exactly that; after 30 days it is gone."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from chatbot.core.errors import BadInput, NotFound
from chatbot.core.tree import Tree
from chatbot.store import tables
from chatbot.store.database import added
from chatbot.store.lease import this_process
from chatbot.store.rows import now
from chatbot.store.store import Store
from tests.store.scene import begin, call, exchange, finish


def leaves(store: Store, conversation: str) -> list[int]:
    return [leaf.id for leaf in store.conversations.tree(conversation).leaves]


def rows(store: Store, table: str) -> int:
    with store._database.read() as connection:
        return connection.execute(select(func.count()).select_from(tables.metadata.tables[table])).scalar_one()


def test_a_deleted_conversation_is_nowhere_and_comes_back_whole(store: Store) -> None:
    begun = exchange(store)
    before = store.conversations.get(begun.conversation)
    store.conversations.delete(begun.conversation)
    assert store.conversations.lines() == []
    assert store.conversations.latest() is None
    for gone in (store.conversations.get, store.conversations.tree, store.conversations.delete):
        with pytest.raises(NotFound, match=begun.conversation):
            gone(begun.conversation)
    with pytest.raises(NotFound):
        begin(store, conversation=begun.conversation, parent=begun.reply)
    store.conversations.undelete(begun.conversation)
    assert store.conversations.get(begun.conversation) == before
    with pytest.raises(NotFound):
        store.conversations.undelete(begun.conversation)


def test_a_message_goes_with_everything_below_and_the_head_to_its_sibling(store: Store) -> None:
    first = exchange(store)
    second = exchange(store, first)
    other = begin(store, None, conversation=first.conversation, parent=first.user)
    finish(store, other.reply)
    below = exchange(store, other)
    newest = exchange(store, other)
    assert leaves(store, first.conversation) == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    store.conversations.set_head(first.conversation, below.reply)
    store.conversations.delete_message(first.conversation, first.reply)
    assert leaves(store, first.conversation) == [1, 5, 6, 7, 8, 9]
    assert store.conversations.get(first.conversation).head == below.reply  # it was not in there: it stays
    token = store.conversations.delete_message(first.conversation, below.user)  # type: ignore[arg-type]
    assert store.conversations.get(first.conversation).head == newest.reply
    store.conversations.undelete_message(token)
    assert store.conversations.get(first.conversation).head == below.reply
    with pytest.raises(NotFound):
        begin(store, conversation=first.conversation, parent=second.reply)
    with pytest.raises(NotFound):
        store.conversations.set_head(first.conversation, first.reply)
    with pytest.raises(NotFound):
        store.conversations.delete_message(first.conversation, first.reply)


def test_the_head_goes_to_the_older_neighbour_first(store: Store) -> None:
    first = exchange(store)
    beside = []
    for _ in range(3):
        beside.append(begin(store, None, conversation=first.conversation, parent=first.user).reply)
        finish(store, beside[-1])
    store.conversations.set_head(first.conversation, beside[1])
    store.conversations.delete_message(first.conversation, beside[1])
    assert store.conversations.get(first.conversation).head == beside[0]
    store.conversations.set_head(first.conversation, first.reply)
    store.conversations.delete_message(first.conversation, first.reply)
    assert store.conversations.get(first.conversation).head == beside[0]


def test_without_a_sibling_the_head_goes_to_the_parent(store: Store) -> None:
    first = exchange(store)
    token = store.conversations.delete_message(first.conversation, first.reply)
    assert store.conversations.get(first.conversation).head == first.user
    root = store.conversations.delete_message(first.conversation, first.user)  # type: ignore[arg-type]
    assert store.conversations.get(first.conversation).head is None
    assert leaves(store, first.conversation) == []
    with pytest.raises(BadInput, match="above was deleted too"):
        store.conversations.undelete_message(token)
    store.conversations.undelete_message(root)
    assert leaves(store, first.conversation) == [first.user]
    store.conversations.undelete_message(token)
    assert leaves(store, first.conversation) == [first.user, first.reply]
    assert store.conversations.get(first.conversation).head == first.reply
    for used in (token, root, "never given"):
        with pytest.raises(NotFound):
            store.conversations.undelete_message(used)


def test_the_words_that_remain_can_be_answered_again(store: Store) -> None:
    first = exchange(store)
    store.conversations.delete_message(first.conversation, first.reply)
    again = exchange(store, text="And another thing", conversation=first.conversation, parent=first.user)
    assert store.conversations.tree(first.conversation).by_id[again.reply].parent == again.user


def test_what_is_being_answered_below_is_asked_to_stop(store: Store) -> None:
    first = exchange(store)
    running = begin(store, conversation=first.conversation, parent=first.reply)
    elsewhere = begin(store)
    token = store.conversations.delete_message(first.conversation, first.reply)
    assert store.turns.stops([running.reply, elsewhere.reply]) == {running.reply}
    assert store.turns.live(first.conversation) == []
    [line] = [line for line in store.conversations.lines() if line.id == first.conversation]
    assert not line.live
    finish(store, running.reply, "the part", state="stopped")  # its owner still writes down what it had
    store.conversations.undelete_message(token)
    assert store.conversations.messages([running.reply])[running.reply].text == "the part"
    store.conversations.delete(elsewhere.conversation)
    assert store.turns.stops([elsewhere.reply]) == {elsewhere.reply}


def test_the_trash_empties_after_30_days_and_the_ledger_stays(store: Store) -> None:
    kept, whole, branch = exchange(store), exchange(store), exchange(store)
    long = begin(store, conversation=branch.conversation, parent=branch.reply, key="a key")
    call(store, whole)
    call(store, long)
    store.turns.draft(this_process(), [(long.reply, "a draft", "")])
    store.conversations.delete(whole.conversation)
    token = store.conversations.delete_message(branch.conversation, branch.reply)
    assert store.conversations.purge() == 0
    old = now() - timedelta(days=31)
    with store._database.write() as connection:
        connection.execute(
            update(tables.conversations).where(tables.conversations.c.deleted.is_not(None)).values(deleted=old)
        )
        connection.execute(update(tables.trash).values(created=old))
    assert store.conversations.purge() == 2
    assert store.conversations.purge() == 0
    with pytest.raises(NotFound):
        store.conversations.undelete(whole.conversation)
    with pytest.raises(NotFound):
        store.conversations.undelete_message(token)
    assert leaves(store, kept.conversation) == [kept.user, kept.reply]
    assert leaves(store, branch.conversation) == [branch.user]
    assert {table: rows(store, table) for table in ("messages", "drafts", "leases", "trash")} == {
        "messages": 3,
        "drafts": 0,
        "leases": 0,
        "trash": 0,
    }
    assert len(store.ledger.calls()) == 2
    assert store.integrity() == []


def test_a_branch_deleted_inside_a_deleted_branch_is_purged_with_it(store: Store) -> None:
    first = exchange(store)
    second = exchange(store, first)
    store.conversations.delete_message(first.conversation, second.reply)
    store.conversations.delete_message(first.conversation, first.reply)
    assert store.conversations.purge(older_than_days=0) == 2
    assert leaves(store, first.conversation) == [first.user]
    assert rows(store, "messages") == 1
    assert store.integrity() == []


def test_a_conversation_deeper_than_any_recursion_can_be_purged(store: Store) -> None:
    first = exchange(store)
    row = {
        "owner": "local",
        "conversation": first.conversation,
        "role": "user",
        "state": "complete",
        "empty": False,
        "text": "x",
    }
    with store._database.write() as connection:
        parent = first.reply
        for _ in range(2_000):
            parent = added(connection, tables.messages, {**row, "created": now(), "parent": parent})
    store.conversations.delete_message(first.conversation, first.reply)
    assert leaves(store, first.conversation) == [first.user]
    assert store.conversations.purge(older_than_days=0) == 1
    store.conversations.delete(first.conversation)
    assert store.conversations.purge(older_than_days=0) == 1
    assert rows(store, "messages") == 0


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shape=st.lists(st.tuples(st.integers(0, 100), st.booleans()), min_size=1, max_size=8),
    cuts=st.lists(st.integers(0, 100), min_size=1, max_size=4),
)
def test_any_deletions_undone_backwards_restore_the_tree(shape: list[tuple[int, bool]], cuts: list[int]) -> None:
    store = Store.temporary()
    try:
        first = exchange(store)
        for pick, again in shape:
            tree = store.conversations.tree(first.conversation)
            users = [leaf.id for leaf in tree.leaves if leaf.role == "user"]
            replies = [leaf.id for leaf in tree.leaves if leaf.role == "assistant"]
            if again:
                begun = begin(store, None, conversation=first.conversation, parent=users[pick % len(users)])
            else:
                begun = begin(store, conversation=first.conversation, parent=replies[pick % len(replies)])
            finish(store, begun.reply)
        taken: list[tuple[str, Tree, int | None]] = []
        for pick in cuts:
            tree = store.conversations.tree(first.conversation)
            if not tree.by_id:
                break
            head = store.conversations.get(first.conversation).head
            victim = list(tree.by_id)[pick % len(tree.by_id)]
            token = store.conversations.delete_message(first.conversation, victim)
            taken.append((token, tree, head))
            left = store.conversations.tree(first.conversation)
            assert victim not in left.by_id
            assert all(leaf.parent is None or leaf.parent in left.by_id for leaf in left.leaves)
            now_head = store.conversations.get(first.conversation).head
            assert now_head in left.by_id or (now_head is None and tree.by_id[victim].parent is None)
            assert store.integrity() == []
        for token, tree, head in reversed(taken):
            store.conversations.undelete_message(token)
            assert list(store.conversations.tree(first.conversation).leaves) == list(tree.leaves)
            assert store.conversations.get(first.conversation).head == head
    finally:
        store.close()
