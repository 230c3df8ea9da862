"""Whether the database and our own rules about it hold."""

from sqlalchemy import text

from chatbot.core.messages import LIVE
from chatbot.store.database import Database
from chatbot.store.index import PARTS, WORDS

_LIVE = ", ".join(f"'{state}'" for state in sorted(LIVE))
_RULES = {
    "reply {} is live without a lease": (
        f"SELECT id FROM messages WHERE state IN ({_LIVE}) AND id NOT IN (SELECT reply FROM leases)"
    ),
    "reply {} has ended and still has a lease": (
        f"SELECT id FROM messages WHERE state NOT IN ({_LIVE}) AND id IN (SELECT reply FROM leases)"
    ),
    "reply {} has ended and still has a draft": (
        f"SELECT DISTINCT m.id FROM messages m JOIN drafts d ON d.reply = m.id WHERE m.state NOT IN ({_LIVE})"
    ),
    "conversation {} stands on a message that it does not hold": (
        "SELECT c.id FROM conversations c WHERE c.head IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM messages m WHERE m.id = c.head AND m.conversation = c.id AND m.trash IS NULL)"
    ),
    "message {} hangs below one of another conversation": (
        "SELECT m.id FROM messages m JOIN messages p ON p.id = m.parent WHERE p.conversation <> m.conversation"
    ),
    "message {} is kept below one that is deleted": (
        "SELECT m.id FROM messages m JOIN messages p ON p.id = m.parent WHERE m.trash IS NULL AND p.trash IS NOT NULL"
    ),
    "call {} was settled without an end": ("SELECT id FROM calls WHERE (outcome IS NULL) <> (finished IS NULL)"),
}

_UNFOUND = "message {} is in the index and without words, or the other way round"
_NOT_INDEXED = " UNION ".join(
    f"SELECT id FROM messages WHERE NOT empty AND id NOT IN (SELECT id FROM {table}_docsize) "
    f"UNION SELECT id FROM {table}_docsize WHERE id NOT IN (SELECT id FROM messages WHERE NOT empty)"
    for table in (WORDS, PARTS)
)


def integrity(database: Database) -> list[str]:
    found: list[str] = []
    with database.read() as connection:
        if database.sqlite:
            lines = connection.exec_driver_sql("PRAGMA integrity_check").scalars()
            found += [f"SQLite: {line}" for line in lines if line != "ok"]
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            found += [f"a row of {row[0]} points at a missing row of {row[2]}" for row in broken]
            if connection.execute(text("SELECT 1 FROM backlog")).first() is None:
                found += [_UNFOUND.format(id) for id in connection.execute(text(_NOT_INDEXED)).scalars()]
        for sentence, query in _RULES.items():
            found += [sentence.format(id) for id in connection.execute(text(query)).scalars()]
    return found
