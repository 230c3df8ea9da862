"""How a reply ended, in the words that every face uses."""

from chatbot.core.messages import State
from chatbot.core.money import Usage

CLOSED = "ByteBot was closed while this was written."
"""Of a reply whose process ended, in an orderly way or not."""
NOT_BEGUN = "ByteBot was closed before this was begun."
"""Of one that was still waiting in line then."""

_WORDS: dict[State, str] = {
    "waiting": "Next in line.",
    "running": "Still being written.",
    "filtered": "The provider withheld the rest.",
    "refused": "The model declined.",
    "tool_limit": "Stopped after too many rounds of tools.",
    "stopped": "You stopped this.",
    "cut": "The connection broke; this is what arrived.",
    "failed": "There was no reply.",
    "blocked": "Not sent.",
}


def how_it_ended(
    state: State,
    *,
    error: str | None = None,
    limit: int | None = None,
    usage: Usage | None = None,
    goes_on: bool = False,
) -> str | None:
    """One sentence about a reply that is not whole; None for one that is.

    `error` is the sentence stored with the reply, `limit` the output tokens that were asked for at most, `usage` what
    it used; `goes_on`: it was to go on with a part that is there already.

    >>> how_it_ended("length", limit=1024)
    'Reached the limit of 1,024 tokens.'
    >>> how_it_ended("length", limit=1024, usage=Usage(output_tokens=256))
    "Reached the server's own limit after 256 tokens."
    >>> how_it_ended("failed", error="The model sent an empty reply.")
    'The model sent an empty reply. Your message is kept.'
    >>> how_it_ended("failed", error="The model sent an empty reply.", goes_on=True)
    'The model sent an empty reply. The part so far is kept.'
    """
    if state == "complete":
        return None
    if state == "length":
        return _limited(limit, usage)
    if state == "failed":
        return f"{error or _WORDS[state]} {'The part so far' if goes_on else 'Your message'} is kept."
    return error or _WORDS[state]


def _limited(limit: int | None, usage: Usage | None) -> str:
    # An estimate cannot tell whose limit it was.
    came = usage.output_tokens if usage and not usage.estimated else None
    if limit and (came is None or came >= limit):
        return f"Reached the limit of {limit:,} tokens."
    if not came:
        return "Reached the server's own limit."
    return f"Reached the server's own limit after {came:,} token{'' if came == 1 else 's'}."
