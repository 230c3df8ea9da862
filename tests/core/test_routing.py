"""Rules of routing: what matches, what does not, and that no rule ever does what it does not say."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.routing import Routed, Rule, has_code, has_word, route, stored_route
from chatbot.core.settings import EMBEDDED

SHORT = Rule(name="short questions", to="cheap", at_most=20, without_code=True)


def to(*rules: Rule, text: str, model: str = "dear", connection: str = "openai") -> str | None:
    routed = route(rules, connection=connection, model=model, text=text)
    return routed and routed.model


def test_without_rules_nothing_is_routed() -> None:
    assert to(text="Hi") is None


@pytest.mark.parametrize(
    ("rule", "text", "why"),
    [
        (SHORT, "Hi", "rule “short questions”: at most 20 characters, no code"),
        (SHORT, "x" * 20, "rule “short questions”: at most 20 characters, no code"),
        (SHORT, f"\n  {'x' * 20}  \n", "rule “short questions”: at most 20 characters, no code"),
        (SHORT, "x" * 21, None),
        (SHORT, "f(x) fails", None),
        (Rule(to="cheap"), "anything", "rule 1: every message"),
        (Rule(to="cheap", at_most=1), "x", "rule 1: at most 1 character"),
        (Rule(to="cheap", at_most=2000), "x", "rule 1: at most 2,000 characters"),
        (Rule(to="cheap", words=("sum up", "translate")), "Please TRANSLATE: x", "rule 1: the word “translate”"),
        (Rule(to="cheap", words=("sum up", "translate")), "Sum\n up: x", "rule 1: the word “sum up”"),
        (Rule(to="cheap", words=("sum up", "translate")), "sums upwards", None),
        (Rule(to="cheap", words=("hi",), at_most=5), "hi there", None),
        (Rule(to="cheap", model="d*"), "x", "rule 1: every message"),
        (Rule(to="cheap", model="D?AR"), "x", "rule 1: every message"),
        (Rule(to="cheap", model="gpt-*"), "x", None),
        (Rule(to="cheap", model="[d]ear"), "x", None),
        (Rule(to="cheap", connection="open*"), "x", "rule 1: every message"),
        (Rule(to="cheap", connection="work"), "x", None),
    ],
)
def test_everything_that_a_rule_says_must_hold(rule: Rule, text: str, why: str | None) -> None:
    found = route([rule], connection="openai", model="dear", text=text)
    assert found == (None if why is None else Routed(model="cheap", instead_of="dear", why=why))


def test_the_first_rule_that_matches_wins() -> None:
    rules = (Rule(to="a", words=("hello",)), Rule(to="b", at_most=10), Rule(to="c"))
    assert [to(*rules, text=text) for text in ("Hello, my dear friend", "Hi", "Good morning to you")] == ["a", "b", "c"]


def test_a_rule_to_the_chats_own_model_keeps_the_message_there() -> None:
    assert to(Rule(to="dear", words=("careful",)), Rule(to="cheap"), text="Be careful.") is None
    assert to(Rule(to="dear", words=("careful",)), Rule(to="cheap"), text="Be quick.") == "cheap"


def test_the_offline_model_is_never_routed() -> None:
    assert to(Rule(to="cheap"), text="Hi", connection=EMBEDDED) is None
    assert to(Rule(to="cheap"), text="Hi", model="") is None


@pytest.mark.parametrize(
    "text",
    [
        "```\nx\n```",
        "Look:\n~~~py\nx\n~~~",
        "What does `len` do?",
        "This:\n\n    a b\n    c d\n",
        "for (;;) {\n}",
        "def f(x):\n  pass",
        "class A:\n  pass",
        "from os import path",
        "import os",
        "#include <stdio.h>",
        "const x = 5",
        "x = [1, 2]",
        ">>> 1 + 1",
        "Traceback (most recent call last):",
        "Why is <div class='a'> wrong?",
        "SELECT name FROM people WHERE id = 1",
        "print(x) fails",
    ],
)
def test_code_is_seen(text: str) -> None:
    assert has_code(text)


@pytest.mark.parametrize(
    "text",
    [
        "What is a decorator in Python?",
        "Let me know; it matters.",
        "I select the best from the list.",
        "Import duties from China (2025) rose.",
        "Is 3 < 5 and 7 > 2?",
        "- one\n- two\n  - three",
        "The class of 2020: what became of it?",
        "I write at 5 pm (CET).",
        "It costs $5.\n\nThank you.",
        "翻译：你好",
    ],
)
def test_prose_is_no_code(text: str) -> None:
    assert not has_code(text)


@pytest.mark.parametrize(
    ("text", "word", "there"),
    [
        ("Summarize it.", "summarize", True),
        ("summarized", "summarize", False),
        ("a_summarize", "summarize", False),
        ("C++ is old", "c++", True),
        ("ΟΔΟΣ", "οδος", True),
        ("STRASSE", "straße", True),
        ("cafe\u0301 noir", "caf\u00e9", True),
        ("cafe\u0301 noir", "cafe", False),
        ("हिन्दी", "हिन", False),
        ("请翻译一下", "翻译", True),
        ("한국어로 번역해 줘", "번역", True),
        ("anything", "  ", False),
        ("xx x", "x", True),
    ],
)
def test_words_are_whole(text: str, word: str, there: bool) -> None:
    assert has_word(text, word) is there


rules = st.builds(
    Rule,
    to=st.sampled_from(["cheap", "dear", "other"]),
    model=st.sampled_from(["*", "dear", "x*"]),
    connection=st.sampled_from(["*", "openai", "w?rk"]),
    at_most=st.none() | st.integers(1, 50),
    without_code=st.booleans(),
    words=st.lists(st.text(min_size=1, max_size=6), max_size=2).map(tuple),
)


@given(st.lists(rules, max_size=4), st.text(max_size=60), st.sampled_from(["openai", "work", EMBEDDED]))
def test_what_is_routed_is_what_some_rule_says(rules: list[Rule], text: str, connection: str) -> None:
    routed = route(rules, connection=connection, model="dear", text=text)
    matching = [rule for rule in rules if rule.concerns(connection, "dear") and rule.reason(text) is not None]
    if routed is None:
        assert connection == EMBEDDED or not matching or matching[0].to == "dear"
        return
    assert (routed.model, routed.instead_of) == (matching[0].to, "dear")
    assert routed.model != "dear"
    assert stored_route(routed.stored()) == routed


@given(st.text(max_size=40), st.text(max_size=40), st.text(min_size=1, max_size=8).filter(str.strip))
def test_a_word_on_its_own_is_found(before: str, after: str, word: str) -> None:
    assert has_word(f"{before} \n{word}\t {after}", word)


@pytest.mark.parametrize("stored", [None, 5, "x", {}, {"model": "m"}, {"instead_of": "m", "model": None}])
def test_what_is_no_route_is_none(stored: object) -> None:
    assert stored_route(stored) is None


@pytest.mark.parametrize(
    "piece",
    ["SELECT ", "<a ", "f(", "`", "class a: ", "; ", "\n    x", " ", "a", "let x ", "\n\n", "UPDATE x ", "</a-"],
)
def test_a_long_message_is_looked_through_quickly(piece: str) -> None:
    text = piece * (200_000 // len(piece)) + "\nx"
    began = time.process_time()
    has_code(text)
    Rule(to="m", words=("one", "two")).reason(text)
    assert time.process_time() - began < 2
