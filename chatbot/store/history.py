"""All conversations, a page at a time: the list, the archive and the trash, narrowed down; and what is done to many."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, select, update

from chatbot.core.bill import Bill
from chatbot.core.text import repair
from chatbot.store import trash
from chatbot.store.database import Database
from chatbot.store.find import chunks
from chatbot.store.lively import live
from chatbot.store.rows import now, options_of
from chatbot.store.spending import of_conversations
from chatbot.store.tables import calls, conversations, messages, stars, tagged
from chatbot.store.tables import trash as branches
from chatbot.store.values import DeletedBranch, HistoryLine, Order, Shelf, Wanted

_C = conversations.c
_inside = messages.alias()
_SHELVES = {
    "listed": and_(_C.deleted.is_(None), _C.archived.is_(None)),
    "archived": and_(_C.deleted.is_(None), _C.archived.is_not(None)),
    "trash": _C.deleted.is_not(None),
}
_ORDERS: dict[Order, Sequence[Any]] = {
    "used": (_C.pinned.desc(), _C.updated.desc(), _C.id.desc()),
    "oldest": (_C.created, _C.id),
    "title": (func.lower(_C.title), _C.id),
}
_EVERYTHING = Wanted()
_LONG = 200  # characters of a deleted message that are given


class History:
    """Of one owner. What is done to many is done in one transaction; ids that are gone meanwhile are left out."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lines(
        self, wanted: Wanted = _EVERYTHING, *, order: Order = "used", limit: int = 30, offset: int = 0
    ) -> list[HistoryLine]:
        """A page of them; the trash always by when they were deleted, the last first, and of those deleted at once the last used."""
        by = (_C.deleted.desc(), _C.updated.desc(), _C.id.desc()) if wanted.shelf == "trash" else _ORDERS[order]
        page = self._narrowed(select(_C.id), wanted).order_by(*by).limit(limit).offset(offset)
        with self._database.read() as connection:
            ids = list(connection.execute(page).scalars())
            columns = (_C.id, _C.title, _C.tag, _C.pinned, _C.created, _C.updated, _C.archived, _C.deleted, _C.options)
            answered = messages.c.model_answered
            query = select(*columns, live.label("live"), answered).where(_C.id.in_(ids))
            query = query.outerjoin_from(conversations, messages, messages.c.id == _C.head)
            rows = {row.id: row for row in connection.execute(query).all()} if ids else {}
            counts = _pairs(connection, _counted(ids)) if ids else {}
            starred = _pairs(connection, _starred(ids)) if ids else {}
            bills = of_conversations(connection, self._database.owner, ids) if ids else {}
        return [
            HistoryLine(
                id=id,
                title=rows[id].title,
                tag=rows[id].tag,
                pinned=rows[id].pinned,
                created=rows[id].created,
                updated=rows[id].updated,
                archived=rows[id].archived,
                deleted=rows[id].deleted,
                model=rows[id].model_answered or options_of(rows[id].options).model,
                messages=counts.get(id, 0),
                starred=starred.get(id, 0),
                bill=bills.get(id, Bill()),
                live=bool(rows[id].live),
            )
            for id in ids
        ]

    def count(self, wanted: Wanted = _EVERYTHING) -> int:
        query = self._narrowed(select(func.count(_C.id)), wanted)
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def count_all(self) -> int:
        """How many there are outside the trash."""
        query = select(func.count(_C.id)).where(_C.owner == self._database.owner, _C.deleted.is_(None))
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())

    def ids(self, wanted: Wanted = _EVERYTHING) -> list[str]:
        """All of them, the last used first."""
        with self._database.read() as connection:
            return list(connection.execute(self._narrowed(select(_C.id), wanted).order_by(*_ORDERS["used"])).scalars())

    def models(self) -> list[str]:
        """Every model that ever answered, by name."""
        query = select(messages.c.model_answered).where(
            messages.c.owner == self._database.owner, messages.c.model_answered.is_not(None)
        )
        with self._database.read() as connection:
            return sorted(connection.execute(query.distinct()).scalars())

    def archive(self, ids: Sequence[str]) -> int:
        """Put them away: out of the list, still found by searching. Gives how many there were."""
        return self._change(ids, "listed", archived=now())

    def unarchive(self, ids: Sequence[str]) -> int:
        return self._change(ids, "archived", archived=None)

    def pinned(self, ids: Sequence[str]) -> set[str]:
        """Those of them that are pinned."""
        query = select(conversations.c.id).where(conversations.c.owner == self._database.owner, conversations.c.pinned)
        with self._database.read() as connection:
            return {
                id
                for chunk in chunks(ids)
                for id in connection.execute(query.where(conversations.c.id.in_(chunk))).scalars()
            }

    def pin(self, ids: Sequence[str], pinned: bool) -> int:
        return self._change(ids, None, pinned=pinned)

    def delete(self, ids: Sequence[str]) -> int:
        """Into the trash. What is being answered in them is asked to stop."""
        return trash.delete_many(self._database, ids)

    def undelete(self, ids: Sequence[str]) -> int:
        return trash.undelete_many(self._database, ids)

    def deleted_branches(self, *, limit: int = 30, offset: int = 0) -> list[DeletedBranch]:
        """What was deleted out of conversations that are still there, the last deleted first."""
        seen = and_(_inside.c.trash == branches.c.token, _inside.c.continues.is_(False))
        count = select(func.count()).where(seen).scalar_subquery()
        query = (
            select(
                branches.c.token,
                branches.c.conversation,
                _C.title,
                branches.c.created.label("deleted"),
                count.label("messages"),
                func.substr(messages.c.text, 1, _LONG).label("text"),
            )
            .select_from(
                branches.join(conversations, _C.id == branches.c.conversation).join(
                    messages, messages.c.id == branches.c.message
                )
            )
            .where(branches.c.owner == self._database.owner, _C.deleted.is_(None))
            .order_by(branches.c.created.desc(), branches.c.token)
            .limit(limit)
            .offset(offset)
        )
        with self._database.read() as connection:
            return [DeletedBranch(**row._mapping) for row in connection.execute(query)]

    def _change(self, ids: Iterable[str], shelf: Shelf | None, **values: object) -> int:
        found = 0
        kept = _C.deleted.is_(None) if shelf is None else _SHELVES[shelf]
        with self._database.write() as connection:
            for chunk in chunks(sorted(map(repair, ids))):
                statement = update(conversations).where(_C.owner == self._database.owner, _C.id.in_(chunk), kept)
                found += connection.execute(statement.values(values)).rowcount
        return found

    def _narrowed(self, query: Select[Any], wanted: Wanted) -> Select[Any]:
        owner = self._database.owner
        query = query.where(_C.owner == owner, _SHELVES[wanted.shelf])
        if wanted.since is not None:
            query = query.where(_C.updated >= wanted.since)
        if wanted.until is not None:
            query = query.where(_C.updated < wanted.until)
        if wanted.model is not None:
            answered = and_(messages.c.owner == owner, messages.c.model_answered == repair(wanted.model))
            query = query.where(_C.id.in_(select(messages.c.conversation).where(answered)))
        for tag in wanted.tags:
            query = query.where(_C.id.in_(select(tagged.c.conversation).where(tagged.c.tag == tag)))
        if wanted.begun_in is not None:
            query = query.where(_C.tag == repair(wanted.begun_in))
        if wanted.starred:
            query = query.where(exists().where(stars.c.conversation == _C.id))
        if wanted.cost_over is not None:
            spent = select(calls.c.conversation).where(calls.c.owner == owner).group_by(calls.c.conversation)
            query = query.where(_C.id.in_(spent.having(func.sum(calls.c.nanodollars) > wanted.cost_over)))
        return query


def _pairs(connection: Connection, query: Select[Any]) -> dict[str, int]:
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def _counted(ids: Sequence[str]) -> Select[Any]:
    whole = and_(messages.c.conversation.in_(ids), messages.c.trash.is_(None), messages.c.continues.is_(False))
    return select(messages.c.conversation, func.count()).where(whole).group_by(messages.c.conversation)


def _starred(ids: Sequence[str]) -> Select[Any]:
    query = select(stars.c.conversation, func.count()).join(messages, messages.c.id == stars.c.message)
    query = query.where(stars.c.conversation.in_(ids), messages.c.trash.is_(None))
    return query.group_by(stars.c.conversation)
