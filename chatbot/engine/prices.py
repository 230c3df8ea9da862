"""What a call costs, from all who can say: the provider, the person's own prices.toml, the public prices.

The public prices are those that came with the package, or newer ones that a person has fetched by `refresh`. Nothing is
fetched by itself.
"""

import json
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from chatbot.core.errors import ByteBotError, SettingsError
from chatbot.core.money import Usage
from chatbot.core.own_prices import Entry
from chatbot.core.pricing import Cost, Rates
from chatbot.home.files import Stamp, locked, read_text, stamp, write_private
from chatbot.home.home import Home

if TYPE_CHECKING:
    from chatbot.providers.public_prices import Changes, PublicPrices

REFRESHED_FILE = "public_prices.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """How fetching the public prices went. `changes` None: the prices stay as they were."""

    sentence: str
    changes: "Changes | None" = None


@lru_cache(maxsize=8)
def prices_of(home: Home) -> "Prices":
    """The one `Prices` of a home, so that a price list is read once in a process."""
    return Prices(home)


class Prices:
    """Prices calls by the files as they are at that moment; a `Price` for the engine. For several threads."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._path = home.folders.data / REFRESHED_FILE
        self._lock = threading.Lock()
        self._known: tuple[Stamp, PublicPrices, str] | None = None

    def __call__(self, base_url: str, models: Sequence[str], usage: Usage, *, tier: str | None, at: datetime) -> Cost:
        # Imported here: what does not talk to a model need not load the price tables.
        from chatbot.providers.rates import price

        return price(
            base_url,
            models,
            usage,
            tier=tier,
            at=at,
            own=lambda: self.own(base_url, models, tier=tier, at=at),
            public=self.public,
        )

    def own(self, base_url: str, models: Sequence[str], *, tier: str | None, at: datetime) -> Entry | None:
        """The person's own price for a call, None where they have none; without rates it is a mistake."""
        from chatbot.providers.address import is_loopback

        prices = self._home.prices().prices
        return prices.find(base_url, models, tier=tier, at=at, local=is_loopback(base_url))

    def rates(self, base_url: str, model: str, *, tier: str | None = None, at: datetime | None = None) -> Rates | None:
        """What a model's tokens cost at an address, now by default; None where nothing is known or charged."""
        from chatbot.providers.rates import public_rates

        moment = at or datetime.now(UTC)
        own = self.own(base_url, [model], tier=tier, at=moment)
        if own is not None:
            return own.rates
        return public_rates(base_url, model, tier=tier, at=moment, public=self.public())

    def open(self, base_url: str, model: str) -> bool:
        """Whether a mistake in the person's own prices leaves it open what a model costs there now."""
        own = self.own(base_url, [model], tier=None, at=datetime.now(UTC))
        return own is not None and own.rates is None

    def public(self) -> "PublicPrices":
        """The public prices that hold: the newer of the installed and the fetched ones."""
        return self._public()[0]

    def problem(self) -> str:
        """Why the fetched prices cannot be used, as a sentence; empty when they can, or when there are none."""
        return self._public()[1]

    def _public(self) -> tuple["PublicPrices", str]:
        now = stamp(self._path)
        known = self._known
        if known is None or known[0] != now:
            with self._lock:
                known = self._known
                if known is None or known[0] != now:
                    known = self._known = (now, *self._read())
        return known[1:]

    def _read(self) -> tuple["PublicPrices", str]:
        from chatbot.providers.public_prices import installed, read

        ours = installed()
        try:
            text = read_text(self._path)
            if text is None:
                return ours, ""
            held = json.loads(text)
            fetched = date.fromisoformat(held["fetched"])
            if ours.dated and fetched < ours.dated:
                return ours, ""
            return read(json.dumps(held["prices"]).encode(), fetched), ""
        except (ByteBotError, ValueError, KeyError, TypeError, RecursionError):
            return ours, f"{self._path} cannot be used; the installed prices hold. Refresh the prices to put it right."

    @property
    def source(self) -> str:
        """The address that `refresh` fetches from."""
        from chatbot.providers.public_prices import PUBLISHED

        return self._home.value("prices", "url").value or PUBLISHED

    def refresh(self) -> Refreshed:
        """Fetch the public prices once and keep them, when they are sound. Takes up to a minute; never raises."""
        from chatbot.providers.public_prices import changes, fetch, read

        today = datetime.now(UTC).date()
        try:
            payload = fetch(self.source)
            arrived = read(payload, today)
            found = changes(self.public(), arrived)
            held = json.dumps({"fetched": today.isoformat(), "prices": json.loads(payload)})
            with locked(self._home.folders.make_data()):
                write_private(self._path, held)
        except (ByteBotError, SettingsError) as error:
            return Refreshed(sentence=str(error))
        return Refreshed(sentence=_told(found), changes=found)


def _told(found: "Changes") -> str:
    """What has changed, in one sentence."""
    parts = [
        f"{len(names):,} {words} ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})"
        for names, words in ((found.new, "new"), (found.other, "with another price"), (found.gone, "gone"))
        if names
    ]
    if not parts:
        return f"Prices of {found.models:,} models arrived. None has changed."
    return f"Prices of {found.models:,} models arrived: {'; '.join(parts)}."
