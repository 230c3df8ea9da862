"""The tree read as people read it: what stands somewhere in it can be reached by the switch under a message."""

from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.messages import LIVE
from chatbot.core.tree import Leaf, Tree

STATES = st.sampled_from(["complete", "cut", "failed", "running"])


@st.composite
def any_tree(draw: st.DrawFn) -> Tree:
    """Said and answered in turns; replies that were continued, failed without a word, or have more than one answer."""
    leaves: list[Leaf] = []
    for id in range(1, draw(st.integers(1, 14)) + 1):
        parent = draw(st.sampled_from([None, *leaves]))
        continues = parent is not None and parent.role == "assistant" and draw(st.booleans())
        said = not continues and (parent is None or parent.role == "assistant")
        leaves.append(
            Leaf(
                id=id,
                parent=parent.id if parent else None,
                role="user" if said else "assistant",
                state="complete" if said else draw(STATES),
                continues=continues,
                empty=not said and draw(st.booleans()),
            )
        )
    return Tree(leaves)


def reachable(tree: Tree, head: int) -> set[int]:
    """Every message that is on the screen at some time, whoever presses the switches long enough."""
    seen, heads, open = set[int](), set[int](), [head]
    while open:
        at = open.pop()
        if at in heads:
            continue
        heads.add(at)
        for place in tree.path(at):
            seen.update(leaf.id for leaf in place.segments)
            versions = tree.versions(place)
            assert place.last.id in versions
            assert len(set(versions)) == len(versions)
            open += [tree.below_version(version) for version in versions]
    return seen


@given(any_tree(), st.data())
def test_every_word_can_be_reached_by_the_switch(tree: Tree, data: st.DataObject) -> None:
    head = tree.newest_below(data.draw(st.sampled_from(sorted(tree.by_id))))
    worth = {leaf.id for leaf in tree.by_id.values() if not leaf.empty or leaf.state in LIVE}
    assert worth <= reachable(tree, head)


@given(any_tree())
def test_a_version_is_shown_as_it_was_chosen(tree: Tree) -> None:
    for leaf in tree.by_id.values():
        for place in tree.path(tree.newest_below(leaf.id)):
            for version in tree.versions(place):
                head = tree.below_version(version)
                read = next(place for place in tree.path(head) if version in {leaf.id for leaf in place.segments})
                more = read.segments[[leaf.id for leaf in read.segments].index(version) + 1 :]
                assert all(leaf.empty for leaf in more), "only an attempt that added nothing may stand behind it"


def test_a_continued_reply_keeps_what_was_said_below_it() -> None:
    tree = Tree(
        [
            Leaf(id=1, parent=None, role="user", state="complete"),
            Leaf(id=2, parent=1, role="assistant", state="cut"),
            Leaf(id=3, parent=2, role="user", state="complete"),
            Leaf(id=4, parent=3, role="assistant", state="complete"),
            Leaf(id=5, parent=2, role="assistant", state="complete", continues=True),
        ]
    )
    assert tree.versions(tree.path(5)[-1]) == (2, 5)
    assert tree.versions(tree.path(4)[1]) == (2, 5)
    assert (tree.below_version(2), tree.below_version(5)) == (4, 5)


def test_an_attempt_without_words_is_no_version_unless_something_is_below() -> None:
    failed = Leaf(id=2, parent=1, role="assistant", state="failed", empty=True)
    tree = [
        Leaf(id=1, parent=None, role="user", state="complete"),
        failed,
        Leaf(id=3, parent=1, role="assistant", state="complete"),
    ]
    assert Tree(tree).versions(Tree(tree).path(3)[-1]) == (3,)
    below = Tree([*tree, Leaf(id=4, parent=2, role="user", state="complete")])
    assert below.versions(below.path(3)[-1]) == (2, 3)
