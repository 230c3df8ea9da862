"""What the recorded usage would have cost elsewhere: a view on the ledger, for the page and the terminal alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from chatbot.core.errors import NoConnection
from chatbot.core.money import Usage
from chatbot.core.pricing import Cost, Price
from chatbot.core.settings import EMBEDDED, EMBEDDED_MODEL, Connection
from chatbot.core.what_if import Repriced, Used, reprice
from chatbot.home.home import Home
from chatbot.home.table import OPENAI
from chatbot.store.ledger import Ledger

HELP = (
    "The tokens that were used, at today's standard prices of the other model; what is recorded stays as it is. "
    "Models count the same words differently and answer at different lengths, and a cache of theirs may hold more or "
    "less: take it as a direction, not as a quote."
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A model at a connection's address."""

    connection: str
    base_url: str
    model: str


def choice_of(home: Home, model: str, connection: str | None) -> Choice:
    """What a person named. A price needs no key: a vendor that is not set up is taken at its public address, and so is
    OpenAI where only the offline model is there and another one is named. SettingsError when nobody is called that.
    """
    from chatbot.providers.vendors import public_address

    name = connection or home.default_connection()
    if connection is None and name == EMBEDDED and model != EMBEDDED_MODEL:
        name = OPENAI
    try:
        return Choice(name, home.connection(name).base_url, model)
    except NoConnection:
        address = public_address(name)
        if address is None:
            raise
        return Choice(name, address, model)


def choices(connections: Iterable[Connection], used: Iterable[tuple[str, str, str]]) -> list[Choice]:
    """What one could have used: models of the ledger first (connection, base URL and model), then all that the vendors
    behind these connections are publicly known to sell, then those of other vendors,
    for a price needs no key.
    """
    from chatbot.providers.rates import known_models
    from chatbot.providers.vendors import public_addresses

    found = dict.fromkeys(Choice(*one) for one in used)
    for connection in connections:
        if not connection.embedded:
            found |= {
                Choice(connection.name, connection.base_url, model): None for model in known_models(connection.base_url)
            }
    there = {choice.base_url.rstrip("/") for choice in found} | {choice.connection for choice in found}
    for name, address in public_addresses().items():
        if not there & {name, address}:  # a connection of that name could not be told from it
            found |= {Choice(name, address, model): None for model in known_models(address)}
    return list(found)


def what_if(calls: Iterable[Used], choice: Choice, price: Price, *, at: datetime | None = None) -> Repriced:
    """What the calls would come to there now."""
    moment = at or datetime.now(UTC)

    def there(usage: Usage) -> Cost:
        return price(choice.base_url, (choice.model,), usage, tier=None, at=moment)

    return reprice(calls, there)


def used_since(ledger: Ledger, since: datetime | None) -> Iterable[Used]:
    """What every settled call used that began at `since` or later; refused ones used nothing."""
    mark, after = ledger.mark(), 0
    while rows := ledger.settled(after=after, until=mark):
        after = rows[-1].id
        for row in rows:
            if row.source != "free" and (since is None or row.started >= since):
                yield Used(
                    row.input_tokens,
                    row.output_tokens,
                    row.cached_tokens,
                    row.cache_write_tokens,
                    row.source == "estimated",
                )
