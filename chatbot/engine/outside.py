"""What the engine needs of the world, and how the house is opened for a face."""

from collections.abc import Callable
from dataclasses import dataclass

from chatbot.core.pricing import Price, nobody_knows
from chatbot.core.settings import Connection
from chatbot.core.tokens import Count, rough
from chatbot.providers.provider import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The world as functions, asked anew for each turn, so that a changed setting holds for the next one."""

    connection: Callable[[str], Connection]
    provider: Callable[[str], Provider]
    count: Callable[[str], Count] = lambda model: rough
    """A model's name to a counter of its tokens; may take long the first time."""
    most_sent: Callable[[], int] = lambda: 32_000
    """Tokens sent at most, whatever the model could read."""
    price: Price = nobody_knows
    """What a call to a base URL costs."""
    titles: Callable[[str], bool] = lambda connection: False
    """May a model be asked for titles on this connection?"""
