"""The door to genai-prices: what is publicly known about a vendor's models.

Always asked with the base URL: by its name alone a local model would be taken for a vendor's.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from chatbot.core.money import Usage
from chatbot.core.own_prices import Entry
from chatbot.core.pricing import LOCAL, USUAL_TIERS, Cost, Rate, Rates, cost, unknown
from chatbot.providers.address import host, is_loopback
from chatbot.providers.public_prices import PublicPrices, installed

_LONGEST_NAME = 256  # characters; looking a megabyte up takes most of a second
_REPORTING = ("openrouter.ai", "x.ai")  # whose usage carries what the call was billed, in dollars


def known_context(base_url: str, model: str) -> int | None:
    """Tokens this vendor's model can handle in one request; None when the vendor or the model is not known."""
    found = _find(installed(), base_url, model)
    return found.context_window if found is not None else None


def known_models(base_url: str) -> list[str]:
    """The models that the vendor behind this address sells by the token, by name; none where it is not known."""
    if is_loopback(base_url):
        return []
    from genai_prices.data_snapshot import get_snapshot

    try:
        vendor = get_snapshot().find_provider(None, None, base_url)
    except LookupError:
        return []
    prices = ((model.id, model.get_prices(datetime.now(UTC), None)) for model in vendor.models if not model.deprecated)
    return sorted(id for id, each in prices if each.input_mtok is not None and each.output_mtok is not None)


def price(
    base_url: str,
    models: Sequence[str],
    usage: Usage,
    *,
    tier: str | None,
    at: datetime,
    own: Callable[[], Entry | None] = lambda: None,
    public: Callable[[], PublicPrices] = installed,
) -> Cost:
    """What a call costs. `models`: the names it went by, the best known first; `at`: when it began. Never raises.

    `own`: the person's own price for it, asked unless the provider itself says what it bills. `public`: the price list.
    """
    if usage.reported is not None and not reports_its_bill(base_url):
        usage = replace(usage, reported=None)
    if usage.reported is not None:
        return cost(usage, None)
    entry = own()
    if entry is not None:
        return unknown(entry.why) if entry.rates is None else cost(usage, entry.rates)
    if not base_url or is_loopback(base_url):
        return LOCAL  # the offline model has no address of its own
    found = (public_rates(base_url, model, tier=tier, at=at, public=public()) for model in models if model)
    return cost(usage, next((rates for rates in found if rates is not None), None))


def public_rates(
    base_url: str, model: str, *, tier: str | None, at: datetime, public: PublicPrices | None = None
) -> Rates | None:
    """What the vendor behind this address charged for its model at that time; None when it is not known.

    `tier`: the service tier that the answer named. A tier without prices of its own is not guessed: None.
    `public`: the price list, by default the installed one. Errors: none.
    """
    public = public or installed()
    found = _find(public, base_url, model)
    if found is None:
        return None
    usual = tier in USUAL_TIERS
    if not usual and not any(variant.when.get("service_tier") == tier for variant in found.price_variants or ()):
        return None
    prices = found.get_prices(at, None if usual else {"service_tier": tier})
    return Rates(
        input=_rate(prices.input_mtok),
        output=_rate(prices.output_mtok),
        cached=_rate(prices.cache_read_mtok),
        cache_write=_rate(prices.cache_write_mtok),
        origin=public.origin,
        model=found.id,
        tier=None if usual else tier,
        dated=public.dated,
    )


def reports_its_bill(base_url: str) -> bool:
    """Whether a cost in the usage of this address is dollars that are billed; elsewhere the word may mean anything."""
    name = host(base_url)
    return any(name == vendor or name.endswith("." + vendor) for vendor in _REPORTING)


def _find(public: PublicPrices, base_url: str, model: str) -> Any:
    return None if is_loopback(base_url) or len(model) > _LONGEST_NAME else public.find(base_url, model)


def _rate(price: Any) -> Rate | None:
    if price is None or isinstance(price, Decimal):
        return None if price is None else Rate(price)
    return Rate(price.base, tuple((tier.start, tier.price) for tier in price.tiers))
