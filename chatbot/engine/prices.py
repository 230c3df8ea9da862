"""What a call costs, from all who can say: the provider, the person's own prices.toml, the public prices."""

from collections.abc import Sequence
from datetime import datetime

from chatbot.core.money import Usage
from chatbot.core.pricing import Cost
from chatbot.home.home import Home


class Prices:
    """Prices one call, by the files as they are at that moment; a `Price` for the engine."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def __call__(self, base_url: str, models: Sequence[str], usage: Usage, *, tier: str | None, at: datetime) -> Cost:
        # Imported here: what does not talk to a model need not load the price tables.
        from chatbot.providers.address import is_loopback
        from chatbot.providers.rates import price

        own = self._home.prices().prices
        local = is_loopback(base_url)
        return price(
            base_url,
            models,
            usage,
            tier=tier,
            at=at,
            own=lambda: own.find(base_url, models, tier=tier, at=at, local=local),
        )
