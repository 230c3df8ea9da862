"""What is known of the vendors that people have keys for."""

from chatbot.providers.address import host

_CHEAP = {
    "api.openai.com": "gpt-6-luna",
    "api.anthropic.com": "claude-haiku-5-5",
    "generativelanguage.googleapis.com": "gemini-2.5-flash-lite",
    "api.mistral.ai": "ministral-8b-latest",
    "api.groq.com": "llama-3.1-8b-instant",
    "api.deepseek.com": "deepseek-v4-flash",
    "api.x.ai": "grok-4-1-fast-non-reasoning",
    "api.cerebras.ai": "llama3.1-8b",
    "openrouter.ai": "openai/gpt-6-luna",
}


_ADDRESSES = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "google": "https://generativelanguage.googleapis.com/v1beta/openai",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
    "mistral": "https://api.mistral.ai/v1",
    "groq": "https://api.groq.com/openai/v1",
    "deepseek": "https://api.deepseek.com/v1",
    "xai": "https://api.x.ai/v1",
    "cerebras": "https://api.cerebras.ai/v1",
    "openrouter": "https://openrouter.ai/api/v1",
}
_RESELLERS = {"openrouter"}


def public_addresses() -> dict[str, str]:
    """Vendors that sell models of their own, each once, with the address at which everybody reaches them."""
    found = {address: name for name, address in reversed(_ADDRESSES.items()) if name not in _RESELLERS}
    return {name: address for address, name in reversed(found.items())}


def public_address(name: str) -> str | None:
    """Where a vendor of this name can be reached by everybody; None where the vendor is not known.

    >>> public_address("OpenAI"), public_address("nobody")
    ('https://api.openai.com/v1', None)
    """
    return _ADDRESSES.get(name.casefold())


def cheap_model(base_url: str) -> str | None:
    """The vendor's cheap model for simple things; None where the vendor is not known.

    >>> cheap_model("https://api.openai.com/v1"), cheap_model("http://localhost:11434/v1")
    ('gpt-6-luna', None)
    """
    return _CHEAP.get(host(base_url))
