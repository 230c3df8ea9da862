"""The window: what is sent is well-formed, within the budget, and nothing of the path goes missing unnamed."""

from collections.abc import Sequence
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.core.messages import Message, Part, Reasoning, State, Text, ToolCall, ToolResult, all_to_wire, said
from chatbot.core.tokens import PER_MESSAGE, estimate
from chatbot.core.tree import Leaf, Place, Tree
from chatbot.core.window import GO_ON, Fitted, Item, Kept, LeftOut, build, joined

STATES = get_args(State)
words = st.sampled_from(["", " ", "\n\n", "Hi", "What is a decorator?", "ü" * 30, "word " * 20]) | st.text(max_size=20)
ids = st.sampled_from(["c1", "c2", "c3"])
part: st.SearchStrategy[Part] = st.one_of(
    st.builds(Text, words),
    st.builds(Text, words),
    st.builds(Reasoning, words),
    st.builds(ToolCall, ids, st.just("clock"), st.just("{}")),
    st.builds(ToolResult, ids, words),
)
state = st.sampled_from(STATES)


@st.composite
def any_path(draw: st.DrawFn) -> list[Item]:
    """Messages in any order and shape, also such as no store would give out."""
    roles = st.sampled_from(["user", "user", "assistant", "assistant", "tool", "system"])
    messages = draw(st.lists(st.builds(Message, roles, st.lists(part, max_size=4).map(tuple)), max_size=14))
    return [Item(ref=at + 1, message=message, state=draw(state)) for at, message in enumerate(messages)]


@st.composite
def path_of_a_tree(draw: st.DrawFn) -> list[Item]:
    """What a store holds: users and replies with branches and Continues, read from any head."""
    leaves: list[Leaf] = []
    said_by: dict[int, Message] = {}
    for id in range(1, draw(st.integers(1, 16)) + 1):
        parent = draw(st.sampled_from([None, *leaves, *leaves[-2:]]))
        continues = parent is not None and parent.role == "assistant" and draw(st.booleans())
        role = "assistant" if continues or (parent is not None and parent.role == "user") else "user"
        text = draw(words) if role == "assistant" else draw(words.filter(str.strip))
        how = draw(state) if role == "assistant" else draw(st.sampled_from(["complete", "complete", "blocked"]))
        leaves.append(
            Leaf(id=id, parent=parent and parent.id, role=role, state=how, continues=continues, empty=not text)
        )
        said_by[id] = said(role, text, reasoning=draw(words))
    head = draw(st.sampled_from(leaves)).id
    return [joined(place, said_by) for place in Tree(leaves).path(head)]


paths = path_of_a_tree() | any_path()
systems = st.sampled_from(["", "   ", "Be kind."])
budgets = st.integers(-5, 400)


def well_formed(messages: Sequence[Message]) -> None:
    wire = all_to_wire(messages)
    assert not any(isinstance(part, Reasoning) for message in messages for part in message.parts)
    assert not any(message["role"] == "system" for message in wire[1:])
    spoken = wire[1:] if wire and wire[0]["role"] == "system" else wire
    assert not spoken or spoken[0]["role"] == "user", "an orphan"
    asked: list[str] = []
    for before, message in zip([None, *spoken], spoken, strict=False):
        if message["role"] == "tool":
            asked.remove(message["tool_call_id"])
            continue
        assert not asked, f"unanswered: {asked}"
        assert before is None or before["role"] != message["role"], f"two neighbours: {message['role']}"
        assert (message["content"] or "").strip() or message.get("tool_calls"), "says nothing"
        asked = [call["id"] for call in message.get("tool_calls", [])]
        assert len(set(asked)) == len(asked)
    assert not asked, f"unanswered: {asked}"


@settings(max_examples=400)
@given(paths, systems, budgets, st.booleans())
def test_a_request_is_always_well_formed(path: list[Item], system: str, budget: int, go_on: bool) -> None:
    fitted = build(path, system=system, budget=budget, count=len, go_on=go_on)
    well_formed(fitted.messages)
    assert (fitted.messages[:1] == (said("system", system),)) == bool(system.strip())


