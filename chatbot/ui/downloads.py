"""A conversation as a file, read and written when it is asked for and not before."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from chatbot.engine.engine import Engine
from chatbot.engine.view import Shown
from chatbot.store.values import Conversation
from chatbot.transfer.json_file import to_json
from chatbot.transfer.values import Entry, Heading
from chatbot.ui.words import ended

Write = Callable[[Heading, Iterable[Entry]], Iterator[bytes]]

_EVERYTHING = 10_000_000


def whole(engine: Engine, conversation: str, head: int | None, write: Write) -> bytes:
    """The file of the whole branch that ends in `head`."""
    view = engine.view(conversation, head, last=_EVERYTHING)
    return b"".join(write(heading(view.conversation), map(entry, view.shown)))


def everything(engine: Engine, conversation: str) -> bytes:
    """The file that can be imported: every branch, with settings and costs."""
    return b"".join(to_json([engine.store.wholes.get(conversation)], now=datetime.now(UTC)))


def heading(conversation: Conversation) -> Heading:
    return Heading(
        id=conversation.id,
        title=conversation.title,
        created=conversation.created,
        system=conversation.options.system,
    )


def entry(shown: Shown) -> Entry:
    """One message; tokens of all its segments together."""
    row, usages = shown.row, [part.usage for part in shown.rows if part.usage is not None]
    return Entry(
        role=shown.role,
        text=shown.text,
        reasoning=shown.reasoning,
        state=shown.state,
        created=shown.first.created,
        model=row.model_answered or row.model_asked,
        connection=row.connection,
        input_tokens=_sum(usage.input_tokens for usage in usages),
        output_tokens=_sum(usage.output_tokens for usage in usages),
        estimated=any(usage.estimated for usage in usages),
        finish_reason=row.finish_reason,
        first_token=shown.first.first_token,
        duration=row.duration,
        ended=ended(row) if shown.role == "assistant" else None,
    )


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
