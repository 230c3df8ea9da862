"""Whether the database and our own rules about it hold."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, text

from chatbot.core.messages import LIVE
from chatbot.store.budgets import Budgets
from chatbot.store.database import Database
from chatbot.store.index import PARTS, WORDS
from chatbot.store.spent import wrong_sums

Mend = Literal["", "indexes", "references", "leases", "drafts", "heads", "holds", "counters", "sums", "search"]
"""What of `repair` puts it right; empty where only a backup can."""

_LIVE = ", ".join(f"'{state}'" for state in sorted(LIVE))
_RULES: tuple[tuple[Mend, str, str], ...] = (
    (
        "leases",
        "reply {} is live without a lease",
        f"SELECT id FROM messages WHERE state IN ({_LIVE}) AND id NOT IN (SELECT reply FROM leases)",
    ),
    (
        "leases",
        "reply {} has ended and still has a lease",
        f"SELECT id FROM messages WHERE state NOT IN ({_LIVE}) AND id IN (SELECT reply FROM leases)",
    ),
    (
        "drafts",
        "reply {} has ended and still has a draft",
        f"SELECT DISTINCT m.id FROM messages m JOIN drafts d ON d.reply = m.id WHERE m.state NOT IN ({_LIVE})",
    ),
    (
        "heads",
        "conversation {} stands on a message that it does not hold",
        "SELECT c.id FROM conversations c WHERE c.head IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM messages m WHERE m.id = c.head AND m.conversation = c.id AND m.trash IS NULL)",
    ),
    (
        "",
        "message {} hangs below one of another conversation",
        "SELECT m.id FROM messages m JOIN messages p ON p.id = m.parent WHERE p.conversation <> m.conversation",
    ),
    (
        "",
        "message {} is kept below one that is deleted",
        "SELECT m.id FROM messages m JOIN messages p ON p.id = m.parent WHERE m.trash IS NULL AND p.trash IS NOT NULL",
    ),
    (
        "",
        "call {} was settled without an end",
        "SELECT id FROM calls WHERE (outcome IS NULL) <> (finished IS NULL)",
    ),
    (
        "holds",
        "call {} is settled and a limit still keeps money for it",
        "SELECT DISTINCT h.call FROM holds h JOIN calls c ON c.id = h.call WHERE c.outcome IS NOT NULL",
    ),
)

_UNFOUND = "message {} is in the index and without words, or the other way round"
_NOT_INDEXED = " UNION ".join(
    f"SELECT id FROM messages WHERE NOT empty AND id NOT IN (SELECT id FROM {table}_docsize) "
    f"UNION SELECT id FROM {table}_docsize WHERE id NOT IN (SELECT id FROM messages WHERE NOT empty)"
    for table in (WORDS, PARTS)
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong, in a sentence without its full stop."""

    sentence: str
    mend: Mend = ""


def examine(database: Database) -> list[Finding]:
    """Everything that is wrong; empty when all is well. Reads everything, so it takes its time."""
    found: list[Finding] = []
    with database.read() as connection:
        if database.sqlite:
            found += _sqlite(connection)
        for mend, sentence, query in _RULES:
            found += [Finding(sentence.format(id), mend) for id in connection.execute(text(query)).scalars()]
    for counted, right in Budgets(database).recounted():
        if (counted.spent, counted.held) != (right.spent, right.held):
            about = f"{right.budget.kind} limit {right.budget.subject}".strip()
            found.append(Finding(f"the counter of the {about} is not what the bills come to", "counters"))
    if wrong := wrong_sums(database):
        found.append(Finding(f"{wrong:,} of the sums by day and hour are not what the bills come to", "sums"))
    return found


def _sqlite(connection: Connection) -> list[Finding]:
    lines = connection.exec_driver_sql("PRAGMA integrity_check").scalars()
    found = [Finding(f"SQLite: {line}", "indexes" if about_an_index(line) else "") for line in lines if line != "ok"]
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    found += [Finding(f"a row of {row[0]} points at a missing row of {row[2]}", "references") for row in broken]
    if connection.execute(text("SELECT 1 FROM backlog")).first() is None:
        ids = connection.execute(text(_NOT_INDEXED)).scalars()
        found += [Finding(_UNFOUND.format(id), "search") for id in ids]
    return found


def about_an_index(line: str) -> bool:
    """Whether that is about an index alone, which can be made anew from its table.

    >>> about_an_index("row 3 missing from index ix_messages_tree"), about_an_index("wrong # of entries in index ix")
    (True, True)
    >>> about_an_index("*** in database main *** Page 3: btreeInitPage() returns error code 11")
    False
    """
    return "from index" in line or "in index" in line
