"""Short names for system prompts, as they stand in lists: their first words, and more where two begin alike."""

from collections.abc import Iterable

NO_PROMPT = "no system prompt"
UNKNOWN_PROMPT = "unknown prompt"
NAMING = "naming conversations"
"""Calls that ask for a title have no reply, and no prompt of the person's."""
_LONGEST = 48  # characters


def prompt_names(prompts: Iterable[str]) -> dict[str, str]:
    """A name for each, no two alike; in the order in which they come.

    >>> prompt_names(["Be kind.", "", "Be  kind."])
    {'Be kind.': 'Be kind.', '': 'no system prompt', 'Be  kind.': 'Be kind. (2)'}
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for prompt in dict.fromkeys(prompts):
        words = " ".join(prompt.split())
        name = short = (words if len(words) <= _LONGEST else words[: _LONGEST - 1].rstrip() + "…") or NO_PROMPT
        count = 1
        while name in taken:
            count += 1
            name = f"{short} ({count})"
        taken.add(name)
        found[prompt] = name
    return found
