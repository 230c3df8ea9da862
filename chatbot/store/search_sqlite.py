"""SQLite's side of the search: the two full-text tables asked, and what they gave filtered."""

from collections.abc import Sequence

from sqlalchemy import Connection, Float, Integer, Subquery, column, func, select, text
from sqlalchemy.sql.elements import ColumnElement

from chatbot.store import index
from chatbot.store.tables import conversations, messages


def common(connection: Connection, match: str, window: int, most: int) -> list[int]:
    """The newest with the words, unfiltered, when they stand in at least `most` of the newest `window` messages.

    To rank what stands nearly everywhere is to read nearly everything, and says little: the newest are given then.
    """
    latest = connection.execute(select(func.max(messages.c.id))).scalar() or 0
    if latest <= window:
        return []
    query = text(
        f"SELECT rowid FROM {index.WORDS} WHERE {index.WORDS} MATCH :words AND rowid > :id ORDER BY rowid DESC LIMIT :most"
    )
    found = list(connection.execute(query, {"words": match, "id": latest - window, "most": most}).scalars())
    return found if len(found) == most else []


def newest(
    connection: Connection, table: str, match: str, conditions: list[ColumnElement[bool]], need: int, first: int
) -> tuple[list[int], bool]:
    """The newest, and whether there cannot be more. `first`: so many of the newest are filtered; -1 all."""
    query = text(
        f"SELECT rowid AS id FROM {table} WHERE {table} MATCH :parts ORDER BY rowid DESC LIMIT :first"
    ).bindparams(parts=match, first=first)
    return _filtered(connection, query.columns(column("id", Integer)).subquery("found"), conditions, need, first)


def ranked(
    connection: Connection,
    match: str,
    conditions: list[ColumnElement[bool]],
    need: int,
    first: int,
) -> tuple[list[int], bool]:
    """The best, and whether there cannot be more. `first`: so many of the best are filtered; -1 all."""
    best = text(
        f"SELECT rowid AS id, rank AS far FROM {index.WORDS} WHERE {index.WORDS} MATCH :words ORDER BY rank LIMIT :first"
    ).bindparams(words=match, first=first)
    found = best.columns(column("id", Integer), column("far", Float)).subquery("found")
    return _filtered(connection, found, conditions, need, first)


def _filtered(
    connection: Connection, found: Subquery, conditions: list[ColumnElement[bool]], need: int, first: int
) -> tuple[list[int], bool]:
    """Those of the found that fulfil the conditions, in the order in which they were found."""
    order = (found.c.far, messages.c.id.desc()) if "far" in found.c else (messages.c.id.desc(),)
    query = (
        select(messages.c.id)
        .select_from(
            found.join(messages, messages.c.id == found.c.id).join(
                conversations, conversations.c.id == messages.c.conversation
            )
        )
        .where(*conditions)
        .order_by(*order)
        .limit(need)
    )
    ids = list(connection.execute(query).scalars())
    if first < 0 or len(ids) == need:
        return ids, True
    return ids, connection.execute(select(func.count()).select_from(found)).scalar_one() < first


def either(readings: Sequence[str], ending: str = "") -> str:
    """One of the readings of a term; `ending`: "*" where it may be the beginning of a longer word."""
    ways = [quoted(way) + ending for way in readings]
    return ways[0] if len(ways) == 1 else f"({' OR '.join(ways)})"


def quoted(words: str) -> str:
    """As FTS5 takes it for what it is, whatever signs are in it."""
    return '"' + words.replace('"', '""') + '"'
