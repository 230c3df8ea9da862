"""What is said under a reply that another model made than the chat's own: which, why, and what the two cost."""

from collections.abc import Sequence

from chatbot.core.bill import bill, short
from chatbot.core.pricing import Cost
from chatbot.core.routing import Routed


def compared(routed: Routed, costs: Sequence[tuple[Cost, Cost]], *, answered: bool) -> str:
    """A sentence or two. `costs`: of each call that used anything, what it cost and what the other would have cost.

    >>> costs = [(Cost(nanodollars=600_000, source="computed"), Cost(nanodollars=12_300_000, source="computed"))]
    >>> compared(Routed(model="small", instead_of="big", why="rule 1: no code"), costs, answered=True)
    'Answered by small (rule 1: no code). big would have cost $0.0123 (this: $0.0006).'
    """
    said = f"Answered by {routed.model} ({routed.why})." if answered else routed.note
    ours, theirs = (short(bill(pair[side] for pair in costs)) for side in (0, 1))
    if not theirs:
        return said
    if theirs == ours == "local":
        return f"{said} Neither costs anything: both run on this machine."
    this = f"this: {_words(ours)}"
    if theirs == "—":
        return f"{said} What {routed.instead_of} would have cost is not known ({this})."
    return f"{said} {routed.instead_of} would have cost {_words(theirs)} ({this})."


def _words(short: str) -> str:
    return {"—": "not known", "local": "nothing, on this machine"}.get(short, short)
