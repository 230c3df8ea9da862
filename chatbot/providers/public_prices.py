"""The public price list: as genai-prices carries it, or as its makers publish it now, fetched when a person asks.

Nothing here speaks to the network but `fetch`.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from chatbot.core.errors import ByteBotError
from chatbot.providers.address import host, is_address, shown

PUBLISHED = "https://raw.githubusercontent.com/pydantic/genai-prices/refs/heads/main/prices/new_data/v2/data.json"
MOST_BYTES = 20_000_000
_RELEASED = {"0.2.3": date(2026, 11, 10)}
"""The day on which a version of the package was published, UTC: its data say nothing about their age."""
_STAY = "The prices stay as they were."
_DEAREST = 1_000_000  # dollars per million tokens
_LEAST = 0.5  # of the models that are installed; a list with fewer is broken


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPrices:
    """A price list. `dated`: when it was published or fetched, None where that is not known."""

    snapshot: Any = field(repr=False)
    origin: str
    dated: date | None
    fetched: bool = False

    def find(self, base_url: str, model: str) -> Any:
        """The model's entry at the vendor behind this address, None when either is not known."""
        try:
            _, found = self.snapshot.find_provider_model(model, None, None, base_url)
        except LookupError:
            return None
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What sets one list apart from another: names of models ("openai gpt-9"), sorted."""

    models: int
    new: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


@lru_cache
def installed() -> PublicPrices:
    """The list that came with the package."""
    from importlib.metadata import version

    from genai_prices.data_snapshot import get_snapshot

    number = version("genai-prices")
    return PublicPrices(
        snapshot=get_snapshot(), origin=f"genai-prices {number}", dated=_RELEASED.get(number), fetched=False
    )


def fetch(url: str, *, patience: float = 30.0, most: int = MOST_BYTES) -> bytes:
    """The list as it is published now, to be checked by `read`. ByteBotError says in one sentence why there is none."""
    import httpx2

    if not is_address(url):
        raise ByteBotError(f"{shown(url)[:200]!r} is no address to fetch prices from. {_STAY}")
    where, until = host(url), time.monotonic() + patience
    try:
        timeout = httpx2.Timeout(min(10.0, patience), connect=min(5.0, patience))
        with httpx2.stream("GET", url, timeout=timeout, headers={"Accept": "application/json"}) as answer:
            if answer.status_code != 200:
                raise ByteBotError(f"{where} answered with status {answer.status_code} instead of prices. {_STAY}")
            arrived = bytearray()
            for piece in answer.iter_bytes():
                arrived += piece
                if len(arrived) > most:
                    raise ByteBotError(f"{where} sent more than {most:,} bytes, which is no price list. {_STAY}")
                if time.monotonic() > until:
                    raise ByteBotError(f"{where} did not send the prices within {patience:g} s. {_STAY}")
            return bytes(arrived)
    except httpx2.TimeoutException:
        raise ByteBotError(f"{where} did not send the prices in time. {_STAY}") from None
    except httpx2.ConnectError:
        raise ByteBotError(f"Nothing answers at {where}; prices need a network for this. {_STAY}") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError):
        raise ByteBotError(f"{where} broke off while it sent the prices. {_STAY}") from None


def read(payload: bytes, fetched: date) -> PublicPrices:
    """The list in what was fetched on that day; ByteBotError when it is none that can be trusted."""
    import re

    from genai_prices.data_snapshot import DataSnapshot

    try:
        raw = json.loads(payload)
    except (ValueError, RecursionError):
        raise ByteBotError(f"What arrived is no price list. {_STAY}") from None
    if not isinstance(raw, list):
        raise ByteBotError(f"What arrived is no price list. {_STAY}")
    try:
        # The one way in for data that are not fetched by the package itself, unchecked.
        from genai_prices.types import _providers_from_raw

        providers = _providers_from_raw(raw)
        for provider in providers:
            re.compile(provider.api_pattern)
            for model in provider.models:
                _check(provider.id, model)
    except ByteBotError:
        raise
    except Exception:  # noqa: BLE001 - whatever the package makes of data from outside, it is no price list
        raise ByteBotError(f"What arrived is in a form that this version cannot read. {_STAY}") from None
    known = sum(len(provider.models) for provider in installed().snapshot.providers)
    arrived = sum(len(provider.models) for provider in providers)
    if arrived < known * _LEAST:
        raise ByteBotError(f"What arrived has {arrived:,} models, where {known:,} are known; it is not whole. {_STAY}")
    return PublicPrices(
        snapshot=DataSnapshot(providers=providers, from_auto_update=True),
        origin="genai-prices, refreshed",
        dated=fetched,
        fetched=True,
    )


def _check(provider: str, model: Any) -> None:
    """No price is negative or beyond all reason; a model without any price is fine."""
    kinds = [model.prices] if not isinstance(model.prices, list) else [one.prices for one in model.prices]
    for prices in [*kinds, *(variant.prices for variant in model.price_variants or ())]:
        for name in ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok"):
            price = getattr(prices, name, None)
            rates = [] if price is None else [price]
            if price is not None and not isinstance(price, Decimal):
                rates = [price.base, *(tier.price for tier in price.tiers)]
            if not all(rate.is_finite() and 0 <= rate <= _DEAREST for rate in rates):
                raise ByteBotError(f"What arrived has an impossible price for {provider} {model.id!r}. {_STAY}")


def changes(before: PublicPrices, after: PublicPrices) -> Changes:
    """What has changed for calls made now."""
    now = datetime.now(UTC)
    old, new = _now(before, now), _now(after, now)
    return Changes(
        models=len(new),
        new=tuple(sorted(new.keys() - old.keys())),
        other=tuple(sorted(name for name in new.keys() & old.keys() if new[name] != old[name])),
        gone=tuple(sorted(old.keys() - new.keys())),
    )


def _now(prices: PublicPrices, now: datetime) -> Mapping[str, object]:
    return {
        f"{provider.id} {model.id}": _standing(model, now)
        for provider in prices.snapshot.providers
        for model in provider.models
    }


def _standing(model: Any, now: datetime) -> object:
    if isinstance(model.prices, list) and not model.prices:
        return None
    return {name: price for name, price in vars(model.get_prices(now)).items() if price is not None}
