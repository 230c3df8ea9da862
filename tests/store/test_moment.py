"""What is read inside a moment is of one moment, on both databases and in memory."""

from contextlib import closing
from threading import Thread

import pytest

from chatbot.core.errors import NotFound
from chatbot.core.settings import Options
from chatbot.store.store import Store

OPTIONS = Options(connection="openai", model="m")


def beside(work: object) -> None:
    """Do it in another thread, to its end."""
    assert callable(work)
    thread = Thread(target=work)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()


def test_what_others_write_meanwhile_is_not_seen(store: Store) -> None:
    id = store.conversations.create(tag="browser", options=OPTIONS, title="Before").id
    with store.moment():
        assert store.conversations.get(id).title == "Before"
        beside(lambda: store.conversations.rename(id, "After"))
        assert store.conversations.get(id).title == "Before"
        assert [line.title for line in store.conversations.lines(limit=9)] == ["Before"]
    assert store.conversations.get(id).title == "After"


def test_a_thread_beside_has_a_moment_of_its_own(store: Store) -> None:
    id = store.conversations.create(tag="browser", options=OPTIONS, title="Before").id
    seen: list[str] = []
    with store.moment():
        store.conversations.get(id)
        beside(lambda: store.conversations.rename(id, "After"))
        beside(lambda: seen.append(store.conversations.get(id).title))
    assert seen == ["After"]


def test_nothing_is_written_inside(store: Store) -> None:
    with store.moment(), pytest.raises(AssertionError):
        store.conversations.create(tag="browser", options=OPTIONS)
    assert store.conversations.lines(limit=9) == []


def test_an_error_inside_ends_it(store: Store) -> None:
    with pytest.raises(NotFound), store.moment():
        store.conversations.get("nope")
    assert store.conversations.create(tag="browser", options=OPTIONS)


def test_in_memory_a_moment_inside_a_moment_does_not_wait_for_itself() -> None:
    with closing(Store.temporary()) as store:
        id = store.conversations.create(tag="browser", options=OPTIONS, title="Here").id
        with store.moment(), store.moment():
            assert store.conversations.get(id).title == "Here"
        store.conversations.rename(id, "There")
