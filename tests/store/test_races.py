"""Many threads and processes at once: every word is stored once, and nobody waits for ever."""

import concurrent.futures
import contextlib
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import update

from chatbot.core.errors import NotFound
from chatbot.store.lease import this_process
from chatbot.store.store import Store
from chatbot.store.tables import conversations
from chatbot.store.values import Begun
from tests.store.scene import begin, exchange, finish, python


def at_once(number: int, work: Callable[[int], Any]) -> list[Any]:
    start = threading.Barrier(number)

    def ready(n: int) -> Any:
        start.wait(30)
        return work(n)

    with concurrent.futures.ThreadPoolExecutor(number) as pool:
        return list(pool.map(ready, range(number), timeout=100))


@pytest.fixture
def temporary() -> Iterator[Store]:
    made = Store.temporary()
    yield made
    made.close()


def eight_threads_begin_a_hundred_turns_each(store: Store) -> None:
    shared = exchange(store)

    def work(n: int) -> list[Begun]:
        found = []
        for turn in range(100):
            if turn % 2:
                begun = begin(store, f"{n} {turn}", conversation=shared.conversation, parent=shared.reply)
            else:
                begun = begin(store, f"{n} {turn}")
            if turn % 10 == 0:
                assert store.turns.draft(this_process(), [(begun.reply, "part", "")]) == set()
                finish(store, begun.reply, f"answer {n} {turn}")
                store.conversations.lines(limit=5)
            found.append(begun)
        return found

    begun = [one for many in at_once(8, work) for one in many]
    assert len({one.reply for one in begun}) == len({one.user for one in begun}) == 800
    texts = {message.text for message in store.conversations.messages(one.user for one in begun if one.user).values()}
    assert texts == {f"{n} {turn}" for n in range(8) for turn in range(100)}
    assert len(store.conversations.tree(shared.conversation).by_id) == 2 + 2 * 400
    assert len(store.conversations.lines(limit=1_000)) == 401
    assert store.integrity() == []


def test_eight_threads_begin_a_hundred_turns_each(store: Store) -> None:
    eight_threads_begin_a_hundred_turns_each(store)


def test_eight_threads_in_memory(temporary: Store) -> None:
    eight_threads_begin_a_hundred_turns_each(temporary)


def test_in_memory_readers_and_writers_never_meet(temporary: Store) -> None:
    first = exchange(temporary)
    end = time.monotonic() + 2

    def work(n: int) -> int:
        done = 0
        while time.monotonic() < end:
            if n % 2:
                exchange(temporary, first, answer="x" * 20_000)
            else:
                tree = temporary.conversations.tree(first.conversation)
                found = temporary.conversations.messages(tree.by_id)
                assert all(found[leaf.id].text for leaf in tree.leaves if leaf.state == "complete")
            done += 1
        return done

    assert min(at_once(8, work)) > 0
    assert temporary.integrity() == []


def of_many_begins_with_one_key_one_is_stored(store: Store) -> None:
    for round in range(10):
        begun = at_once(6, lambda n, key=f"key {round}": begin(store, f"from {n}", key=key))
        assert len({(one.conversation, one.user, one.reply) for one in begun}) == 1
        assert [one.created for one in begun].count(True) == 1
    assert len(store.conversations.lines()) == 10
    assert store.integrity() == []


def test_of_many_begins_with_one_key_one_is_stored(store: Store) -> None:
    of_many_begins_with_one_key_one_is_stored(store)


def test_of_many_begins_in_memory_one_is_stored(temporary: Store) -> None:
    of_many_begins_with_one_key_one_is_stored(temporary)


SAME_KEY = textwrap.dedent("""
    import sys
    from tests.store.scene import begin
    from chatbot.store.store import Store
    store = Store.open(sys.argv[1])
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(20):
        begun = begin(store, key=f"key {n}")
        print(begun.conversation, begun.reply, begun.created, flush=True)
""")


def test_two_processes_with_the_same_keys_store_each_once(store: Store, store_url: str) -> None:
    children = [python(SAME_KEY, store_url) for _ in range(2)]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    outputs = [child.communicate(timeout=60) for child in children]
    first, second = (out.split("\n")[:-1] for out, _ in outputs)
    assert len(first) == len(second) == 20, outputs
    for one, other in zip(first, second, strict=True):
        assert one.split()[:2] == other.split()[:2]
        assert {one.split()[2], other.split()[2]} == {"True", "False"}
    assert len(store.conversations.lines()) == 20


def test_a_reader_never_waits_for_a_writer(store: Store) -> None:
    begun = exchange(store)
    with store._database.write() as connection:
        connection.execute(update(conversations).values(title="not yet"))
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            assert pool.submit(store.conversations.get, begun.conversation).result(3).title == "Hello"
            assert len(pool.submit(store.conversations.lines).result(3)) == 1
            assert len(pool.submit(store.conversations.tree, begun.conversation).result(3).by_id) == 2
    assert store.conversations.get(begun.conversation).title == "not yet"


def test_nothing_is_begun_below_what_is_deleted_at_that_moment(store: Store) -> None:
    first = exchange(store)
    for _ in range(25):
        below = exchange(store, first)

        def work(n: int, below: Begun = below) -> None:
            if n == 0:
                store.conversations.delete_message(first.conversation, below.reply)
            else:
                with contextlib.suppress(NotFound):
                    finish(store, begin(store, conversation=first.conversation, parent=below.reply).reply)

        at_once(4, work)
        assert store.integrity() == []


def test_everything_at_once_on_one_conversation_waits_in_no_circle(store: Store) -> None:
    shared = exchange(store)
    end = time.monotonic() + 4

    def work(n: int) -> int:
        done = 0
        while time.monotonic() < end:
            try:
                begun = begin(store, conversation=shared.conversation, parent=shared.reply)
                if n % 4 == 0:
                    token = store.conversations.delete_message(shared.conversation, begun.reply)
                    store.conversations.undelete_message(token)
                if n % 4 == 1:
                    store.conversations.delete_message(shared.conversation, begun.user or 0)
                if n % 4 == 2:
                    store.turns.run(begun.reply, this_process())
                    store.turns.recover(this_process(), len)
                store.turns.draft(this_process(), [(begun.reply, "x", "")])
                store.conversations.rename(shared.conversation, f"by {n}")
                finish(store, begun.reply)
                store.conversations.seen(shared.conversation)
            except NotFound:  # someone was quicker with the branch
                continue
            done += 1
        return done

    assert min(at_once(8, work)) > 0
    assert store.turns.live(shared.conversation) == []
    assert store.integrity() == []
