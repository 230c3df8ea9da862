"""A conversation as a face draws it: one consistent picture of what is stored and what is being written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict, Unpack

from chatbot.core.errors import NotFound
from chatbot.core.messages import LIVE, Role, State
from chatbot.core.tree import Place, Tree
from chatbot.store.store import Store
from chatbot.store.values import Call, Conversation, StoredMessage

Bills = Callable[[Sequence[int]], Mapping[int, Sequence[Call]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message as people see it, its segments joined. `rows` are theirs, `first` the first's, `row` the last's."""

    place: Place
    text: str
    reasoning: str
    rows: tuple[StoredMessage, ...]
    versions: tuple[int, ...]
    """What can be read at this place, oldest first, each by its last segment; `row.id` is this one's."""
    own: int
    """The first segment that no other version shares: what is deleted with this one, and all below it."""
    starred: bool = False
    calls: tuple[Call, ...] = ()
    """What the ledger holds of it, in order."""

    @property
    def first(self) -> StoredMessage:
        return self.rows[0]

    @property
    def row(self) -> StoredMessage:
        return self.rows[-1]

    @property
    def id(self) -> int:
        return self.first.id

    @property
    def role(self) -> Role:
        return self.first.role

    @property
    def state(self) -> State:
        return self.row.state

    @property
    def live(self) -> bool:
        return self.state in LIVE

    @property
    def before(self) -> str:
        """The text of the segments before the last: what stands above while the last one is being written."""
        return self.text[: len(self.text) - len(self.row.text)]

    @property
    def reasoned_before(self) -> str:
        """The same of the reasoning."""
        return self.reasoning[: len(self.reasoning) - len(self.row.reasoning)]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A stretch of one path, mostly its newest messages. `earlier` counts those above them that were left out."""

    conversation: Conversation
    head: int | None
    shown: tuple[Shown, ...]
    earlier: int
    later: tuple[int, ...] = ()
    """Those below them that were left out, each by its first segment."""
    replies: tuple[int, ...] = ()
    """Every segment of a reply on this path, those that were left out too."""
    branches: bool = False
    """There are messages that do not stand on this path."""

    @property
    def live(self) -> tuple[Shown, ...]:
        return tuple(shown for shown in self.shown if shown.live)


class Stretch(TypedDict, total=False):
    """Which messages of a path to read."""

    last: int
    """How many, counted from the end; else 30."""
    until: int | None
    """The message that they end with, where it is on the path; else the newest."""
    onward: bool
    """The path goes on to the newest message below, which somebody else may have added."""


def view(store: Store, conversation: str, head: int | None, *, bills: Bills, **stretch: Unpack[Stretch]) -> View:
    """Read it: five queries, whatever the length. `bills`: what the ledger holds of replies.

    NotFound when there is no such conversation.
    """
    last, until = stretch.get("last", 30), stretch.get("until")
    row = store.conversations.get(conversation)
    tree = store.conversations.tree(conversation)
    if head is None or head not in tree.by_id:
        head = row.head
    elif stretch.get("onward"):
        head = tree.newest_below(head)
    path = tree.path(head)
    end = next((at for at, place in enumerate(path, 1) if until == place.first.id), len(path))
    read = path[max(0, end - last) : end]
    rows = store.conversations.messages([leaf.id for place in read for leaf in place.segments])
    calls = bills([id for id, row in rows.items() if row.role == "assistant"])
    stars = store.stars.among(rows)
    shown = tuple(
        _shown(tree, place, rows, calls, stars) for place in read if all(leaf.id in rows for leaf in place.segments)
    )
    leaves = [leaf for place in path for leaf in place.segments]
    return View(
        conversation=row,
        head=head,
        shown=shown,
        earlier=end - len(read),
        later=tuple(place.first.id for place in path[end:]),
        replies=tuple(leaf.id for leaf in leaves if leaf.role == "assistant"),
        branches=len(tree.by_id) > len(leaves),
    )


def _shown(
    tree: Tree, place: Place, rows: dict[int, StoredMessage], calls: Mapping[int, Sequence[Call]], stars: set[int]
) -> Shown:
    segments = [rows[leaf.id] for leaf in place.segments]
    versions = tree.versions(place)
    return Shown(
        place=place,
        text="".join(row.text for row in segments),
        reasoning="".join(row.reasoning for row in segments),
        rows=tuple(segments),
        versions=versions,
        own=_own(tree, place, versions),
        starred=any(row.id in stars for row in segments),
        calls=tuple(call for row in segments for call in calls.get(row.id, ())),
    )


def _own(tree: Tree, place: Place, versions: tuple[int, ...]) -> int:
    others = {leaf.id for last in versions if last != place.last.id for leaf in tree.path(last)[-1].segments}
    return next((leaf.id for leaf in place.segments if leaf.id not in others), place.first.id)


@dataclass(frozen=True, slots=True)
class Way:
    """Where a message stands: the newest leaf below it, the path to there, and its place on that."""

    head: int
    path: tuple[Place, ...]
    at: int


def way_to(store: Store, conversation: str, message: int) -> Way:
    """How to draw a message wherever it is, on the branch that is open where it stands on that; NotFound when it is not
    there any more.
    """
    tree = _tree_with(store, conversation, message)
    head = store.conversations.get(conversation).head
    opened = any(leaf.id == message for place in tree.path(head) for leaf in place.segments)
    return _way(tree, head if opened and head is not None else tree.newest_below(message), message)


def way_to_version(store: Store, conversation: str, version: int) -> Way:
    """Where to stand after switching to a version; NotFound when it is not there any more."""
    tree = _tree_with(store, conversation, version)
    return _way(tree, tree.below_version(version), version)


def _way(tree: Tree, head: int, message: int) -> Way:
    path = tree.path(head)
    at = next((at for at, place in enumerate(path) if any(leaf.id == message for leaf in place.segments)), 0)
    return Way(head, path, at)


def _tree_with(store: Store, conversation: str, message: int) -> Tree:
    tree = store.conversations.tree(conversation)
    if message not in tree.by_id:
        raise NotFound("That message is not there any more. Somebody may have deleted it.")
    return tree
