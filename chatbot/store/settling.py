"""Settling a call: its end and its cost, the sums it belongs to and the budgets that held for it, in one transaction."""

from typing import Any

from sqlalchemy import Connection, select, update

from chatbot.core.pricing import Cost
from chatbot.store.budgets import About, creating, release
from chatbot.store.database import Database
from chatbot.store.rows import cost_columns, now
from chatbot.store.spent import count_in
from chatbot.store.tables import calls


def settle(connection: Connection, database: Database, call: int, row: dict[str, Any], cost: Cost) -> bool:
    """Write the columns of `row` and the cost, once; False, and nothing changed, when the call had been settled before."""
    creating(connection, database, alone=False)
    settled = connection.execute(
        update(calls)
        .where(calls.c.owner == database.owner, calls.c.id == call, calls.c.outcome.is_(None))
        .values(finished=now(), **row, **cost_columns(cost))
    )
    if settled.rowcount != 1:
        return False
    made = connection.execute(
        select(calls.c.started, calls.c.conversation, calls.c.model_asked).where(calls.c.id == call)
    ).one()
    count_in(connection, database, [(made.started, cost)])
    about = About(at=made.started, conversation=made.conversation, model=made.model_asked)
    release(connection, database, call, about, cost.nanodollars or 0)
    return True
