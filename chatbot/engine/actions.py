"""What a person can ask for in a conversation. Each begins one turn."""

from dataclasses import dataclass

from chatbot.core.errors import BadInput, NotFound
from chatbot.core.messages import CONTINUABLE
from chatbot.core.text import checked
from chatbot.core.tree import Tree


@dataclass(frozen=True, slots=True)
class Say:
    """A new message below `parent`: the last message the person has seen, None at the root."""

    text: str
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """The same place said anew: a sibling of the user message `message`."""

    message: int
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply to the user message `message`, which has none any more."""

    message: int


@dataclass(frozen=True, slots=True)
class Regenerate:
    """Another reply to the same message: a sibling of `reply` (its first segment), by `model` if one is named."""

    reply: int
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Continue:
    """More of `reply`: a segment below its last one."""

    reply: int


@dataclass(frozen=True, slots=True)
class Retry:
    """The same attempt again, beside the one that failed (a failed Continue continues again), by `model` if one is named."""

    reply: int
    model: str | None = None


Action = Say | Edit | Answer | Regenerate | Continue | Retry


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where an action stores what: the user's text (None: there is none), the parent, whether it is a segment.

    `once`: where just that is being written already, for another window, that is what was meant.
    """

    text: str | None
    parent: int | None
    continues: bool = False
    once: bool = False


def place(action: Action, tree: Tree) -> Placed:
    """Find the action's place; BadInput or NotFound when it has none, and then nothing is stored."""
    if isinstance(action, Say):
        return Placed(text=checked(action.text), parent=action.parent)
    target = action.message if isinstance(action, Edit | Answer) else action.reply
    leaf = tree.by_id.get(target)
    if leaf is None:
        raise NotFound("That message is not there any more. Somebody may have deleted it.")
    match action:
        case Edit(text=text):
            return Placed(text=checked(text), parent=leaf.parent)
        case Answer():
            return Placed(text=None, parent=leaf.id, once=True)
        case Continue():
            last = tree.path(target)[-1].last
            if last.state not in CONTINUABLE:
                raise BadInput("This reply ended by itself; there is nothing to continue.")
            return Placed(text=None, parent=last.id, continues=True, once=True)
        case Retry():
            return Placed(text=None, parent=leaf.parent, continues=leaf.continues, once=action.model is None)
        case Regenerate():
            return Placed(text=None, parent=tree.path(target)[-1].first.parent)
