"""A conversation as a tree of messages, and the one way to read it: from the head up to the root.

Continue adds a *segment*, a child of the reply that was cut with `continues` set; `joined` makes them one again for
drawing, request and export.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from chatbot.core.messages import LIVE, Role, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One message's place in the tree, without its words. `empty` says that no text was stored."""

    id: int
    parent: int | None
    role: Role
    state: State
    continues: bool = False
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """One message as people see it: its segments in order (one, unless it was continued)."""

    segments: tuple[Leaf, ...]

    @property
    def first(self) -> Leaf:
        return self.segments[0]

    @property
    def last(self) -> Leaf:
        return self.segments[-1]

    @property
    def state(self) -> State:
        return self.last.state

    @property
    def role(self) -> Role:
        return self.first.role


@dataclass(frozen=True)
class Tree:
    """All messages of a conversation that are not deleted, in the order in which they were made (ids grow).

    >>> tree = Tree([
    ...     Leaf(id=1, parent=None, role="user", state="complete"),
    ...     Leaf(id=2, parent=1, role="assistant", state="cut"),
    ...     Leaf(id=3, parent=2, role="assistant", state="complete", continues=True),
    ...     Leaf(id=4, parent=1, role="assistant", state="complete"),
    ... ])
    >>> [[leaf.id for leaf in place.segments] for place in tree.path(3)]
    [[1], [2, 3]]
    >>> tree.siblings(2), tree.versions(tree.path(3)[-1])
    ((2, 4), (3, 4))
    >>> tree.newest_below(1), tree.count_below(1)
    (4, 2)
    """

    leaves: Iterable[Leaf] = ()
    by_id: Mapping[int, Leaf] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_id", {leaf.id: leaf for leaf in sorted(self.leaves, key=lambda leaf: leaf.id)})

    @cached_property
    def children(self) -> Mapping[int | None, tuple[int, ...]]:
        found: dict[int | None, list[int]] = {}
        for leaf in self.by_id.values():
            found.setdefault(leaf.parent, []).append(leaf.id)
        return {parent: tuple(ids) for parent, ids in found.items()}

    def path(self, head: int | None) -> tuple[Place, ...]:
        """From the root to `head`, segments joined. An unknown head gives an empty path; a cycle cannot loop."""
        chain: list[Leaf] = []
        seen: set[int] = set()
        at = head
        while at is not None and at in self.by_id and at not in seen:
            seen.add(at)
            chain.append(self.by_id[at])
            at = chain[-1].parent
        places: list[list[Leaf]] = []
        for leaf in reversed(chain):
            if leaf.continues and places and places[-1][-1].id == leaf.parent:
                places[-1].append(leaf)
            else:
                places.append([leaf])
        return tuple(Place(tuple(segments)) for segments in places)

    def live_above(self, id: int) -> set[int]:
        """Replies on the way to a message that are being written, or wait for that."""
        return {place.last.id for place in self.path(id)[:-1] if place.last.state in LIVE}

    def siblings(self, id: int) -> tuple[int, ...]:
        """The message and what stands beside it, oldest first.

        Replies that ended without a word are left out where there is anything else to show, unless something is below.
        """
        leaf = self.by_id[id]
        beside = [
            other
            for other in self.children.get(leaf.parent, ())
            if self.by_id[other].role == leaf.role and self.by_id[other].continues == leaf.continues
        ]
        return tuple(other for other in beside if other == id or self._worth(other))

    def versions(self, place: Place) -> tuple[int, ...]:
        """What the `‹ 2/3 ›` switch goes through: every way to read the message at this place, by its last segment.

        A reply that was continued is read to the end of each continuation; also without any, where something else was
        said below it before.
        """
        here = {leaf.id for leaf in place.segments}
        found: list[int] = []
        open = list(reversed(self.siblings(place.first.id)))
        while open:
            at = open.pop()
            below = self.children.get(at, ())
            onward = [id for id in below if self.by_id[id].continues and (id in here or self._worth(id))]
            if not onward or at == place.last.id or any(not self.by_id[id].continues for id in below):
                found.append(at)
            open.extend(reversed(onward))
        return tuple(found)

    def below_version(self, id: int) -> int:
        """The leaf to stand on to read the version that ends with the segment `id`."""
        answers = [below for below in self.children.get(id, ()) if not self.by_id[below].continues]
        return self.newest_below(answers[-1] if answers else id)

    def _worth(self, id: int) -> bool:
        leaf = self.by_id[id]
        return not leaf.empty or leaf.state in LIVE or id in self.children

    def count_below(self, id: int) -> int:
        """How many messages stand below, in all branches; the segments of a reply are one."""
        open, count = list(self.children.get(id, ())), 0
        while open:
            at = open.pop()
            count += not self.by_id[at].continues
            open.extend(self.children.get(at, ()))
        return count

    def newest_below(self, id: int) -> int:
        """The newest leaf below: the newest child, again and again."""
        at = id
        while below := self.children.get(at):
            at = below[-1]
        return at
