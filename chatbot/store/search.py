"""Finding what was said: what conversations are called first, then messages by their words, the best first, then by parts of words, the newest first."""

from collections.abc import Sequence
from functools import reduce
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    Select,
    and_,
    column,
    func,
    literal_column,
    not_,
    or_,
    select,
    text,
)
from sqlalchemy.sql.elements import ColumnElement

from chatbot.core.query import Term, snippet, terms
from chatbot.core.text import repair
from chatbot.store import index
from chatbot.store.database import Database
from chatbot.store.search_names import by_names, in_one_reading
from chatbot.store.search_sqlite import common, either, newest, ranked
from chatbot.store.tables import backlog, calls, conversations, messages, stars, tagged
from chatbot.store.values import Filters, Hit

WINDOW = 10_000
"""One or two characters that are no word are looked for among so many of the newest messages; no index knows them."""
_RANKED = 300  # of the newest that match, PostgreSQL ranks so many: it reads each of them to do so
_FIRST = 200  # of the best, SQLite gives so many to be filtered at first
_COMMON_WORD, _COMMON_PHRASE = (5_000, 500), (30_000, 200)
"""Of so many of the newest messages so many: what stands in them is given newest first instead of ranked. To find a
phrase, every message with all of its words is read, so that it costs more than a word that stands in as many.
"""
_NOTHING = Filters()
_SIMPLE: ColumnElement[Any] = literal_column("'simple'::regconfig")
_VECTOR = func.to_tsvector(_SIMPLE, func.left(messages.c.text, literal_column(str(index.FIRST_CHARACTERS))))


