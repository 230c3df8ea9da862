"""Tags: words in a colour that a person gives to conversations, as many as they like."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, select, update

from chatbot.core.errors import BadInput, NotFound
from chatbot.core.tag import COLOURS, LONGEST_TAG
from chatbot.core.text import repair
from chatbot.store.database import Database
from chatbot.store.find import chunks
from chatbot.store.tables import conversations, tagged, tags

MOST_TAGS = 200
_ALL = (
    select(tags.c.id, tags.c.name, tags.c.colour, func.count(conversations.c.id).label("count"))
    .select_from(
        tags.outerjoin(tagged, tagged.c.tag == tags.c.id).outerjoin(
            conversations, (conversations.c.id == tagged.c.conversation) & conversations.c.deleted.is_(None)
        )
    )
    .where(tags.c.owner == bindparam("owner"))
    .group_by(tags.c.id, tags.c.name, tags.c.colour, tags.c.folded)
    .order_by(tags.c.folded)
)
_OF_CONVERSATIONS = (
    select(tagged.c.conversation, tags.c.id, tags.c.name, tags.c.colour)
    .join(tags, tags.c.id == tagged.c.tag)
    .where(tags.c.owner == bindparam("owner"), tagged.c.conversation.in_(bindparam("ids", expanding=True)))
    .order_by(tags.c.folded)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """`count`: how many conversations have it that are not in the trash."""

    id: int
    name: str
    colour: str
    count: int = 0


class Tags:
    """Of one owner. "Work" and "work" are one tag."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Tag]:
        """Every tag, by name."""
        with self._database.read() as connection:
            return [Tag(**row._mapping) for row in connection.execute(_ALL, {"owner": self._database.owner})]

    def of(self, ids: Iterable[str]) -> dict[str, tuple[Tag, ...]]:
        """The tags of each of these conversations, by name; those without any are left out."""
        found: dict[str, tuple[Tag, ...]] = {}
        with self._database.read() as connection:
            for chunk in chunks(ids):
                for id, tag in tags_of(connection, self._database.owner, chunk):
                    found[id] = (*found.get(id, ()), tag)
        return found

    def names(self) -> dict[str, tuple[str, ...]]:
        """The names of the tags of every conversation that has any."""
        query = select(tagged.c.conversation, tags.c.name).join(tags, tags.c.id == tagged.c.tag)
        query = query.where(tags.c.owner == self._database.owner).order_by(tags.c.folded)
        found: dict[str, tuple[str, ...]] = {}
        with self._database.read() as connection:
            for id, name in connection.execute(query).all():
                found[id] = (*found.get(id, ()), name)
        return found

    def change(self, tag: int, *, name: str | None = None, colour: str | None = None) -> None:
        """Call it otherwise, or give it another colour; BadInput where the name is taken, NotFound."""
        values = {} if colour is None else {"colour": _colour(colour)}
        if name is not None:
            name = checked_name(name)
            values |= {"name": name, "folded": name.casefold()}
        with self._database.write() as connection:
            mine = tags.c.owner == self._database.owner
            if name is not None:
                taken = select(tags.c.id).where(mine, tags.c.folded == name.casefold(), tags.c.id != tag)
                if connection.execute(taken).first():
                    raise BadInput(f"There is a tag {name!r} already. Choose another name.")
            if not connection.execute(update(tags).where(mine, tags.c.id == tag).values(values)).rowcount:
                raise NotFound("That tag is not there any more. Somebody may have deleted it.")

    def remove(self, tag: int) -> None:
        """Delete the tag itself; its conversations stay."""
        with self._database.write() as connection:
            connection.execute(delete(tags).where(tags.c.owner == self._database.owner, tags.c.id == tag))

    def give(self, ids: Sequence[str], name: str, colour: str | None = None) -> Tag:
        """Tag these conversations; a tag that is not there yet is made, in `colour` or in the next one.

        Those that are gone meanwhile are left out.
        """
        name = checked_name(name)
        with self._database.write() as connection:
            tag = kept_tag(connection, self._database, name, colour)
            for chunk in chunks(ids):
                put_on(connection, self._database, chunk, tag.id)
            return tag

    def take(self, ids: Sequence[str], tag: int) -> None:
        """Take the tag off these conversations."""
        mine = select(tags.c.id).where(tags.c.owner == self._database.owner, tags.c.id == tag)
        with self._database.write() as connection:
            for chunk in chunks(ids):
                connection.execute(delete(tagged).where(tagged.c.conversation.in_(chunk), tagged.c.tag.in_(mine)))


def checked_name(name: str) -> str:
    """A name as it is kept; BadInput for none or one that is too long."""
    name = " ".join(repair(name).split())
    if not name:
        raise BadInput("The tag has no name. Type one first.")
    if len(name) > LONGEST_TAG:
        raise BadInput(f"The tag {name[:20]!r}… has {len(name)} characters; the most is {LONGEST_TAG}. Shorten it.")
    return name


def tags_of(connection: Connection, owner: str, ids: Sequence[str]) -> list[tuple[str, Tag]]:
    rows = connection.execute(_OF_CONVERSATIONS, {"owner": owner, "ids": ids}).all()
    return [(id, Tag(id=tag, name=name, colour=colour)) for id, tag, name, colour in rows]


def kept_tag(connection: Connection, database: Database, name: str, colour: str | None) -> Tag:
    """The tag of that name, made if it is not there."""
    mine = tags.c.owner == database.owner
    count = connection.execute(select(func.count()).select_from(tags).where(mine)).scalar_one()
    if count < MOST_TAGS:
        # Of two that make it at once the second finds the first's.
        row = {"owner": database.owner, "name": name, "folded": name.casefold()}
        row["colour"] = _colour(colour) if colour else COLOURS[count % (len(COLOURS) - 1)]
        connection.execute(database.insert(tags).values(row).on_conflict_do_nothing())
    found = connection.execute(select(tags).where(mine, tags.c.folded == name.casefold())).first()
    if found is None:
        raise BadInput(f"There are {count} tags already, and {MOST_TAGS} is the most. Delete one first.")
    return Tag(id=found.id, name=found.name, colour=found.colour)


def put_on(connection: Connection, database: Database, ids: Sequence[str], tag: int) -> None:
    mine = select(conversations.c.id).where(conversations.c.owner == database.owner, conversations.c.id.in_(ids))
    rows = [{"conversation": id, "tag": tag} for id in connection.execute(mine).scalars()]
    if rows:
        connection.execute(database.insert(tagged).on_conflict_do_nothing(), rows)


def _colour(colour: str) -> str:
    if colour not in COLOURS:
        raise BadInput(f"{colour!r} is no colour of a tag. There are {', '.join(COLOURS)}.")
    return colour
