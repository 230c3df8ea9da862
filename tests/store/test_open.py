"""Opening: fresh, again, from two processes at once; and every file that must not be touched."""

from chatbot.store.store import Store


def test_a_fresh_store_is_whole_and_empty(store: Store) -> None:
    assert store.integrity() == []
    assert store.conversations.lines() == []
    assert store.conversations.latest() is None
