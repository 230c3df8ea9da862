"""What a turn is asked for, worked out before anything is stored: with which options, where in the tree, by which model."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from chatbot.core.errors import BadInput
from chatbot.core.routing import Routed, route
from chatbot.core.settings import Options
from chatbot.core.text import repair
from chatbot.core.tree import Tree
from chatbot.engine.actions import Action, Answer, Edit, Placed, Regenerate, Retry, Say, place
from chatbot.engine.outside import Outside
from chatbot.providers.provider import Cancel, Stopped
from chatbot.store.lease import Owner
from chatbot.store.store import Store
from chatbot.store.values import Begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`options`: what the conversation is held with. `routed`: another model makes this reply."""

    options: Options
    placed: Placed
    routed: Routed | None = None

    @property
    def made_with(self) -> Options:
        """What this reply is made with."""
        return replace(self.options, model=self.routed.model) if self.routed else self.options


def asked(
    store: Store,
    outside: Outside,
    conversation: str | None,
    action: Action,
    options: Options | None,
    *,
    by_rules: bool = True,
) -> Asked:
    """`options` None: the conversation's own. BadInput and NotFound when it cannot be asked."""
    if options is None:
        if conversation is None:
            raise BadInput("A new conversation needs a connection and a model.")
        options = store.conversations.get(conversation).options
    if isinstance(action, Regenerate | Retry) and action.model:
        options = replace(options, model=action.model)
    if not options.model and conversation is not None:
        # Found out in an earlier turn, while this face still knows of none.
        kept = store.conversations.get(conversation).options
        options = replace(options, model=kept.model if kept.connection == options.connection else "")
    options = replace(options, model=repair(options.model), system=repair(options.system))
    tree = Tree()
    if conversation is not None and not isinstance(action, Say):  # who says something knows its place
        tree = store.conversations.tree(conversation)
    placed = place(action, tree)
    routed = _routed(store, outside, tree, action, placed, options) if by_rules else None
    return Asked(options=options, placed=placed, routed=routed)


def with_model(
    store: Store, outside: Outside, begun: Begun, process: Owner, options: Options, cancel: Cancel
) -> Options:
    """With a model that the server has, where nobody has named one; the conversation keeps it.

    In the turn's own thread: the words are stored before any server is asked, and Stop ends the asking.
    """
    if options.model:
        return options
    try:
        named = replace(options, model=repair(outside.first_model(options.connection, cancel)))
    except Stopped:
        return options
    if named.model:
        store.turns.named(begun, process, named)
    return named


def _routed(
    store: Store, outside: Outside, tree: Tree, action: Action, placed: Placed, options: Options
) -> Routed | None:
    """By which other model, if by one.

    New messages go by the rules. Another try at a routed reply, and more of it, go by the rules as they are now, unless
    the chat has another model by now, or one is named: then a person chose. Regenerate asks the chat's own model, or the
    one it names.
    """
    if isinstance(action, Regenerate) or (isinstance(action, Retry) and action.model):
        return None
    text = placed.text
    if isinstance(action, Answer):
        text = _said_above(store, [action.message])
    elif not isinstance(action, Say | Edit):
        path = tree.path(action.reply)
        target = action.reply if isinstance(action, Retry) else path[-1].last.id
        row = store.conversations.messages([target]).get(target)
        if row is None or row.routed is None or row.routed.instead_of != options.model:
            return None
        text = _said_above(store, (one.first.id for one in path[:-1] if one.role == "user"))
    if text is None:
        return None
    return route(outside.rules(), connection=options.connection, model=options.model, text=text)


def _said_above(store: Store, messages: Iterable[int]) -> str | None:
    newest = max(messages, default=None)
    return None if newest is None else store.conversations.messages([newest])[newest].text
