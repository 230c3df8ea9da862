"""Recovery: what dead processes left is ended once, what they had written is kept, the living are left alone."""

import random
import signal
import textwrap
import threading
import time
from datetime import timedelta

import pytest
from sqlalchemy import update

from chatbot.core.errors import LeaseLost
from chatbot.core.money import Usage
from chatbot.store.lease import read_owner, this_process
from chatbot.store.rows import now
from chatbot.store.store import Store
from chatbot.store.tables import calls
from chatbot.store.values import Recovered
from tests.store.scene import (
    answered,
    begin,
    call,
    dead_process,
    elsewhere,
    exchange,
    finish,
    let_leases_run_out,
    python,
)


def words(text: str) -> int:
    return len(text.split())


def test_a_dead_process_reply_is_cut_with_its_draft_and_its_call_is_estimated(store: Store) -> None:
    gone = dead_process()
    begun = begin(store, process=gone)
    refused = call(store, begun, process=gone)
    store.ledger.settle(refused, answered(usage=Usage(input_tokens=1, output_tokens=1)))
    open_call = call(store, begun, process=gone, input_estimate=40)
    store.turns.draft(gone, [(begun.reply, "three words ", "and")])
    store.turns.draft(gone, [(begun.reply, "here", " a thought")])
    assert store.turns.recover(this_process(), words) == [Recovered(conversation=begun.conversation, reply=begun.reply)]
    found = store.conversations.messages([begun.reply])[begun.reply]
    assert (found.state, found.text, found.reasoning) == ("cut", "three words here", "and a thought")
    assert (found.error_kind, found.way_out) == ("Crashed", "continue")
    assert found.error
    assert found.finished is not None
    estimate = Usage(input_tokens=40, output_tokens=5, estimated=True)
    assert found.usage == estimate
    first, second = store.ledger.calls()
    assert (first.id, first.outcome) == (refused, "answered")
    assert (second.id, second.outcome, second.usage) == (open_call, "uncertain", estimate)
    assert second.finished is not None
    assert store.turns.live(begun.conversation) == []
    assert store.turns.drafted(begun.reply) == ("", "")
    assert store.conversations.get(begun.conversation).head == begun.reply
    assert store.turns.recover(this_process(), words) == []
    assert store.integrity() == []


def test_without_a_word_the_way_out_is_to_try_again(store: Store) -> None:
    gone = dead_process()
    begun = begin(store, process=gone)
    waits = begin(store, conversation=begun.conversation, parent=begun.reply, process=gone)
    assert waits.state == "waiting"
    assert [one.reply for one in store.turns.recover(this_process(), words)] == [begun.reply, waits.reply]
    found = store.conversations.messages([begun.reply, waits.reply])
    assert {(one.state, one.text, one.way_out, one.usage) for one in found.values()} == {("cut", "", "retry", None)}


def test_a_lease_that_ran_out_counts_even_where_nobody_can_know(store: Store) -> None:
    far, mine = begin(store, process=elsewhere()), begin(store)
    assert store.turns.recover(this_process(), words) == []
    let_leases_run_out(store)
    store.turns.draft(this_process(), [(mine.reply, "", "")])  # a sign of life, without a word
    assert [one.reply for one in store.turns.recover(this_process(), words)] == [far.reply]
    assert store.turns.live(mine.conversation) == [mine.reply]


def test_who_comes_back_while_looked_at_keeps_the_reply(store: Store) -> None:
    slow = elsewhere()
    begun = begin(store, process=slow)
    call(store, begun, process=slow)
    let_leases_run_out(store)

    def count(text: str) -> int:
        store.turns.draft(slow, [(begun.reply, "I live.", "")])
        return words(text)

    assert store.turns.recover(this_process(), count) == []
    finish(store, begun.reply, "I live.", process=slow)
    assert store.ledger.calls()[0].outcome is None
    assert store.integrity() == []


def test_the_dead_write_nothing_after_recovery(store: Store) -> None:
    slow = elsewhere()
    begun = begin(store, process=slow)
    store.turns.draft(slow, [(begun.reply, "part", "")])
    made = call(store, begun, process=slow)
    let_leases_run_out(store)
    store.turns.recover(this_process(), words)
    assert store.turns.draft(slow, [(begun.reply, " more", "")]) == {begun.reply}
    with pytest.raises(LeaseLost):
        finish(store, begun.reply, "all of it", process=slow)
    assert not store.ledger.settle(made, answered())
    assert store.conversations.messages([begun.reply])[begun.reply].text == "part"


def test_calls_that_belong_to_no_live_reply_are_settled_too(store: Store) -> None:
    gone = dead_process()
    title = call(store, purpose="title", process=gone, input_estimate=7)
    ended = begin(store, process=gone)
    late = call(store, ended, process=gone)
    finish(store, ended.reply, process=gone)
    mine, far, old = call(store, purpose="title"), call(store, process=elsewhere()), call(store, process=elsewhere())
    with store._database.write() as connection:
        connection.execute(update(calls).where(calls.c.id == old).values(started=now() - timedelta(hours=2)))
    assert store.turns.recover(this_process(), words) == []
    outcomes = {row.id: row.outcome for row in store.ledger.calls()}
    assert outcomes == {title: "uncertain", late: "uncertain", old: "uncertain", mine: None, far: None}
    assert store.ledger.calls()[0].usage == Usage(input_tokens=7, output_tokens=0, estimated=True)