class Search:
    """Of one owner's messages; what is in the trash is not found."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(
        self, query: str, filters: Filters = _NOTHING, *, limit: int = 30, offset: int = 0, long: int = 160
    ) -> list[Hit]:
        """Where all that was typed stands: words by their beginning, `"quoted"` ones as a phrase, signs as they are.

        Snippets have about `long` characters.
        """
        wanted = terms(query)
        if not wanted:
            return []
        need = offset + limit
        with self._database.read() as connection:
            hits = self._names(connection, wanted, filters)
            ids = self._by_words(connection, wanted, filters, need)
            # One or two letters stand in everything, and who quotes wants just that: parts of words are for the others.
            if len(ids) < need and not (ids and (_short(wanted) or all(term.phrase for term in wanted))):
                known = set(ids)
                ids += [id for id in self._by_parts(connection, wanted, filters, need) if id not in known]
            rest = ids[max(0, offset - len(hits)) : max(0, need - len(hits))]
            return hits[offset:need] + self._hits(connection, rest, wanted, long)

    def catch_up(self) -> bool:
        """Index some of the messages from before there was an index; False when all are in. Takes a moment each time."""
        return index.catch_up(self._database)

    @property
    def whole(self) -> bool:
        """Whether every message is in the index."""
        with self._database.read() as connection:
            return connection.execute(select(backlog.c.below)).first() is None

    def _names(self, connection: Connection, wanted: tuple[Term, ...], filters: Filters) -> list[Hit]:
        if filters.only_messages:
            return []
        kept = [*self._kept(filters), *_between(conversations.c.updated, filters)]
        if filters.conversation is not None:
            kept.append(conversations.c.id == repair(filters.conversation))
        return by_names(connection, self._database, wanted, kept)

    def _by_words(self, connection: Connection, wanted: tuple[Term, ...], filters: Filters, need: int) -> list[int]:
        sqlite = self._database.sqlite
        words = [term for term in wanted if (term.words_or_pictures if sqlite else term.words)]
        if not words:
            return []
        conditions = [*self._where(filters), *self._stands(_others(wanted, words))]
        if not sqlite:
            return list(connection.execute(_ranked_on_postgresql(words, conditions, need)).scalars())
        match = " AND ".join(either(term.readings, "*" if _begins(term) else "") for term in words)
        first = max(_FIRST, 4 * need)
        limits = _COMMON_PHRASE if any(term.phrase for term in words) else _COMMON_WORD
        if latest := common(connection, match, *limits):
            if first <= len(latest):  # to ask for them once more is to look for the words once more
                ids = _fulfilling(connection, [messages.c.id.in_(latest[:first]), *conditions], need)
            else:
                ids, _ = newest(connection, index.WORDS, match, conditions, need, first)
            if len(ids) == need:
                return ids
        ids, whole = ranked(connection, match, conditions, need, first)
        return ids if whole else ranked(connection, match, conditions, need, -1)[0]

    def _by_parts(self, connection: Connection, wanted: tuple[Term, ...], filters: Filters, need: int) -> list[int]:
        long = [term for term in wanted if len(term.text) > 2] if self._database.sqlite else []
        if long:
            conditions = [*self._where(filters), *self._stands([term for term in wanted if term not in long])]
            match = " AND ".join(either(term.readings) for term in long)
            ids, whole = newest(connection, index.PARTS, match, conditions, need, max(_FIRST, 4 * need))
            return ids if whole else newest(connection, index.PARTS, match, conditions, need, -1)[0]
        conditions = [*self._where(filters), *self._stands(wanted)]
        if _short(wanted):
            last = select(func.max(messages.c.id)).scalar_subquery()
            conditions.append(messages.c.id > last - WINDOW)
        return _fulfilling(connection, conditions, need)

    def _stands(self, wanted: Sequence[Term]) -> list[ColumnElement[bool]]:
        """That each of the terms is a part of the text, wherever."""
        if not self._database.sqlite:
            return [in_one_reading(messages.c.text.ilike, term) for term in wanted]
        found: list[ColumnElement[bool]] = []
        if long := [term for term in wanted if len(term.text) > 2]:
            parts = text(f"SELECT rowid FROM {index.PARTS} WHERE {index.PARTS} MATCH :parts")
            parts = parts.bindparams(parts=" AND ".join(either(term.readings) for term in long))
            found.append(messages.c.id.in_(parts.columns(column("rowid", Integer)).subquery().select()))
        return found + [in_one_reading(messages.c.text.like, term) for term in wanted if len(term.text) < 3]

    def _kept(self, filters: Filters) -> list[ColumnElement[bool]]:
        found = [conversations.c.owner == self._database.owner, conversations.c.deleted.is_(None)]
        having = (select(tagged.c.conversation).where(tagged.c.tag == tag) for tag in filters.tags)
        found += [conversations.c.id.in_(tagged_so) for tagged_so in having]
        if filters.begun_in is not None:
            found.append(conversations.c.tag == repair(filters.begun_in))
        return found

    def _where(self, filters: Filters) -> list[ColumnElement[bool]]:
        found = [
            *self._kept(filters),
            *_between(messages.c.created, filters),
            messages.c.owner == self._database.owner,
            messages.c.trash.is_(None),
            not_(messages.c.empty),
        ]
        if filters.model is not None:
            model = repair(filters.model)
            found.append(or_(messages.c.model_asked == model, messages.c.model_answered == model))
        if filters.role is not None:
            found.append(messages.c.role == filters.role)
        if filters.conversation is not None:
            found.append(messages.c.conversation == repair(filters.conversation))
        if filters.has_code:
            found.append(or_(messages.c.text.like("%```%"), messages.c.text.like("%~~~%")))
        if filters.starred:
            found.append(messages.c.id.in_(select(stars.c.message).where(stars.c.owner == self._database.owner)))
        if filters.cost_over is not None:
            bill = select(func.sum(calls.c.nanodollars)).where(
                calls.c.owner == self._database.owner, calls.c.reply == messages.c.id
            )
            found.append(bill.scalar_subquery() > filters.cost_over)
        return found

    def _hits(self, connection: Connection, ids: list[int], wanted: tuple[Term, ...], long: int) -> list[Hit]:
        query = _joined(
            select(
                messages.c.id,
                messages.c.conversation,
                messages.c.role,
                messages.c.created,
                messages.c.text,
                conversations.c.title,
            )
        ).where(messages.c.id.in_(ids))
        rows = {row.id: row for row in connection.execute(query).all()} if ids else {}
        return [
            Hit(
                conversation=row.conversation,
                title=row.title,
                message=row.id,
                snippet=snippet(row.text, wanted, long),
                when=row.created,
                role=row.role,
            )
            for row in (rows[id] for id in ids)
        ]


def _fulfilling(connection: Connection, conditions: Sequence[ColumnElement[bool]], need: int) -> list[int]:
    """So many of the newest messages that fulfil the conditions."""
    query = _joined(select(messages.c.id)).where(*conditions).order_by(messages.c.id.desc()).limit(need)
    return list(connection.execute(query).scalars())


def _joined(query: Select[Any]) -> Select[Any]:
    return query.select_from(messages.join(conversations, conversations.c.id == messages.c.conversation))


def _between(moment: Any, filters: Filters) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if filters.since is not None:
        found.append(moment >= filters.since)
    if filters.until is not None:
        found.append(moment < filters.until)
    return found


def _ranked_on_postgresql(words: list[Term], conditions: list[ColumnElement[bool]], need: int) -> Select[Any]:
    query = reduce(lambda one, other: one.op("&&")(other), map(_on_postgresql, words))
    # Of a word in letters that its parser does not know nothing is left, and that would be found everywhere.
    sure = [in_one_reading(messages.c.text.ilike, term) for term in words if not term.text.isascii()]
    newest = (
        _joined(select(messages.c.id, func.ts_rank(_VECTOR, query).label("near")))
        .where(_VECTOR.op("@@")(query), and_(True, *sure), *conditions)
        .order_by(messages.c.id.desc())
        .limit(max(_RANKED, need))
        .subquery()
    )
    return select(newest.c.id).order_by(newest.c.near.desc(), newest.c.id.desc()).limit(need)


def _on_postgresql(term: Term) -> Any:
    """The term as PostgreSQL looks for it, in whichever of its readings."""
    ways: list[Any] = [
        func.phraseto_tsquery(_SIMPLE, way)
        if term.phrase
        else func.to_tsquery(_SIMPLE, f"'{way}'" + (":*" if _begins(term) else ""))
        for way in term.readings
    ]
    return reduce(lambda one, other: one.op("||")(other), ways)


def _others(wanted: tuple[Term, ...], words: list[Term]) -> list[Term]:
    return [term for term in wanted if term not in words]


def _begins(term: Term) -> bool:
    """Whether it may be the beginning of a longer word: of one letter nearly everything is."""
    return not term.phrase and len(term.text) > 1


def _short(wanted: tuple[Term, ...]) -> bool:
    return all(len(term.text) < 3 for term in wanted)
