"""What a chat, the day and the month came to: the sums beside a chat, for the page and the terminal alike."""

from collections.abc import Sequence
from datetime import datetime

from chatbot.core.bill import Bill
from chatbot.core.spend import THIS_CHAT
from chatbot.engine.anonymous import Anonymous
from chatbot.store.ledger import Ledger


def sums(
    ledger: Ledger,
    conversation: str | None,
    branch: Sequence[int],
    *,
    today: datetime,
    month: datetime,
    anonymous: Anonymous | None = None,
) -> dict[str, Bill]:
    """By their names, all of one moment. `branch`: the replies of the one that is shown, where there are others;
    `today`, `month`: when they began where the reader is; `anonymous`: of a temporary chat, of which the ledger knows no sum.
    """
    if anonymous is not None:
        _, _, (day, days) = ledger.totals(None, (), today, month)
        found = {THIS_CHAT: anonymous.total()} if conversation is not None else {}
        return found | {"Today": day, "This month": days}
    here, shown, (day, days) = ledger.totals(conversation, branch, today, month)
    found = {THIS_CHAT: here} if conversation is not None else {}
    found |= {"This branch": shown} if branch else {}
    return found | {"Today": day, "This month": days}
