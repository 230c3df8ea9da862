"""What the engine needs of the world, and how the house is opened for a face."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chatbot.core.errors import ByteBotError
from chatbot.core.pricing import Price, nobody_knows
from chatbot.core.routing import Rule
from chatbot.core.settings import Connection
from chatbot.core.tokens import Count, rough
from chatbot.engine.payer import Payer
from chatbot.providers.provider import Cancel, Provider
from chatbot.store.lease import Owner
from chatbot.store.ledger import Ledger


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
    sure: Callable[[str], bool] = lambda model: False
    """Whether a model's counter is of its own vocabulary, so that it is no estimate."""
    cheap: Callable[[str], str | None] = lambda connection: None
    """A connection's model for simple things; None where none is known."""
    rules: Callable[[], Sequence[Rule]] = lambda: ()
    """Which messages go to another model than their chat's own."""
    models: Callable[[str], Sequence[str]] = lambda connection: ()
    """A connection's models that are offered where another one is too dear."""
    first_model: Callable[[str, Cancel], str] = lambda connection, cancel: ""
    """The model of chats on a connection that names none: one that its server has. ByteBotError when nobody knows one."""
    titles: Callable[[str], bool] = lambda connection: False
    """May a model be asked for titles on this connection?"""

    def payer(self, connection: str, ledger: Ledger, process: Owner) -> Payer:
        """Who pays for calls on a connection, for no conversation yet; one that is gone has no address."""
        try:
            base_url = self.connection(connection).base_url
        except ByteBotError:
            base_url = ""
        return Payer(ledger=ledger, process=process, connection=connection, base_url=base_url)
