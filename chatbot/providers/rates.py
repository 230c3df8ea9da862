"""The door to genai-prices: what is publicly known about a vendor's models."""

from chatbot.providers.address import is_loopback


def known_context(base_url: str, model: str) -> int | None:
    """Tokens this vendor's model can handle in one request; None when the vendor or the model is not known.

    Always asked with the base URL: by its name alone a local model would be taken for a vendor's.
    """
    if is_loopback(base_url):
        return None
    from genai_prices.data_snapshot import get_snapshot

    try:
        _, found = get_snapshot().find_provider_model(model, None, None, base_url)
    except LookupError:
        return None
    return found.context_window
