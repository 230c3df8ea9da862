"""How a reply ended, in the words that every face uses."""

from chatbot.core.messages import State

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
    state: State, *, error: str | None = None, limit: int | None = None, goes_on: bool = False
) -> str | None:
    """One sentence about a reply that is not whole; None for one that is.

    `error` is the sentence stored with the reply, `limit` its limit of output tokens; `goes_on`: it was to go on with
    a part that is there already.

    >>> how_it_ended("length", limit=1024)
    'Reached the limit of 1,024 tokens.'
    >>> how_it_ended("failed", error="The model sent an empty reply.")
    'The model sent an empty reply. Your message is kept.'
    >>> how_it_ended("failed", error="The model sent an empty reply.", goes_on=True)
    'The model sent an empty reply. The part so far is kept.'
    """
    if state == "complete":
        return None
    if state == "length":
        return (
            f"Reached the limit of {limit:,} tokens." if limit else "Reached the longest reply that the server gives."
        )
    if state == "failed":
        return f"{error or _WORDS[state]} {'The part so far' if goes_on else 'Your message'} is kept."
    return error or _WORDS[state]