@settings(max_examples=400)
@given(paths, systems, budgets, st.booleans())
def test_every_message_is_named_once_and_in_order(path: list[Item], system: str, budget: int, go_on: bool) -> None:
    fitted = build(path, system=system, budget=budget, count=len, go_on=go_on)
    sent = [kept.ref for kept in fitted.sent if kept.ref is not None]
    left = [left.ref for left in fitted.left_out]
    assert sorted([*sent, *left]) == [item.ref for item in path]
    assert sent == sorted(sent)
    assert left == sorted(left)
    text = "\n".join(message.text for message in fitted.messages)
    at = 0
    for item in path:
        if item.ref in sent and item.message.role in ("user", "assistant") and item.message.text.strip():
            at = text.index(item.message.text, at) + len(item.message.text)


@settings(max_examples=400)
@given(paths, systems, budgets, st.booleans())
def test_the_budget_holds_and_the_newest_exchange_stays(
    path: list[Item], system: str, budget: int, go_on: bool
) -> None:
    fitted = build(path, system=system, budget=budget, count=len, go_on=go_on)
    everything = build(path, system=system, budget=10**9, count=len, go_on=go_on)
    newest = [kept.ref for kept in everything.sent if kept.reason == "newest exchange"]
    assert [kept.ref for kept in fitted.sent if kept.reason == "newest exchange"] == newest
    if any(kept.reason == "fits" for kept in fitted.sent):
        assert fitted.input_estimate <= budget
        assert estimate(fitted.messages, len) <= budget
    dropped = {left.ref for left in fitted.left_out if left.reason == "did not fit"}
    kept = {kept.ref for kept in fitted.sent} - {None}
    assert not dropped or max(dropped) < min(kept), "a hole in the middle"
    assert fitted.folded == len(dropped)


@settings(max_examples=200)
@given(paths, systems, budgets)
def test_what_fits_once_fits_again(path: list[Item], system: str, budget: int) -> None:
    once = build(path, system=system, budget=budget, count=len)
    again = [
        Item(ref=at, message=message, state="complete")
        for at, message in enumerate(once.messages)
        if message.role != "system"
    ]
    assert build(again, system=system, budget=budget, count=len).messages == once.messages


@given(paths, budgets)
def test_the_line_that_asks_to_go_on_is_last_and_made_up(path: list[Item], budget: int) -> None:
    plain = build(path, system="", budget=budget, count=len)
    fitted = build(path, system="", budget=budget, count=len, go_on=True)
    if plain.messages and plain.messages[-1].role != "user":
        assert fitted.messages[-1] == said("user", GO_ON)
        assert fitted.messages[-2] == plain.messages[-1]
        assert fitted.sent[-1] == Kept(None, "asks to go on")
    else:
        assert fitted == plain


def user(ref: int, text: str = "question", state: State = "complete") -> Item:
    return Item(ref=ref, message=said("user", text), state=state)


def reply(ref: int, text: str = "answer", state: State = "complete") -> Item:
    return Item(ref=ref, message=said("assistant", text), state=state)


def spoken(fitted: Fitted) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in fitted.messages]


def test_users_around_an_empty_reply_are_sent_as_one() -> None:
    path = [user(1, "a"), reply(2, "", "failed"), user(3, "b"), reply(4, "", "waiting"), user(5, "c")]
    fitted = build(path, system="s", budget=1000, count=len)
    assert spoken(fitted) == [("system", "s"), ("user", "a\n\nb\n\nc")]
    assert [kept.ref for kept in fitted.sent] == [None, 1, 3, 5]
    assert fitted.left_out == (LeftOut(2, "no text"), LeftOut(4, "no text"))


@pytest.mark.parametrize("state", [state for state in STATES if state != "blocked"])
def test_a_part_is_sent_however_its_reply_ended(state: State) -> None:
    fitted = build([user(1), reply(2, "half an ans", state), user(3)], system="", budget=1000, count=len)
    assert [role for role, _ in spoken(fitted)] == ["user", "assistant", "user"]


def test_a_blocked_exchange_is_left_out_with_its_question() -> None:
    path = [user(1, "fine"), reply(2), user(3, "bad"), reply(4, "", "blocked"), user(5, "fine again")]
    fitted = build(path, system="", budget=1000, count=len)
    assert [kept.ref for kept in fitted.sent] == [1, 2, 5]
    assert fitted.left_out == (LeftOut(3, "blocked"), LeftOut(4, "blocked"))


