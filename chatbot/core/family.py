"""Which names mean the same model: an alias and its dated snapshots, a vendor's ids and the names on its invoices."""

import re
from functools import lru_cache

_DATE = re.compile(r"[-_ @](20\d\d-?[01]\d-?[0-3]\d|[01]\d[0-3]\d)(?![\d.])")
_WORD = re.compile(r"\d+(?:[-. ]\d+)*(?![a-z\d])|[^\W_]+(?:\.[^\W_]+)*")


@lru_cache(maxsize=4096)
def family(model: str) -> tuple[str, str]:
    """The family and the date of the snapshot, "" for a name without one. The order of its words means nothing.

    >>> family("gpt-4o-2024-08-06"), family("openai/gpt-4o")
    (('4o gpt', '20240806'), ('4o gpt', ''))
    >>> family("claude-haiku-4-5-20251001"), family("Claude Haiku 4.5"), family("anthropic/claude-4.5-haiku")
    (('4.5 claude haiku', '20251001'), ('4.5 claude haiku', ''), ('4.5 claude haiku', ''))
    >>> family("gpt-5.4")[0] == family("gpt-4.5")[0], family("gpt-4o-mini")[0] == family("gpt-4o")[0]
    (False, False)
    """
    name = model.strip().lower().rpartition("/")[2]
    dated = _DATE.search(name)
    snapshot = ""
    if dated is not None:
        snapshot = dated[1].replace("-", "")
        name = name[: dated.start()] + name[dated.end() :]
    words = sorted(re.sub("[- ]", ".", word) for word in _WORD.findall(name))
    return " ".join(words) or name, snapshot
