"""Which model is asked for simple things, such as a conversation's name: a cheap one of the same connection."""

from chatbot.core.errors import ByteBotError
from chatbot.core.money import Usage
from chatbot.core.settings import Connection, Options
from chatbot.engine.outside import Outside
from chatbot.store.rows import now

_SIMPLE = Usage(input_tokens=1000, output_tokens=50)  # what a simple thing takes, to compare two models by


def cheap_model_of(connection: Connection) -> str | None:
    """The one that the person named for it, else the vendor's; None where neither is known."""
    from chatbot.providers.vendors import cheap_model

    return connection.cheap_model or cheap_model(connection.base_url)


def for_simple_things(outside: Outside, options: Options, answered: str = "") -> tuple[str, ...]:
    """Models to ask for a title or a summary in a chat held with `options`: the first, and if it is not there the next.

    The chat's own is the last, and the only one where no other is known, or where the other is known to be dearer.
    `answered`: the model to which a rule sent the reply; it stands in where the connection has no cheap one.
    """
    own = options.model
    try:
        cheap = outside.cheap(options.connection) or answered
        if not cheap or cheap == own:
            return (own,)
        base_url = outside.connection(options.connection).base_url
    except ByteBotError:
        return (own,)
    costs = [outside.price(base_url, (model,), _SIMPLE, tier=None, at=now()).nanodollars for model in (cheap, own)]
    if costs[0] is not None and costs[1] is not None and costs[0] > costs[1]:
        return (own,)
    return (cheap, own)
