"""Where blocks end: the same however the text comes, and nothing looks different for being cut."""

import re

import pytest
from hypothesis import assume, given, settings

from chatbot.core.blocks import LONGEST_HOLD, Blocks, drawable, split
from tests.core.markdown import RENDERER, SHAPES, in_pieces, texts


def fed(deltas: list[str], least: int) -> Blocks:
    blocks = Blocks(least=least)
    for delta in deltas:
        blocks.feed(delta)
    return blocks


@settings(max_examples=300)
@given(in_pieces(SHAPES))
def test_pieces_do_not_matter_and_nothing_is_lost(case: tuple[str, list[str]]) -> None:
    text, deltas = case
    for least in (0, 7):
        blocks = fed(deltas, least)
        assert "".join(blocks.finished) + blocks.open == text
        assert [*blocks.finished, *([blocks.open] if blocks.open else [])] == split(text, least=least)
        assert all(len(block) >= least for block in blocks.finished)


@settings(max_examples=400)
@given(texts(SHAPES))
def test_finished_blocks_never_change_again(text: str) -> None:
    blocks = Blocks(least=0)
    before: list[str] = []
    for letter in text:
        blocks.feed(letter)
        assert blocks.finished[: len(before)] == before
        before = list(blocks.finished)


@settings(max_examples=400)
@given(texts(SHAPES))
def test_drawn_one_by_one_they_look_as_the_whole(text: str) -> None:
    # This reader takes a footnote for a link's definition, and definitions reach across blocks.
    assume(not re.search(r"\]:", text))
    whole = RENDERER.render(drawable(text))
    assert "".join(RENDERER.render(drawable(block)) for block in split(text, least=0)) == whole


HELD = {
    "fence": "```py\na\n\nb\n\nc\n```\n",
    "tildes": "~~~~\na\n\n~~~\n\nb\n~~~~\n",
    "fence with a language and an inner fence": "````md\n```\n\n```\n\nx\n````\n",
    "loose list": "- a\n\n- b\n\n  more\n\n- c\n",
    "numbered list": "1. a\n\n2. b\n\n   ```\n   x\n\n   y\n   ```\n\n3. c\n",
    "nested list": "- a\n  - b\n\n    c\n\n  - d\n",
    "empty item": "-\n\n- b\n",
    "indented code": "    a\n\n    b\n",
    "maths": "$$\na\n\nb\n$$\n",
    "bracket maths": "\\[\na\n\n= b\n\\]\n",
    "footnote": "[^1]: a\n\n    b\n",
    "reference": "See [this][q].\n\nAnd more.\n\n[q]: http://x/\n",
    "footnote and its call": "So it is.[^1]\n\nAnd more.\n\n[^1]: Said he.\n",
}


@pytest.mark.parametrize("kind", HELD)
def test_what_belongs_together_stays_together(kind: str) -> None:
    text = "Before.\n\n" + HELD[kind] + "\nAfter.\n\n"
    blocks = split(text, least=0)
    assert any(HELD[kind] in block for block in blocks), blocks


@pytest.mark.parametrize(
    "text",
    ["- a\n- b\n\nText.\n", "> quote\n\nText.\n", "| a |\n|---|\n| 1 |\n\nText.\n", "```\nx\n```\n\nText.\n", "# Title\n\nText.\n",
     "$$\nx\n$$\n\nText.\n", "1. a\n\n   b\n\nText.\n", "Some [link](http://x/) and `[code][x]`.\n\nText.\n", "***\n\nText.\n"],
)  # fmt: skip
def test_a_paragraph_after_it_begins_a_new_block(text: str) -> None:
    assert split(text, least=0)[-1] == "Text.\n"
    assert len(split(text, least=0)) == 2


def test_a_block_ends_with_the_first_character_of_the_next_paragraph() -> None:
    blocks = Blocks(least=10)
    blocks.feed("A paragraph of some length.\n\n")
    assert blocks.finished == []
    blocks.feed("A")
    assert blocks.finished == ["A paragraph of some length.\n\n"]
    assert blocks.open == "A"


def test_short_blocks_wait_for_company() -> None:
    paragraph = "x" * 300 + "\n\n"
    assert [len(block) for block in split(paragraph * 8)] == [906, 906, 604]


def test_a_reference_that_never_comes_does_not_hold_for_ever() -> None:
    text = "See [^1].\n\n" + ("word " * 40 + "\n\n") * 200
    lengths = [len(block) for block in split(text)]
    assert LONGEST_HOLD <= lengths[0] < LONGEST_HOLD + 1000
    assert max(lengths[1:]) < 1200


def test_dollars_that_never_close_do_not_hold_for_ever() -> None:
    text = "$$ was all that he wrote.\n\n" + ("word " * 40 + "\n\n") * 100
    assert len(split(text)[0]) < 6000
