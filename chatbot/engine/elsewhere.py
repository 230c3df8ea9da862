"""A reply that another process makes, seen through the store: its checkpoints, polled."""

import time
from collections.abc import Iterator, Sequence

from chatbot.core.errors import NotFound
from chatbot.core.events import Event, Failed, Finished, ReasoningDelta, Started, TextDelta
from chatbot.core.messages import LIVE
from chatbot.store.store import Store
from chatbot.store.values import StoredMessage

POLL = 0.25  # seconds; a watcher wakes this often
READ_EVERY = 2  # polls


def watch_elsewhere(store: Store, reply: int) -> Iterator[Sequence[Event]]:
    """The reply's events as far as the store knows them, in batches; an empty batch is a heartbeat.

    A reply that has ended already gives all of it at once.
    """
    text = reasoning = 0
    first = True
    while True:
        row = store.conversations.messages([reply]).get(reply)
        if row is None:
            raise NotFound("That reply is not there any more. Somebody may have deleted it.")
        batch: list[Event] = []
        if first:
            batch.append(Started(connection=row.connection or "", model=row.model_asked or ""))
            first = False
        words, why = store.turns.drafted(reply) if row.state in LIVE else (row.text, row.reasoning)
        # Between the two reads the turn may have ended and taken its drafts along: nothing new, the row comes next.
        if len(why) > reasoning:
            batch.append(ReasoningDelta(why[reasoning:]))
            reasoning = len(why)
        if len(words) > text:
            batch.append(TextDelta(words[text:]))
            text = len(words)
        if row.state not in LIVE:
            batch.append(_ending(row))
            yield batch
            return
        yield batch
        for _ in range(READ_EVERY - 1):
            time.sleep(POLL)
            yield []
        time.sleep(POLL)


def _ending(row: StoredMessage) -> Finished | Failed:
    match row.state:
        case "cut" | "failed" | "blocked":
            return Failed(
                state=row.state,
                sentence=row.error or "The reply broke off.",
                kind=row.error_kind or "Broken",
                way_out=row.way_out,
            )
        case "waiting" | "running":
            raise AssertionError(f"reply {row.id} has not ended: {row.state}")
        case state:
            return Finished(state=state)
