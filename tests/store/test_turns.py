"""A turn's rows: begun once, drafted and finished only by who holds the lease, and never with words lost."""

from dataclasses import replace
from typing import Any

import pytest

from chatbot.core.errors import BadInput, LeaseLost, NotFound
from chatbot.core.money import Usage
from chatbot.core.settings import Options
from chatbot.store.lease import this_process
from chatbot.store.store import Store
from chatbot.store.values import Ending
from tests.store.scene import OPTIONS, begin, dead_process, elsewhere, exchange, finish


def test_beginning_stores_the_words_and_an_empty_reply(store: Store) -> None:
    begun = begin(store, "What are tides?\nTell me.", tag="terminal")
    assert (begun.state, begun.created) == ("running", True)
    made = store.conversations.get(begun.conversation)
    assert (made.title, made.title_by, made.tag, made.head) == ("What are tides?", "words", "terminal", begun.reply)
    assert made.options == OPTIONS
    found = store.conversations.messages([begun.user, begun.reply])  # type: ignore[list-item]
    user, reply = found[begun.user], found[begun.reply]  # type: ignore[index]
    assert (user.role, user.state, user.text, user.parent) == ("user", "complete", "What are tides?\nTell me.", None)
    assert (reply.role, reply.state, reply.text, reply.parent) == ("assistant", "running", "", begun.user)
    assert (reply.connection, reply.model_asked) == ("fake", "m-1")
    assert reply.options["system"] == OPTIONS.system
    assert store.turns.live(begun.conversation) == [begun.reply]


def test_going_on_below_a_reply(store: Store) -> None:
    first = exchange(store)
    options = Options(connection="b", model="m-2")
    second = begin(store, "More", conversation=first.conversation, parent=first.reply, options=options)
    tree = store.conversations.tree(first.conversation)
    assert [place.first.id for place in tree.path(second.reply)] == [first.user, first.reply, second.user, second.reply]
    assert store.conversations.messages([second.reply])[second.reply].model_asked == "m-2"
    made = store.conversations.get(first.conversation)
    assert made.options == OPTIONS  # the conversation's own are changed by set_options alone
    assert made.updated > made.created


def test_editing_the_first_message_makes_a_second_root(store: Store) -> None:
    first = exchange(store)
    edited = begin(store, "Better", conversation=first.conversation, parent=None)
    tree = store.conversations.tree(first.conversation)
    assert tree.siblings(edited.user) == (first.user, edited.user)  # type: ignore[arg-type]


def test_the_same_key_stores_nothing_a_second_time(store: Store) -> None:
    first = begin(store, key="one")
    finish(store, first.reply)
    again = begin(store, "Something else", key="one")
    assert again == replace(first, created=False, state="complete")
    assert len(store.conversations.lines()) == 1
    retried = begin(store, None, conversation=first.conversation, parent=first.user, key="two")
    assert retried.user is None
    assert begin(store, None, conversation=first.conversation, parent=first.user, key="two") == replace(
        retried, created=False
    )
    assert len(store.conversations.tree(first.conversation).by_id) == 3


def test_a_send_below_a_live_reply_waits(store: Store) -> None:
    first = begin(store)
    second = begin(store, conversation=first.conversation, parent=first.reply)
    third = begin(store, conversation=first.conversation, parent=second.reply)
    beside = begin(store, None, conversation=first.conversation, parent=first.user)
    again = begin(store, None, conversation=first.conversation, parent=second.user)
    below_words = begin(store, conversation=first.conversation, parent=second.user)
    states = [one.state for one in (first, second, third, beside, again, below_words)]
    assert states == ["running", "waiting", "waiting", "running", "waiting", "waiting"]
    finish(store, first.reply)
    assert begin(store, conversation=first.conversation, parent=first.reply).state == "running"
    store.turns.run(second.reply, this_process())
    assert store.conversations.tree(first.conversation).by_id[second.reply].state == "running"
    assert store.turns.live(first.conversation) == sorted(
        [second.reply, third.reply, beside.reply, again.reply, below_words.reply, below_words.reply + 2]
    )