def test_what_lies_in_the_trash_is_recovered_too(store: Store) -> None:
    gone = dead_process()
    begun, other = begin(store, process=gone), begin(store, process=gone)
    store.turns.draft(gone, [(begun.reply, "part", ""), (other.reply, "part", "")])
    store.conversations.delete(begun.conversation)
    token = store.conversations.delete_message(other.conversation, other.reply)
    assert len(store.turns.recover(this_process(), words)) == 2
    store.conversations.undelete(begun.conversation)
    store.conversations.undelete_message(token)
    found = store.conversations.messages([begun.reply, other.reply])
    assert [(one.state, one.text) for one in found.values()] == [("cut", "part")] * 2


def test_two_recoveries_at_once_settle_once(store: Store, store_url: str) -> None:
    gone = dead_process()
    begun = [begin(store, process=gone) for _ in range(15)]
    for one in begun:
        call(store, one, process=gone)
        store.turns.draft(gone, [(one.reply, "part", "")])
    call(store, purpose="title", process=gone)
    stores = [store, store, Store.open(store_url)]
    start = threading.Barrier(len(stores))
    found: list[Recovered] = []

    def recover(mine: Store) -> None:
        start.wait()
        found.extend(mine.turns.recover(this_process(), words))

    threads = [threading.Thread(target=recover, args=(one,)) for one in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(one.reply for one in found) == [one.reply for one in begun]
    assert [row.outcome for row in store.ledger.calls()] == ["uncertain"] * 16
    assert store.integrity() == []
    stores[2].close()


LIVE_CHILD = textwrap.dedent("""
    import sys
    from tests.store.scene import begin, call
    from chatbot.store.lease import this_process
    from chatbot.store.store import Store
    store = Store.open(sys.argv[1])
    begun = begin(store)
    call(store, begun)
    store.turns.draft(this_process(), [(begun.reply, "so far", "")])
    print(begun.conversation, begun.reply, this_process().text, flush=True)
    sys.stdin.readline()
""")


@pytest.mark.crash
def test_a_living_process_is_left_alone_and_a_killed_one_is_recovered_at_once(store: Store, store_url: str) -> None:
    child = python(LIVE_CHILD, store_url)
    try:
        assert child.stdout is not None
        conversation, reply, owner = child.stdout.readline().strip().split(" ", 2)
        assert read_owner(owner).pid == child.pid
        assert store.turns.recover(this_process(), words) == []
        assert store.turns.live(conversation) == [int(reply)]
        assert store.turns.drafted(int(reply)) == ("so far", "")
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate(timeout=30)
    assert store.turns.recover(this_process(), words) == [Recovered(conversation=conversation, reply=int(reply))]
    found = store.conversations.messages([int(reply)])[int(reply)]
    assert (found.state, found.text) == ("cut", "so far")
    assert store.integrity() == []


BUSY_CHILD = textwrap.dedent("""
    import sys
    from tests.store.scene import answered, begin, call, finish
    from chatbot.store.lease import this_process
    from chatbot.store.store import Store
    store = Store.open(sys.argv[1])
    def say(*words):
        print(*words, flush=True)
    while True:
        begun = begin(store, "question " * 50)
        say("begun", begun.user, begun.reply)
        made = call(store, begun)
        say("sent", made)
        for n in range(5):
            store.turns.draft(this_process(), [(begun.reply, f"piece {n} ", "")])
            say("drafted", begun.reply, n)
        store.ledger.settle(made, answered())
        say("settled", made)
        finish(store, begun.reply, "whole")
        say("finished", begun.reply)
""")


@pytest.mark.crash
def test_nothing_acknowledged_is_lost_to_kill_9(store: Store, store_url: str) -> None:
    for seed in range(4):
        child = python(BUSY_CHILD, store_url)
        assert child.stdout is not None
        said = [child.stdout.readline()]
        reader = threading.Thread(target=said.extend, args=(child.stdout,))
        reader.start()
        time.sleep(random.Random(seed).uniform(0.05, 0.6))
        child.kill()
        reader.join(30)
        child.wait(30)
        # A line without its end was cut off by the kill.
        lines = [line.split() for line in said if line.endswith("\n")]
        store.turns.recover(this_process(), words)
        assert store.integrity() == []
        replies = {int(line[2]) for line in lines if line[0] == "begun"}
        found = store.conversations.messages([*replies, *(int(line[1]) for line in lines if line[0] == "begun")])
        settled = {row.id: row.outcome for row in store.ledger.calls()}
        assert None not in settled.values()
        drafted: dict[int, int] = {}
        for what, first, *rest in lines:
            if what == "begun":
                assert found[int(first)].text == "question " * 50
                assert found[int(rest[0])].state in ("complete", "cut")
            elif what == "sent":
                assert int(first) in settled
            elif what == "settled":
                assert settled[int(first)] == "answered"
            elif what == "finished":
                assert (found[int(first)].state, found[int(first)].text) == ("complete", "whole")
            elif what == "drafted":
                drafted[int(first)] = int(rest[0])
        for reply, last in drafted.items():
            if found[reply].state == "cut":
                assert found[reply].text.startswith("".join(f"piece {n} " for n in range(last + 1)))
        assert not [line for line in store.conversations.lines(limit=10_000) if line.live]
    exchange(store)
