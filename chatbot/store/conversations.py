"""Conversations and their messages, as they are listed, opened, named and thrown away."""

import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import timedelta

from sqlalchemy import Connection, Integer, and_, bindparam, case, insert, literal, select, tuple_, update

from chatbot.core.errors import BadInput
from chatbot.core.messages import Message, said
from chatbot.core.settings import Options
from chatbot.core.text import repair
from chatbot.core.tree import Leaf, Tree
from chatbot.store import trash
from chatbot.store.database import Database
from chatbot.store.find import chunks, conversation_row, missing_message
from chatbot.store.lively import live, unseen
from chatbot.store.rows import conversation_of, line_of, message_of, now, options_to_json
from chatbot.store.tables import conversations, messages
from chatbot.store.values import Conversation, Line, StoredMessage

LONGEST_TITLE = 200
SHORTEST_ID = 4  # characters of its beginning
# Made once, since every drawing of a page asks them: to make a statement takes longer than to ask it.
_KEPT = and_(conversations.c.owner == bindparam("owner"), conversations.c.deleted.is_(None))
_newest = messages.alias("newest")
_LINES = (
    select(
        conversations.c.id,
        conversations.c.title,
        conversations.c.pinned,
        conversations.c.updated,
        live.label("live"),
        unseen.label("unseen"),
        select(_newest.c.state).where(_newest.c.id == conversations.c.head).scalar_subquery().label("ended"),
    )
    .where(_KEPT, conversations.c.archived.is_(None))
    .order_by(conversations.c.pinned.desc(), conversations.c.updated.desc(), conversations.c.id.desc())
    .limit(bindparam("most", type_=Integer))
)
_TREE = (
    select(messages.c.id, messages.c.parent, messages.c.role, messages.c.state, messages.c.continues, messages.c.empty)
    .where(
        messages.c.owner == bindparam("owner"),
        messages.c.conversation == bindparam("conversation"),
        messages.c.trash.is_(None),
    )
    .order_by(messages.c.id)
)
_THESE = and_(messages.c.owner == bindparam("owner"), messages.c.id.in_(bindparam("ids", expanding=True)))
_WHOLE = select(messages).where(_THESE)
_WORDS = select(messages.c.id, messages.c.role, messages.c.text, messages.c.reasoning).where(_THESE)


