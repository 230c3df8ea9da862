"""Messages that a person starred, to come back to."""

from collections.abc import Iterable

from sqlalchemy import bindparam, delete, select

from chatbot.store.database import Database
from chatbot.store.find import chunks, conversation_row, message_row
from chatbot.store.rows import now
from chatbot.store.tables import conversations, messages, stars
from chatbot.store.values import Starred

# Made once, since every drawing of a chat asks it.
_AMONG = select(stars.c.message).where(
    stars.c.owner == bindparam("owner"), stars.c.message.in_(bindparam("ids", expanding=True))
)


class Stars:
    """Of one owner. What is in the trash keeps its stars and is not listed here."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def star(self, conversation: str, message: int) -> None:
        """Star a message; NotFound. Once more changes nothing."""
        with self._database.write() as connection:
            owner = self._database.owner
            conversation_row(connection, owner, conversation)
            message_row(connection, owner, conversation, message)
            row = {"message": message, "owner": owner, "conversation": conversation, "created": now()}
            connection.execute(self._database.insert(stars).values(row).on_conflict_do_nothing())

    def unstar(self, message: int) -> None:
        with self._database.write() as connection:
            connection.execute(delete(stars).where(stars.c.owner == self._database.owner, stars.c.message == message))

    def among(self, messages: Iterable[int]) -> set[int]:
        """Those of these messages that have a star."""
        found: set[int] = set()
        with self._database.read() as connection:
            for chunk in chunks(messages):
                found.update(connection.execute(_AMONG, {"owner": self._database.owner, "ids": chunk}).scalars())
        return found

    def newest(self, *, limit: int = 30, offset: int = 0) -> list[Starred]:
        """The starred messages, the last starred first."""
        query = (
            select(
                stars.c.message,
                stars.c.conversation,
                conversations.c.title,
                messages.c.role,
                messages.c.created,
                messages.c.text,
            )
            .select_from(
                stars.join(messages, messages.c.id == stars.c.message).join(
                    conversations, conversations.c.id == stars.c.conversation
                )
            )
            .where(stars.c.owner == self._database.owner, messages.c.trash.is_(None), conversations.c.deleted.is_(None))
            .order_by(stars.c.created.desc(), stars.c.message.desc())
            .limit(limit)
            .offset(offset)
        )
        with self._database.read() as connection:
            return [Starred(**row._mapping) for row in connection.execute(query)]
