"""How conversations went, added up by the database: counts, lengths and times, never the words."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, case, func, or_, select

from chatbot.core.messages import LIVE
from chatbot.store.database import Database
from chatbot.store.tables import conversations, messages

QUARTER = 900  # seconds; every zone's hour begins with one
LENGTHS = (100, 500, 2_000, 10_000)
"""Characters that a message of each kind has less of; the last kind has more."""
_M = messages.c
_model = func.coalesce(_M.model_answered, _M.model_asked)
_first = _M.continues.is_(False)
_more = messages.alias()
_continued = _M.id.in_(select(_more.c.parent).where(_more.c.continues.is_(True), _more.c.trash.is_(None)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """`times`: (quarter of an hour since the epoch, role, how many); `lengths`: (number of the kind, role, how many);
    `chats`: messages of each conversation; `replies`: (model, seconds to the first token, seconds in all, tokens).
    """

    times: Sequence[tuple[int, str, int]]
    lengths: Sequence[tuple[int, str, int]]
    endings: Sequence[tuple[str, int]]
    chats: Sequence[int]
    models: Sequence[tuple[str, int]]
    prompts: Sequence[tuple[str, int]]
    replies: Sequence[tuple[str, float, float, int | None]]


class Patterns:
    """Of one owner; what is in the trash does not count."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, since: datetime | None = None, until: datetime | None = None) -> Said:
        """Of the messages that were made in this time. What *Continue* added belongs to the reply that it goes on with: that
        is one message of one model, as long as all of it, and ends as its last part did.
        """
        database = self._database
        quarter = database.whole_seconds(_M.created) // QUARTER
        kind = case(*((func.length(_M.text) < most, number) for number, most in enumerate(LENGTHS)), else_=len(LENGTHS))
        reply = _M.role == "assistant"
        written = _M.usage["output_tokens"].as_integer()
        with database.read() as connection:

            def rows(query: Any) -> list[tuple[Any, ...]]:
                return [tuple(row) for row in connection.execute(self._kept(query, since, until))]

            return Said(
                times=rows(
                    select(quarter.label("slot"), _M.role, func.count()).where(_first).group_by("slot", _M.role)
                ),
                lengths=[
                    *rows(
                        select(kind.label("kind"), _M.role, func.count())
                        .where(_M.empty.is_(False), _first, ~_continued)
                        .group_by("kind", _M.role)
                    ),
                    *_joined(
                        rows(
                            select(_M.id, _M.parent, _M.continues, func.length(_M.text))
                            .where(or_(_M.continues, _continued))
                            .order_by(_M.id)
                        )
                    ),
                ],
                endings=rows(
                    select(_M.state, func.count()).where(reply, ~_continued, _M.state.not_in(LIVE)).group_by(_M.state)
                ),
                chats=[
                    row[1]
                    for row in rows(select(_M.conversation, func.count()).where(_first).group_by(_M.conversation))
                ],
                models=_most_first(
                    rows(select(_model.label("model"), func.count()).where(reply, _first).group_by("model"))
                ),
                prompts=_most_first(self._prompts(connection, since, until)),
                replies=rows(
                    select(_model, _M.first_token, _M.duration, written).where(
                        reply, _first, _M.first_token.is_not(None)
                    )
                ),
            )

    def _prompts(self, connection: Connection, since: datetime | None, until: datetime | None) -> list[tuple[Any, ...]]:
        system = _M.options["system"].as_string()
        query = select(system.label("system"), func.count()).where(
            _M.role == "assistant", _first, _M.options.is_not(None)
        )
        return [tuple(row) for row in connection.execute(self._kept(query.group_by("system"), since, until))]

    def _kept(self, query: Select[Any], since: datetime | None, until: datetime | None) -> Select[Any]:
        owner = self._database.owner
        query = query.select_from(messages.join(conversations, conversations.c.id == _M.conversation))
        query = query.where(_M.owner == owner, _M.trash.is_(None), conversations.c.deleted.is_(None))
        if since is not None:
            query = query.where(_M.created >= since)
        return query if until is None else query.where(_M.created < until)


def _joined(segments: Sequence[tuple[Any, ...]]) -> list[tuple[int, str, int]]:
    """The lengths of replies in several segments, each (id, parent, continues, characters), parents first. Of two that go
    on with the same the newer counts.
    """
    first: dict[int, int] = {}
    so_far: dict[int, int] = {}
    for id, parent, continues, characters in segments:
        known = continues and parent in first
        first[id] = first[parent] if known else id
        so_far[id] = characters + (so_far[parent] if known else 0)
    ends = {first[id]: length for id, length in so_far.items()}  # the last of each wins
    return [(bisect_right(LENGTHS, length), "assistant", 1) for length in ends.values() if length]


def _most_first(rows: Sequence[tuple[Any, ...]]) -> list[tuple[str, int]]:
    return sorted(((str(name), count) for name, count in rows if name is not None), key=lambda row: (-row[1], row[0]))
