"""When to try again, and how long to wait before."""

from chatbot.core.errors import ProviderError

MOST_ATTEMPTS = 4
LONGEST_WAIT = 20.0  # seconds a server may ask for; a person would rather be told
FIRST_WAIT, LAST_WAIT = 0.5, 8.0  # seconds, where the server does not say


def delay(attempt: int, error: ProviderError, *, jitter: float) -> float | None:
    """Seconds until the next attempt after attempt number `attempt` (the first is 1); None: do not try again.

    `jitter` between 0 and 1 spreads clients that failed together.

    >>> from chatbot.core.errors import Busy, ConnectFailed
    >>> delay(1, Busy("Busy.", retry_after=7.0), jitter=0.5)
    7.0
    >>> delay(1, Busy("Busy.", retry_after=900.0), jitter=0.5)
    >>> [delay(attempt, ConnectFailed("Nobody."), jitter=1.0) for attempt in (1, 2, 3, 4)]
    [0.5, 1.0, 2.0, None]
    """
    if not error.may_retry or attempt >= MOST_ATTEMPTS:
        return None
    if error.retry_after is not None:
        return error.retry_after if error.retry_after <= LONGEST_WAIT else None
    return min(LAST_WAIT, FIRST_WAIT * 2.0 ** (attempt - 1)) * (0.5 + jitter / 2)


def waiting_sentence(error: ProviderError, wait: float, attempt: int) -> str:
    """What people read while they wait for attempt number `attempt`.

    >>> from chatbot.core.errors import Busy
    >>> waiting_sentence(Busy("The server is busy."), 3.6, 2)
    'The server is busy. Trying again in 4 s (2 of 4).'
    >>> waiting_sentence(Busy("Is the server running?"), 1.0, 2)
    'Is the server running? Trying again in 1 s (2 of 4).'
    """
    seconds = max(1, round(wait))
    sentence = error.sentence.rstrip(".")
    stop = "" if sentence.endswith(("?", "!", "?”", "!”", ".”")) else "."
    return f"{sentence}{stop} Trying again in {seconds} s ({attempt} of {MOST_ATTEMPTS})."
