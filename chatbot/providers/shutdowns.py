"""When vendors shut models down, as they have announced it: beside what a server's own list says."""

from datetime import date
from functools import lru_cache

from chatbot.providers.address import host

_OPENAI = {
    date(2024, 9, 13): """
        gpt-3.5-turbo-0301 gpt-3.5-turbo-0613 gpt-3.5-turbo-16k gpt-3.5-turbo-16k-0613
    """,
    date(2024, 12, 6): """
        gpt-4-vision-preview
    """,
    date(2025, 6, 6): """
        gpt-4-32k gpt-4-32k-0314 gpt-4-32k-0613
    """,
    date(2025, 7, 28): """
        o1-preview o1-preview-2024-09-12
    """,
    date(2025, 10, 10): """
        gpt-4o-audio-preview-2024-10-01
    """,
    date(2025, 10, 27): """
        o1-mini o1-mini-2024-09-12
    """,
    date(2026, 2, 12): """
        codex-mini-latest
    """,
    date(2026, 2, 17): """
        chatgpt-4o-latest
    """,
    date(2026, 3, 26): """
        gpt-4-0125-preview gpt-4-0314 gpt-4-turbo-preview
    """,
    date(2026, 5, 7): """
        gpt-4o-audio-preview gpt-4o-audio-preview-2024-12-17 gpt-4o-audio-preview-2025-06-03
        gpt-4o-mini-audio-preview gpt-4o-mini-audio-preview-2024-12-17
    """,
    date(2026, 7, 23): """
        computer-use-preview computer-use-preview-2025-03-11 gpt-4o-mini-search-preview
        gpt-4o-mini-search-preview-2025-03-11 gpt-4o-search-preview gpt-4o-search-preview-2025-03-11
        gpt-5-chat-latest gpt-5-codex gpt-5.1-chat-latest gpt-5.1-codex gpt-5.1-codex-max o3-deep-research
        o3-deep-research-2025-06-26 o4-mini-deep-research o4-mini-deep-research-2025-06-26
    """,
    date(2026, 8, 10): """
        gpt-5.2-chat-latest gpt-5.3-chat-latest
    """,
    date(2026, 9, 28): """
        gpt-3.5-turbo-1106
    """,
    date(2026, 10, 23): """
        gpt-3.5-turbo gpt-3.5-turbo-0125 gpt-4 gpt-4-0613 gpt-4-1106-preview gpt-4-turbo gpt-4-turbo-2024-04-09
        gpt-4.1-nano gpt-4.1-nano-2025-04-14 gpt-4o-2024-05-13 o1 o1-2024-12-17 o1-pro o1-pro-2025-03-19 o3-mini
        o3-mini-2025-01-31 o4-mini o4-mini-2025-04-16
    """,
    date(2026, 12, 11): """
        gpt-5 gpt-5-2025-08-07 gpt-5-mini gpt-5-mini-2025-08-07 gpt-5-nano gpt-5-nano-2025-08-07 gpt-5-pro
        gpt-5-pro-2025-10-06 o3 o3-2025-04-16 o3-pro o3-pro-2025-06-10
    """,
    date(2027, 1, 14): """
        gpt-4.1 gpt-4.1-2025-04-14 gpt-4.1-mini gpt-4.1-mini-2025-04-14 gpt-4o gpt-4o-2024-08-06
        gpt-4o-2024-11-20 gpt-4o-mini gpt-4o-mini-2024-07-18
    """,
    date(2027, 1, 20): """
        gpt-audio-mini gpt-audio-mini-2025-12-15
    """,
    date(2027, 4, 1): """
        gpt-5.1 gpt-5.1-2025-11-13 gpt-5.4-nano gpt-5.4-nano-2026-03-17
    """,
}
"""By the day they end, as the types of the openai package 3.57 name them; its page is
https://developers.openai.com/api/docs/deprecations."""


def announced(base_url: str, model: str) -> date | None:
    """The day on which the vendor behind this address shuts its model down; None where it has announced none.

    >>> announced("https://api.openai.com/v1", "gpt-4o"), announced("https://models.example.com/v1", "gpt-4o")
    (datetime.date(2027, 1, 14), None)
    """
    name = host(base_url)
    return _days().get(model.lower()) if name == "api.openai.com" or name.endswith(".api.openai.com") else None


@lru_cache
def _days() -> dict[str, date]:
    return {model: day for day, models in _OPENAI.items() for model in models.split()}