def test_a_blocked_continue_takes_nothing_away() -> None:
    first = Leaf(id=2, parent=1, role="assistant", state="cut")
    second = Leaf(id=3, parent=2, role="assistant", state="blocked", continues=True, empty=True)
    item = joined(Place((first, second)), {2: said("assistant", "the part"), 3: said("assistant", "")})
    assert (item.ref, item.state, item.message.text) == (3, "cut", "the part")


def test_segments_run_on_without_a_gap() -> None:
    first = Leaf(id=2, parent=1, role="assistant", state="cut")
    second = Leaf(id=3, parent=2, role="assistant", state="running", continues=True, empty=True)
    said_by = {2: said("assistant", "deco", reasoning="hm"), 3: said("assistant", "rator")}
    fitted = build([user(1), joined(Place((first, second)), said_by)], system="", budget=1000, count=len)
    assert fitted.messages[-1] == said("assistant", "decorator")


def test_the_window_cuts_only_before_a_question() -> None:
    path = [user(1, "x" * 10), reply(2, "x" * 10), user(3, "x" * 10), reply(4, "x" * 10), user(5, "x" * 10)]
    newest = 10 + PER_MESSAGE
    exchange = 2 * newest
    for budget, first in [(0, 5), (newest, 5), (newest + exchange - 1, 5), (newest + exchange, 3)]:
        fitted = build(path, system="", budget=budget, count=len)
        assert fitted.sent[0].ref == first, budget
    assert build(path, system="", budget=newest + 2 * exchange, count=len).left_out == ()


def test_failed_tries_do_not_pile_up_into_one_exchange_that_never_fits() -> None:
    path = [item for at in range(20) for item in (user(2 * at, "x" * 100), reply(2 * at + 1, "", "failed"))]
    fitted = build(path, system="", budget=250, count=len)
    assert [kept.ref for kept in fitted.sent] == [36, 38]
    assert len(fitted.messages) == 1


def test_nothing_is_counted_when_the_bytes_fit() -> None:
    def count(text: str) -> int:
        raise AssertionError(f"counted {text!r}")

    fitted = build([user(1, "ü" * 10)], system="s", budget=21 + 2 * PER_MESSAGE, count=count)
    assert 0 < fitted.input_estimate <= fitted.budget
    with pytest.raises(AssertionError, match="counted"):
        build([user(1, "ü" * 10)], system="s", budget=20 + 2 * PER_MESSAGE, count=count)


def test_counting_stops_where_the_budget_is_passed() -> None:
    counted: list[str] = []

    def count(text: str) -> int:
        counted.append(text)
        return len(text)

    path = [item for at in range(1000) for item in (user(2 * at, f"question {at}"), reply(2 * at + 1))]
    build(path, system="", budget=200, count=count)
    assert len(counted) < 20
    assert "question 0" not in counted


def test_tool_calls_stay_with_their_results() -> None:
    asks = Message("assistant", (Text("Let me look."), ToolCall("c1", "clock", "{}"), ToolCall("c2", "clock", "{}")))
    answers = Message("tool", (ToolResult("c1", "noon"), ToolResult("c9", "never asked")))
    path = [
        user(1),
        Item(ref=2, message=asks, state="complete"),
        Item(ref=3, message=answers, state="complete"),
        reply(4, "It is noon."),
    ]
    fitted = build(path, system="", budget=1000, count=len)
    assert fitted.messages[1] == Message("assistant", asks.parts[:2])
    assert fitted.messages[2] == Message("tool", answers.parts[:1])
    late = build([*path[:2], user(5), path[2]], system="", budget=1000, count=len)
    assert [message.role for message in late.messages] == ["user", "assistant", "user"]
    assert late.left_out == (LeftOut(3, "unpaired tool"),)


def test_a_path_without_words_gives_no_messages() -> None:
    assert build([], system="", budget=100, count=len).messages == ()
    assert build([reply(1)], system="", budget=100, count=len).left_out == (LeftOut(1, "before any question"),)
