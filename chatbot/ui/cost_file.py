"""The calls that are shown as a file for a spreadsheet: one row each, written when it is asked for."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from chatbot.core.bill import in_full
from chatbot.store.spending import DELETED
from chatbot.transfer.csv_file import table
from chatbot.ui.cost_sums import Names, Sums
from chatbot.ui.remembered import NOTHING, TOKENS, Known

COLUMNS = (
    "time",
    "zone",
    "conversation",
    "purpose",
    "connection",
    "model_asked",
    "model_answered",
    *TOKENS,
    "dollars",
    "source",
    "outcome",
    "tier",
)
_TEXTS = ("purpose", "connection", "asked", "answered")
_ENDS = ("source", "outcome", "tier")


def whole(known: Known, names: Names, sums: Sums) -> bytes:
    """Times are of the reader's zone, dollars have every digit, what is unknown is empty."""
    return b"".join(table(COLUMNS, _rows(known, names, sums)))


def _rows(known: Known, names: Names, sums: Sums) -> Iterator[list[object]]:
    calls, there = sums.calls, known.names

    def texts(column: str) -> list[str]:
        return [there[column][code] if code != NOTHING else "" for code in calls[column].tolist()]

    moments = [datetime.fromtimestamp(at // 1_000_000, UTC).astimezone(sums.zone) for at in calls["at"].tolist()]
    tokens = [calls[column].astype(object).where(calls[column].notna(), None).tolist() for column in TOKENS]
    money = zip(calls["money"].tolist(), calls["unpriced"].tolist(), strict=True)
    titles = [(names[id][0] if id in names else DELETED) if id else "" for id in texts("conversation")]
    columns: list[Sequence[object]] = [
        [f"{moment:%Y-%m-%d %H:%M:%S}" for moment in moments],
        [f"UTC{moment:%z}" for moment in moments],
        titles,
        *map(texts, _TEXTS),
        *tokens,
        [None if unpriced else in_full(nanodollars) for nanodollars, unpriced in money],
        *map(texts, _ENDS),
    ]
    yield from (list(row) for row in zip(*columns, strict=True))
