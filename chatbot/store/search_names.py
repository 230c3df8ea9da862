"""Conversations found by what they are called: their titles and tags, and the system prompts they are held with."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Text, and_, cast, or_, select
from sqlalchemy.sql.elements import ColumnElement

from chatbot.core.query import Term, snippet, stands_in
from chatbot.store.database import Database
from chatbot.store.rows import options_of
from chatbot.store.tables import conversations, tagged, tags
from chatbot.store.values import Hit, Where

MOST = 10  # of each kind
_WITH_FORMS = "\u00c0-\u024f\u0370-\u058f\u1e00-\u1fff"
"""Letters that have accents or capitals beyond ASCII: Latin, Greek, Cyrillic, Armenian."""


def by_names(
    connection: Connection, database: Database, wanted: tuple[Term, ...], kept: Sequence[ColumnElement[bool]]
) -> list[Hit]:
    """Titles first, then tags, then prompts; of each the last used first. Of a prompt that many have, the last used one.

    Read, not indexed: they are short, and so they are found as they are now.
    """
    return [
        *_titles(connection, wanted, kept, database.sqlite),
        *_tags(connection, database.owner, wanted, kept),
        *_prompts(connection, wanted, kept),
    ]


def _titles(
    connection: Connection, wanted: tuple[Term, ...], kept: Sequence[ColumnElement[bool]], sqlite: bool
) -> list[Hit]:
    """The database looks for what stands there letter by letter; only titles with letters that have accents or other
    capitals are folded, and looked at here.
    """
    query = _latest(conversations.c.title).where(*kept, _may_stand(conversations.c.title, wanted, sqlite))
    rows = [row for row in connection.execute(query).all() if stands_in(row[2], wanted)][:MOST]
    return [_hit(row, row[2], wanted, "title") for row in rows]


def _tags(
    connection: Connection, owner: str, wanted: tuple[Term, ...], kept: Sequence[ColumnElement[bool]]
) -> list[Hit]:
    rows = connection.execute(select(tags.c.id, tags.c.name).where(tags.c.owner == owner)).all()
    names = {row.id: row.name for row in rows}
    found = [id for id, name in names.items() if stands_in(name, wanted)]
    if not found:
        return []
    query = _latest(tagged.c.tag).join(tagged, tagged.c.conversation == conversations.c.id)
    having = connection.execute(query.where(*kept, tagged.c.tag.in_(found)).limit(MOST)).all()
    return [_hit(row, names[row[2]], wanted, "tag") for row in having]


def _prompts(connection: Connection, wanted: tuple[Term, ...], kept: Sequence[ColumnElement[bool]]) -> list[Hit]:
    # As it is kept, a letter beyond ASCII is an escape: prompts and words with such letters are looked at here.
    ascii_terms = [term for term in wanted if term.text.isascii() and not set(term.text) & set('"\\\n\t')]
    options = cast(conversations.c.options, Text)
    pattern = and_(True, *(in_one_reading(options.ilike, term) for term in ascii_terms))
    hits: dict[str, Hit] = {}
    escaped = options.like("%\\\\u0%", escape="\\")
    for row in connection.execute(_latest(conversations.c.options).where(*kept, or_(pattern, escaped))):
        prompt = options_of(row[2]).system
        if prompt in hits or not prompt or not stands_in(prompt, wanted):
            continue
        hits[prompt] = _hit(row, prompt, wanted, "prompt")
        if len(hits) == MOST:
            break
    return list(hits.values())


def _latest(what: Any) -> Any:
    query = select(conversations.c.id, conversations.c.updated, what, conversations.c.title)
    return query.order_by(conversations.c.updated.desc(), conversations.c.id.desc())


def _hit(row: Any, text: str, wanted: tuple[Term, ...], where: Where) -> Hit:
    return Hit(
        conversation=row[0],
        title=row[3],
        message=None,
        snippet=snippet(text, wanted),
        when=row[1],
        role=None,
        where=where,
    )


def _may_stand(title: Any, wanted: Sequence[Term], sqlite: bool) -> ColumnElement[bool]:
    there = title.like if sqlite else title.ilike
    letter_by_letter = and_(*(in_one_reading(there, term) for term in wanted))
    return or_(
        letter_by_letter, title.op("GLOB")(f"*[{_WITH_FORMS}]*") if sqlite else title.op("~")(f"[{_WITH_FORMS}]")
    )


def in_one_reading(there: Any, term: Term) -> ColumnElement[bool]:
    """That the term is a part of the text in one of its readings; `there`: the column's `like` or `ilike`."""
    return or_(*(there(like(way), escape="\\") for way in term.readings))


def like(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
