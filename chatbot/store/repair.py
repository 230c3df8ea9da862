"""Putting right what can be put right without losing a word. The caller has made a backup."""

from collections.abc import Callable, Collection

from sqlalchemy import Connection, delete, func, insert, literal, select, text, update

from chatbot.core.messages import LIVE
from chatbot.core.settings import Options
from chatbot.store import index
from chatbot.store.budgets import Budgets, creating
from chatbot.store.database import Database
from chatbot.store.drafts import joined_draft
from chatbot.store.integrity import Mend
from chatbot.store.lease import Owner
from chatbot.store.rows import now, options_to_json
from chatbot.store.spent import add_up_anew
from chatbot.store.tables import calls, conversations, counters, drafts, holds, leases, messages

_NOBODY = Owner("repaired", "-", 0, 0.0)
_FOUND = "Found again"
"""The title of a conversation whose own row was lost."""


def repair(database: Database, mends: Collection[Mend]) -> list[str]:
    """Do these; a sentence for each thing that was done. Replies without an owner are then ended by `recover`."""
    return [sentence for mend, put_right in _IN_ORDER.items() if mend in mends and (sentence := put_right(database))]


def _indexes(database: Database) -> str:
    with database.write() as connection:
        connection.execute(text("REINDEX"))
    return "The database's own indexes were made anew."


def _references(database: Database) -> str:
    if not database.sqlite:  # PostgreSQL lets no row point at nothing
        return ""
    count = 0
    # Putting one right may show another: a message that comes back points at its parent.
    for _ in range(5):
        # With foreign keys on, SQLite would refuse to touch some of these rows at all.
        with database.migrate() as connection:
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            for table, row, above, _number in broken:
                _mend_reference(connection, table, row, above)
        count += len(broken)
        if not broken:
            break
    return f"{_counted(count, 'row')} that pointed at nothing: words were kept, the rest removed." if count else ""


def _mend_reference(connection: Connection, table: str, row: int, above: str) -> None:
    match table, above:
        case "messages", "conversations":
            _adopt(connection, row)
        case "messages", "messages":
            connection.execute(update(messages).where(messages.c.id == row).values(parent=None))
        case "messages", "trash":
            connection.execute(update(messages).where(messages.c.id == row).values(trash=None))
        case _:
            connection.exec_driver_sql(f'DELETE FROM "{table}" WHERE rowid = ?', (row,))


def _adopt(connection: Connection, message: int) -> None:
    """A conversation for messages that have none."""
    row = connection.execute(
        select(messages.c.owner, messages.c.conversation, messages.c.created).where(messages.c.id == message)
    ).one()
    here = select(conversations.c.id).where(conversations.c.id == row.conversation)
    if connection.execute(here).first() is not None:
        return
    moment = now()
    made = {
        **{"id": row.conversation, "owner": row.owner, "title": _FOUND, "title_by": "words", "tag": "browser"},
        **{"options": options_to_json(Options()), "created": row.created, "updated": moment},
    }
    connection.execute(insert(conversations).values(made))
    _stand_on_newest(connection, row.conversation)


def _leases(database: Database) -> str:
    ended = select(messages.c.id).where(messages.c.state.not_in(LIVE))
    alone = select(
        messages.c.id,
        messages.c.owner,
        messages.c.conversation,
        literal(_NOBODY.text),
        literal(0.0),  # it ran out long ago, so that the next recovery ends the reply
    ).where(messages.c.state.in_(LIVE), messages.c.id.not_in(select(leases.c.reply)))
    with database.write() as connection:
        gone = connection.execute(delete(leases).where(leases.c.reply.in_(ended))).rowcount
        made = connection.execute(
            insert(leases).from_select(["reply", "owner", "conversation", "process", "until"], alone)
        ).rowcount
    return f"{_counted(gone + made, 'reply', 'replies')} whose end was not told: they are ended, with what they had."


def _drafts(database: Database) -> str:
    left = (
        select(messages.c.id, messages.c.owner, messages.c.text, messages.c.reasoning)
        .where(messages.c.state.not_in(LIVE), messages.c.id.in_(select(drafts.c.reply)))
        .order_by(messages.c.id)
    )
    gone = kept = 0
    with database.write() as connection:
        for row in connection.execute(left).all():
            words, why = joined_draft(connection, row.owner, row.id)
            if words in row.text and why in row.reasoning:
                connection.execute(delete(drafts).where(drafts.c.reply == row.id))
                gone += 1
            else:
                kept += 1
    parts = [f"{_counted(gone, 'draft')} that had been left over: removed."] if gone else []
    if kept:
        parts.append(f"{_counted(kept, 'draft')} with words that the reply does not have: left as they are.")
    return " ".join(parts)


def _heads(database: Database) -> str:
    held = select(messages.c.id).where(
        messages.c.id == conversations.c.head,
        messages.c.conversation == conversations.c.id,
        messages.c.trash.is_(None),
    )
    lost = select(conversations.c.id).where(conversations.c.head.is_not(None), ~held.exists())
    with database.write() as connection:
        ids = list(connection.execute(lost).scalars())
        for id in ids:
            _stand_on_newest(connection, id)
    return f"{_counted(len(ids), 'conversation')} that stood on no message: each stands on its newest now."


def _stand_on_newest(connection: Connection, conversation: str) -> None:
    newest = select(func.max(messages.c.id)).where(messages.c.conversation == conversation, messages.c.trash.is_(None))
    connection.execute(
        update(conversations).where(conversations.c.id == conversation).values(head=newest.scalar_subquery())
    )


def _holds(database: Database) -> str:
    settled = select(calls.c.id).where(calls.c.outcome.is_not(None))
    with database.write() as connection:
        creating(connection, database, alone=True)
        gone = connection.execute(delete(holds).where(holds.c.call.in_(settled))).rowcount
    _counters(database)  # what was held is part of them
    return f"{_counted(gone, 'sum')} that limits kept for calls that are over: given back."


def _counters(database: Database) -> str:
    mended = 0
    for counted, right in Budgets(database).recounted():
        if (counted.spent, counted.held) != (right.spent, right.held):
            with database.write() as connection:
                connection.execute(
                    update(counters)
                    .where(counters.c.budget == right.budget.id, counters.c.period == right.period)
                    # By the difference: a call may be counted in between.
                    .values(
                        spent=counters.c.spent + (right.spent - counted.spent),
                        held=counters.c.held + (right.held - counted.held),
                    )
                )
            mended += 1
    return f"{_counted(mended, 'counter')} of the limits: added up anew from the bills." if mended else ""


def _sums(database: Database) -> str:
    add_up_anew(database)
    return "The sums by day and hour were added up anew from the bills."


def _search(database: Database) -> str:
    with database.write() as connection:
        index.begin_anew(connection, database)
    while index.catch_up(database):
        pass
    return "The search index was made anew."


_IN_ORDER: dict[Mend, Callable[[Database], str]] = {
    "indexes": _indexes,
    "references": _references,
    "leases": _leases,
    "drafts": _drafts,
    "heads": _heads,
    "holds": _holds,
    "sums": _sums,  # before the counters: those of days and months are added up from them
    "counters": _counters,
    "search": _search,
}


def _counted(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