class Conversations:
    """What is deleted is not found here until it is taken back."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._mine = and_(conversations.c.owner == database.owner, conversations.c.deleted.is_(None))

    def create(self, *, tag: str, options: Options, title: str = "") -> Conversation:
        """An empty conversation; its first message names it if `title` does not."""
        with self._database.write() as connection:
            id = new_conversation(connection, self._database.owner, tag=tag, options=options, title=title)
            return conversation_of(conversation_row(connection, self._database.owner, id))

    def get(self, id: str) -> Conversation:
        """The conversation; NotFound when there is none or it is in the trash."""
        with self._database.read() as connection:
            return conversation_of(conversation_row(connection, self._database.owner, id))

    def id_of(self, beginning: str) -> str:
        """The id that begins so, where a few characters tell one from all others; BadInput where they do not, NotFound."""
        if re.fullmatch(rf"[0-9a-f]{{1,{SHORTEST_ID - 1}}}", beginning):
            raise BadInput(f"{beginning!r} is too short: of an id at least {SHORTEST_ID} characters are needed.")
        with self._database.read() as connection:
            if not beginning or re.search(r"[^0-9a-f]", beginning):
                return str(conversation_row(connection, self._database.owner, beginning).id)
            query = select(conversations.c.id).where(
                self._mine, conversations.c.deleted.is_(None), conversations.c.id.startswith(beginning)
            )
            found = connection.execute(query.order_by(conversations.c.id).limit(2)).scalars().all()
            if len(found) > 1:
                raise BadInput(f"{beginning!r} begins several conversations; give more of the id.")
            return str(found[0] if found else conversation_row(connection, self._database.owner, beginning).id)

    def lines(self, *, limit: int = 30, before: Line | None = None) -> list[Line]:
        """The list, without what is archived: pinned ones first, then by last activity, newest first. `before`: the last line of the page before."""
        query, asked = _LINES, {"owner": self._database.owner, "most": limit}
        if before is not None:
            here = (
                literal(before.pinned),
                literal(before.updated, conversations.c.updated.type),
                literal(before.id),
            )
            at = tuple_(conversations.c.pinned, conversations.c.updated, conversations.c.id)
            query = query.where(at < tuple_(*here))
        with self._database.read() as connection:
            return [line_of(row) for row in connection.execute(query, asked)]

    def names(self) -> dict[str, tuple[str, str]]:
        """Title and tag of every conversation by id."""
        query = select(conversations.c.id, conversations.c.title, conversations.c.tag).where(self._mine)
        with self._database.read() as connection:
            return {id: (title, tag) for id, title, tag in connection.execute(query).all()}

    def latest(self) -> Conversation | None:
        """The one with the last activity that is not archived."""
        query = (
            select(conversations)
            .where(self._mine, conversations.c.archived.is_(None))
            .order_by(conversations.c.updated.desc(), conversations.c.id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
            return None if row is None else conversation_of(row)

    def rename(self, id: str, title: str, by: str = "person") -> None:
        """Give it a title. A model's title never replaces a person's."""
        title = " ".join(repair(title).split())[:LONGEST_TITLE].strip()
        if not title:
            raise BadInput("The title is empty. Type one first.")
        with self._database.write() as connection:
            row = conversation_row(connection, self._database.owner, id, lock=True)
            if by == "model" and row.title_by == "person":
                return
            self._set(connection, id, title=title, title_by=by)

    def pin(self, id: str, pinned: bool) -> None:
        self._change(id, pinned=pinned)

    def set_options(self, id: str, options: Options) -> None:
        self._change(id, options=options_to_json(options))

    def set_head(self, id: str, message_id: int) -> None:
        """Stand on that message: the conversation is read from it up to the root. NotFound when it is not in there."""
        with self._database.write() as connection:
            conversation_row(connection, self._database.owner, id, lock=True)
            found = connection.execute(
                select(messages.c.id).where(
                    messages.c.owner == self._database.owner,
                    messages.c.conversation == id,
                    messages.c.id == message_id,
                    messages.c.trash.is_(None),
                )
            ).first()
            if found is None:
                raise missing_message(message_id)
            self._set(connection, id, head=message_id)

    def seen(self, id: str) -> None:
        """Someone looks at it now."""
        moment = now()
        # Two hosts' clocks may differ: whatever was answered has been seen.
        later = case((conversations.c.answered > moment, conversations.c.answered), else_=moment)
        with self._database.write() as connection:
            self._set(connection, repair(id), seen=later)

    def delete(self, id: str) -> None:
        """Into the trash, whole. What is being answered in it is asked to stop."""
        trash.delete(self._database, id)

    def undelete(self, id: str) -> None:
        """Back out of the trash; NotFound when it is not in there."""
        trash.undelete(self._database, id)

    def delete_message(self, conversation_id: str, message_id: int) -> str:
        """Into the trash, with everything below it; gives the token that takes it back. Replies in it are asked to stop."""
        return trash.delete_message(self._database, conversation_id, message_id)

    def undelete_message(self, token: str) -> None:
        """Restore exactly what that deletion took, and the head; NotFound when it was taken back or purged before."""
        trash.undelete_message(self._database, token)

    def purge(self, older_than_days: float = 30) -> int:
        """Empty the trash of what has lain there that long; gives the number of conversations and branches removed."""
        removed = trash.purge(self._database, now() - timedelta(days=older_than_days))
        return removed.conversations + removed.branches

    def empty_trash(self) -> trash.Removed:
        """Remove all that is in the trash from every table and index. `Store.wipe` then takes it out of the file, too."""
        return trash.purge(self._database, None)

    def remove_for_good(self, ids: Sequence[str] = (), *, tokens: Sequence[str] = ()) -> trash.Removed:
        """The same for these conversations and, by their tokens, these deleted messages alone."""
        return trash.purge_these(self._database, ids, tokens)

    def tree(self, id: str) -> Tree:
        """The conversation without its words."""
        with self._database.read() as connection:
            conversation_row(connection, self._database.owner, id)
            return Tree(
                [
                    Leaf(id=id, parent=parent, role=role, state=state, continues=continues, empty=empty)
                    for id, parent, role, state, continues, empty in connection.execute(
                        _TREE, {"owner": self._database.owner, "conversation": id}
                    ).all()
                ]
            )

    def messages(self, ids: Iterable[int]) -> dict[int, StoredMessage]:
        """Whole messages by id. Unknown ids are left out; deleted ones are found, until they are purged."""
        found: dict[int, StoredMessage] = {}
        with self._database.read() as connection:
            for chunk in chunks(ids):
                rows = connection.execute(_WHOLE, {"owner": self._database.owner, "ids": chunk}).all()
                found |= {row.id: message_of(row) for row in rows}
        return found

    def words(self, ids: Iterable[int]) -> dict[int, Message]:
        """What was said in those messages and nothing else: a quarter of the work, for who reads a thousand of them."""
        found: dict[int, Message] = {}
        with self._database.read() as connection:
            for chunk in chunks(ids):
                rows = connection.execute(_WORDS, {"owner": self._database.owner, "ids": chunk}).all()
                for id, role, text, reasoning in rows:
                    found[id] = said(role, text, reasoning=reasoning)
        return found

    def _change(self, id: str, **values: object) -> None:
        with self._database.write() as connection:
            conversation_row(connection, self._database.owner, id)
            self._set(connection, id, **values)

    def _set(self, connection: Connection, id: str, **values: object) -> None:
        connection.execute(update(conversations).where(conversations.c.id == id, self._mine).values(values))


def fresh_id() -> str:
    """An id that nobody can guess."""
    return secrets.token_hex(12)


def new_conversation(connection: Connection, owner: str, *, tag: str, options: Options, title: str = "") -> str:
    """Inserts one, for others' transactions; gives its id."""
    id = fresh_id()
    moment = now()
    row = {
        "id": id,
        "owner": owner,
        "title": " ".join(repair(title).split())[:LONGEST_TITLE],
        "title_by": "words",
        "tag": tag,
        "options": options_to_json(options),
        "created": moment,
        "updated": moment,
    }
    connection.execute(insert(conversations).values(row))
    return id
