"""Whether the terminal may be sent styles, as its variables say."""

import os

_NONE = ("dumb", "unknown")


def wants_styles() -> bool:
    """False where TERM says that the terminal knows none, or NO_COLOR that its owner wants none."""
    return os.environ.get("TERM", "").lower() not in _NONE and not os.environ.get("NO_COLOR")
