"""What a turn remembers: the path above it, fitted into what the model can read."""

import threading
from contextlib import suppress

from chatbot.core.errors import ByteBotError, NotFound
from chatbot.core.settings import Options
from chatbot.core.tokens import rough, surely_at_most
from chatbot.core.tree import Place
from chatbot.core.window import Fitted, Item, build, joined
from chatbot.engine.converse import Plan
from chatbot.engine.outside import Outside
from chatbot.providers.provider import Provider
from chatbot.store.store import Store
from chatbot.store.values import Begun

ASSUMED_CONTEXT = 8_192  # tokens, where neither the person nor the server nor a price list knows
LEAST_OUTPUT = 16

Contexts = dict[tuple[str, str], int]
"""What was learned: connection and model to tokens."""


class Memory:
    """Makes a turn's Plan. Stateless but for its doors: what is sent is derived from the tree each time."""

    def __init__(self, store: Store, outside: Outside) -> None:
        self._store = store
        self._outside = outside
        self._known: Contexts = {}
        self._asking: set[tuple[str, str]] = set()

    def plan(self, begun: Begun, options: Options, *, continues: bool) -> Plan:
        with self._store.moment():
            path = self._path(begun)
        return self._plan(path, options, continues=continues)

    def plan_at(self, conversation: str, head: int | None, options: Options, *, continues: bool = False) -> Plan:
        """The Plan of a turn that is not begun: a reply below `head`."""
        places = self._store.conversations.tree(conversation).path(head)
        return self._plan(items(self._store, places), options, continues=continues)

    def glance(self, conversation: str | None, head: int | None, options: Options) -> Fitted:
        """What would be sent below `head`, without waiting for any server or tokenizer."""
        places = () if conversation is None else self._store.conversations.tree(conversation).path(head)
        path = items(self._store, places)
        return build(path, system=options.system, budget=self.likely_budget(options), count=rough)

    def likely_budget(self, options: Options) -> int:
        """Input tokens that may be sent, as far as that was learned; where it was not, a server is asked beside this."""
        most, key = self._outside.most_sent(), (options.connection, options.model)
        known = self._outside.connection(options.connection).context or self._known.get(key)
        if known is not None:
            return min(most, _input_part(known, options))
        if key not in self._asking:
            self._asking.add(key)
            threading.Thread(
                target=_Context(self._outside, options, self._known).learn, name="context", daemon=True
            ).start()
        return most

    def _plan(self, path: list[Item], options: Options, *, continues: bool) -> Plan:
        context = _Context(self._outside, options, self._known)

        def fit(smaller: int | None) -> Fitted:
            budget = context.budget(path, options)
            return build(
                path,
                system=options.system,
                budget=min(budget, smaller) if smaller else budget,
                count=lambda text: self._outside.count(options.model)(text),
                go_on=continues and not self._outside.provider(options.connection).prefills,
            )

        return Plan(
            connection=options.connection,
            options=options,
            fit=fit,
            part=path[-1].message.text if continues and path else "",
            room=context.room,
            most=self._outside.most_sent(),
        )

    def _path(self, begun: Begun) -> list[Item]:
        """Everything above the reply, oldest first, words and all."""
        tree = self._store.conversations.tree(begun.conversation)
        reply = tree.by_id.get(begun.reply)
        if reply is None:
            raise NotFound("This reply was deleted before it began.")
        places = tree.path(reply.parent)
        return items(self._store, places)


def items(store: Store, places: tuple[Place, ...]) -> list[Item]:
    """The places with their words."""
    words = store.conversations.words([leaf.id for place in places for leaf in place.segments])
    return [joined(place, words) for place in places]


class _Context:
    """How much the model can read, asked for only when it matters: asking a server costs a round trip."""

    def __init__(self, outside: Outside, options: Options, learned: Contexts) -> None:
        self._outside = outside
        self._options = options
        self._learned = learned
        self._known: int | None = None
        self._asked = False

    def tokens(self) -> int | None:
        if not self._asked:
            self._asked = True
            connection = self._outside.connection(self._options.connection)
            provider: Provider = self._outside.provider(self._options.connection)
            self._known = connection.context or provider.context(self._options.model)
            self._learned[self._options.connection, self._options.model] = self._known or ASSUMED_CONTEXT
        return self._known

    def learn(self) -> None:
        """Ask, for whoever looks later; whoever has a reply made hears what is wrong."""
        with suppress(ByteBotError):
            self.tokens()

    def budget(self, path: list[Item], options: Options) -> int:
        """Input tokens that may be sent."""
        most = self._outside.most_sent()
        least = min(most, _input_part(ASSUMED_CONTEXT // 4, options))
        if not self._asked and surely_at_most(options.system) + _bytes(path) <= least:
            return least  # it fits into any model there is
        return min(most, _input_part(self.tokens() or ASSUMED_CONTEXT, options))

    def room(self, fitted: Fitted) -> int | None:
        """Output tokens left beside the input, where the context is known: some servers refuse to be asked for more."""
        if self._known is None:
            return None
        return max(LEAST_OUTPUT, self._known - fitted.input_estimate - 64)


def _input_part(context: int, options: Options) -> int:
    """What is left of a context when the reply has its share: its own limit, but never more than a quarter."""
    return context - min(options.max_output or context, context // 4)


def _bytes(path: list[Item]) -> int:
    return sum(surely_at_most(item.message.text) + 8 for item in path)
