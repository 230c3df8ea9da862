"""Values to columns and back."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row

from chatbot.core.money import Usage
from chatbot.core.pricing import Cost, stored_cost
from chatbot.core.settings import Options
from chatbot.core.text import repair
from chatbot.core.text import storable as storable
from chatbot.store.values import Call, Conversation, Line, StoredMessage

_LARGEST = 2**53


def now() -> datetime:
    return datetime.now(UTC)


def repaired(text: str | None) -> str | None:
    return None if text is None else repair(text)


def options_to_json(options: Options) -> dict[str, Any]:
    found: dict[str, Any] = storable(asdict(options))
    return found


def options_of(stored: Mapping[str, Any] | None) -> Options:
    """Fields that this version does not know are left out, missing ones have their defaults."""
    known = {field.name for field in fields(Options)}
    return Options(**{name: value for name, value in (stored or {}).items() if name in known})


def tokens(count: int | None) -> int | None:
    """A count as a server claimed it; what no column can hold is no count."""
    return count if count is not None and 0 <= count < _LARGEST else None


def usage_to_json(usage: Usage | None) -> dict[str, Any] | None:
    return None if usage is None else {**usage_columns(usage), "raw": storable(usage.raw)}


def usage_columns(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": tokens(usage.input_tokens),
        "output_tokens": tokens(usage.output_tokens),
        "cached_tokens": tokens(usage.cached_tokens),
        "cache_write_tokens": tokens(usage.cache_write_tokens),
        "reasoning_tokens": tokens(usage.reasoning_tokens),
        "estimated": usage.estimated,
    }


def cost_columns(cost: Cost) -> dict[str, Any]:
    return {
        "nanodollars": cost.nanodollars,
        "cost_source": cost.source,
        "arithmetic": storable(cost.stored()),
    }


def _usage_of(stored: Mapping[str, Any] | None) -> Usage | None:
    if stored is None:
        return None
    known = {field.name for field in fields(Usage)}
    return Usage(**{name: value for name, value in stored.items() if name in known})


def conversation_of(row: Row[Any]) -> Conversation:
    return Conversation(
        id=row.id,
        title=row.title,
        title_by=row.title_by,
        tag=row.tag,
        options=options_of(row.options),
        head=row.head,
        pinned=row.pinned,
        created=row.created,
        updated=row.updated,
        archived=row.archived,
        unseen=row.answered is not None and (row.seen is None or row.seen < row.answered),
    )


def line_of(row: Row[Any]) -> Line:
    return Line(
        id=row.id,
        title=row.title,
        pinned=row.pinned,
        updated=row.updated,
        live=bool(row.live),
        unseen=bool(row.unseen),
        ended=row.ended,
    )


def message_of(row: Row[Any]) -> StoredMessage:
    return StoredMessage(
        id=row.id,
        conversation=row.conversation,
        parent=row.parent,
        role=row.role,
        state=row.state,
        text=row.text,
        reasoning=row.reasoning,
        continues=row.continues,
        created=row.created,
        finished=row.finished,
        connection=row.connection,
        model_asked=row.model_asked,
        model_answered=row.model_answered,
        options=row.options or {},
        sent=tuple(row.sent or ()),
        left_out=row.left_out,
        usage=_usage_of(row.usage),
        finish_reason=row.finish_reason,
        first_token=row.first_token,
        duration=row.duration,
        thinking=row.thinking,
        retries=row.retries,
        error=row.error,
        error_kind=row.error_kind,
        way_out=row.way_out,
        notes=tuple(row.notes or ()),
    )


def call_of(row: Row[Any]) -> Call:
    counts = (row.input_tokens, row.output_tokens, row.cached_tokens, row.reasoning_tokens)
    usage = None
    if row.usage is not None or row.estimated or any(count is not None for count in counts):
        usage = Usage(
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
            cached_tokens=row.cached_tokens,
            cache_write_tokens=row.cache_write_tokens,
            reasoning_tokens=row.reasoning_tokens,
            estimated=row.estimated,
            raw=row.usage,
        )
    return Call(
        id=row.id,
        conversation=row.conversation,
        reply=row.reply,
        purpose=row.purpose,
        connection=row.connection,
        base_url=row.base_url,
        model_asked=row.model_asked,
        model_answered=row.model_answered,
        outcome=row.outcome,
        started=row.started,
        finished=row.finished,
        input_estimate=row.input_estimate,
        usage=usage,
        status=row.status,
        error=row.error,
        first_token=row.first_token,
        duration=row.duration,
        cost=stored_cost(row.nanodollars, row.cost_source, row.arithmetic),
        service_tier=row.service_tier,
        held=row.held,
        instead_of=row.instead_of,
    )