def test_a_parent_must_be_there_and_of_the_right_kind(store: Store) -> None:
    first, other = exchange(store), exchange(store)
    live = begin(store, conversation=first.conversation, parent=first.reply)
    here = {"conversation": first.conversation}
    refused: list[tuple[type[Exception], dict[str, object]]] = [
        (NotFound, {"text": "x", "parent": other.reply}),
        (NotFound, {"text": "x", "parent": 10**9}),
        (NotFound, {"text": None, "parent": other.user}),
        (BadInput, {"text": None, "parent": first.reply}),
        (BadInput, {"text": None, "parent": None}),
        (BadInput, {"text": None, "parent": first.user, "continues": True}),
        (BadInput, {"text": None, "parent": live.reply, "continues": True}),
        (BadInput, {"text": "x", "parent": first.reply, "continues": True}),
        (BadInput, {"text": " \n ", "parent": first.reply}),
        (BadInput, {"text": "x" * 2_000_001, "parent": first.reply}),
        (BadInput, {"text": None, "parent": None, "conversation": None}),
    ]
    before = store.conversations.get(first.conversation), store.conversations.tree(first.conversation).leaves
    for error, ask in refused:
        with pytest.raises(error):
            begin(store, **{**here, "key": "refused", **ask})
    after = store.conversations.get(first.conversation), store.conversations.tree(first.conversation).leaves
    assert after == before
    # A refusal keeps nothing, the key included.
    assert begin(store, **here, parent=first.reply, key="refused").created


def test_the_draft_is_appended_and_the_ending_replaces_it(store: Store) -> None:
    me, begun, other = this_process(), begin(store), begin(store)
    assert store.turns.draft(me, [(begun.reply, "Hel", ""), (other.reply, "", "Hm")]) == set()
    assert store.turns.draft(me, [(begun.reply, "lo", "so"), (other.reply, "", ""), (begun.reply, "!", "")]) == set()
    assert store.turns.drafted(begun.reply) == ("Hello!", "so")
    assert store.turns.drafted(other.reply) == ("", "Hm")
    assert store.turns.draft(me, []) == set()
    finish(store, begun.reply, "Hello!!", reasoning="so")
    assert store.turns.drafted(begun.reply) == ("", "")
    assert store.turns.drafted(other.reply) == ("", "Hm")
    assert store.integrity() == []


def test_an_ending_is_kept_whole(store: Store) -> None:
    begun = begin(store)
    ending = Ending(
        state="failed",
        text="part",
        reasoning="why",
        model_answered="m-1-2026",
        sent=(None, 1),
        left_out=2,
        usage=Usage(input_tokens=5, output_tokens=7, cached_tokens=0, raw={"prompt_tokens": 5, "cost": 0.25}),
        finish_reason="eos",
        first_token=0.25,
        duration=1.5,
        thinking=0.125,
        retries=2,
        error="The server broke off.",
        error_kind="Broken",
        way_out="continue",
        notes=("temperature was left out",),
    )
    store.turns.finish(begun.reply, this_process(), ending)
    found = store.conversations.messages([begun.reply])[begun.reply]
    for name in Ending.__slots__:
        assert getattr(found, name) == getattr(ending, name), name
    assert store.turns.live(begun.conversation) == []
    [line] = store.conversations.lines()
    assert line.updated == found.finished


def test_who_lost_the_lease_writes_nothing(store: Store) -> None:
    me, begun, mine = this_process(), begin(store, process=elsewhere()), begin(store)
    assert store.turns.draft(me, [(begun.reply, "intruding", ""), (mine.reply, "fine", ""), (999, "x", "")]) == {
        begun.reply,
        999,
    }
    assert store.turns.drafted(begun.reply) == ("", "")
    assert store.turns.drafted(mine.reply) == ("fine", "")
    for write in (
        lambda: finish(store, begun.reply, "intruding"),
        lambda: store.turns.run(begun.reply, me),
        lambda: store.turns.run(10**9, me),
    ):
        with pytest.raises(LeaseLost):
            write()
    found = store.conversations.messages([begun.reply])[begun.reply]
    assert (found.state, found.text) == ("running", "")
    finish(store, mine.reply, "done")
    with pytest.raises(LeaseLost):
        finish(store, mine.reply, "done again")
    assert store.conversations.messages([mine.reply])[mine.reply].text == "done"


def test_another_life_of_the_same_pid_does_not_hold_the_lease(store: Store) -> None:
    begun = begin(store)
    reborn = replace(this_process(), started=this_process().started + 100)
    with pytest.raises(LeaseLost):
        finish(store, begun.reply, process=reborn)


def test_a_stop_is_left_where_the_owner_looks(store: Store) -> None:
    first, second = begin(store, process=elsewhere()), begin(store)
    store.turns.ask_stop(first.reply)
    store.turns.ask_stop(10**9)  # it may have ended meanwhile
    assert store.turns.stops([first.reply, second.reply, 10**9]) == {first.reply}
    assert store.turns.stops([second.reply]) == set()
    finish(store, first.reply, process=elsewhere())
    store.turns.ask_stop(first.reply)
    assert store.turns.stops([first.reply]) == set()
    finish(store, second.reply)
    assert store.integrity() == []


def test_a_reply_that_waits_can_end_without_running(store: Store) -> None:
    first = begin(store)
    waits = begin(store, conversation=first.conversation, parent=first.reply)
    finish(store, waits.reply, "", state="stopped")
    assert store.turns.live(first.conversation) == [first.reply]
    assert dead_process() != this_process()


HOSTILE = "nul \x00 lone \ud800\udc00\udfff rtl \u202e \u200f html <script>alert(1)</script> <|endoftext|> \x1b[31m 👩‍👩‍👧 हिन्दी"
REPAIRED = HOSTILE.replace("\x00", "␀").replace("\ud800", "�").replace("\udc00", "�").replace("\udfff", "�")


def test_any_text_is_kept_as_it_is_or_visibly_repaired(store: Store) -> None:
    begun = begin(store, HOSTILE, options=Options(connection=HOSTILE, model=HOSTILE, system=HOSTILE), key=HOSTILE)
    assert not begin(store, HOSTILE, key=HOSTILE).created
    store.turns.draft(this_process(), [(begun.reply, HOSTILE, HOSTILE)])
    assert store.turns.drafted(begun.reply) == (REPAIRED, REPAIRED)
    finish(
        store,
        begun.reply,
        HOSTILE,
        reasoning=HOSTILE,
        error=HOSTILE,
        finish_reason=HOSTILE,
        model_answered=HOSTILE,
        notes=(HOSTILE,),
        usage=Usage(input_tokens=10**30, output_tokens=3, raw={HOSTILE: [HOSTILE, float("nan"), 10**30, {"a": None}]}),
    )
    found = store.conversations.messages([begun.user, begun.reply])  # type: ignore[list-item]
    reply = found[begun.reply]
    assert found[begun.user].text == REPAIRED  # type: ignore[index]
    assert (reply.text, reply.reasoning, reply.error, reply.notes) == (REPAIRED, REPAIRED, REPAIRED, (REPAIRED,))
    assert (reply.connection, reply.model_asked, reply.model_answered) == (REPAIRED, REPAIRED, REPAIRED)
    assert reply.options["system"] == REPAIRED
    assert reply.usage is not None
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (None, 3)
    assert reply.usage.raw == {REPAIRED: [REPAIRED, None, 10**30, {"a": None}]}
    assert store.integrity() == []


def test_a_megabyte_is_kept_to_the_last_letter(store: Store) -> None:
    text = "".join(chr(0x4E00 + n % 5_000) for n in range(1_000_000))
    begun = begin(store, text)
    finish(store, begun.reply, text[::-1])
    found = store.conversations.messages([begun.user, begun.reply])  # type: ignore[list-item]
    assert found[begun.user].text == text  # type: ignore[index]
    assert found[begun.reply].text == text[::-1]


def test_the_same_asked_for_in_two_windows_is_one_reply(store: Store) -> None:
    begun = begin(store)
    finish(store, begun.reply, "Half of", state="stopped")
    below: dict[str, Any] = {"conversation": begun.conversation, "parent": begun.reply, "continues": True, "once": True}
    first = begin(store, None, **below, key="one")
    other = begin(store, None, **below, key="other", process=replace(this_process(), pid=2**22 + 1))
    assert (other.reply, other.created, other.state) == (first.reply, False, "running")
    assert begin(store, None, **below, key="other").reply == first.reply
    finish(store, first.reply, "it", state="stopped")
    again = begin(store, None, **below, key="later")
    assert again.created, "it had ended: this is another one"
    beside = begin(store, None, conversation=begun.conversation, parent=begun.user)
    another = begin(store, None, conversation=begun.conversation, parent=begun.user)
    assert (beside.created, another.created) == (True, True), "who asks for another reply gets one each time"
    retried = begin(store, None, conversation=begun.conversation, parent=begun.user, once=True)
    assert retried.reply == another.reply
