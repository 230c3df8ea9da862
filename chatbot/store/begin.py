"""Beginning a turn: the person's words and an empty reply, stored in one transaction."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection, insert, select, update

from chatbot.core.errors import BadInput
from chatbot.core.messages import LIVE, State
from chatbot.core.routing import Routed
from chatbot.core.settings import Options
from chatbot.core.text import checked, first_words
from chatbot.store.conversations import new_conversation
from chatbot.store.database import Database, added
from chatbot.store.find import conversation_row, message_row
from chatbot.store.index import take_in
from chatbot.store.lease import LEASE_SECONDS, Owner
from chatbot.store.rows import now, options_to_json, repaired, storable
from chatbot.store.tables import begins, conversations, leases, messages
from chatbot.store.values import ROUTED, Begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """What `Turns.begin` was asked for."""

    conversation: str | None
    parent: int | None
    text: str | None
    continues: bool
    once: bool
    key: str
    options: Options
    process: Owner
    tag: str
    routed: Routed | None = None


def begin(database: Database, ask: Beginning) -> Begun:
    text = None if ask.text is None else checked(ask.text)
    if text is None and (ask.conversation is None or ask.parent is None):
        raise BadInput("There is no message to answer. Type something first.")
    if text is not None and ask.continues:
        raise BadInput("A reply goes on without new words. Send them as a message instead.")
    with database.write() as connection:
        if (before := _claim(connection, database, ask.key)) is not None:
            return before
        if ask.conversation is None:
            id = new_conversation(
                connection, database.owner, tag=ask.tag, options=ask.options, title=first_words(text or "")
            )
        else:
            id = ask.conversation
            row = conversation_row(connection, database.owner, id, lock=True)
            if text is not None and not row.title:
                _set(connection, id, title=first_words(text))
            if row.archived is not None:
                _set(connection, id, archived=None)  # who goes on with it wants it back in the list
        if ask.once and (there := _being_written(connection, database, id, ask)) is not None:
            return there
        state = _check_parent(connection, database.owner, id, ask, text)
        return _store(connection, database, id, ask, text, state)


def _claim(connection: Connection, database: Database, key: str) -> Begun | None:
    """Take the key, or give what it stored before. Of two at once the second waits here until the first has committed."""
    insert = database.insert(begins).values(owner=database.owner, key=repaired(key)).on_conflict_do_nothing()
    if connection.execute(insert.returning(begins.c.key)).first() is not None:
        return None
    found = connection.execute(
        select(begins, messages.c.state)
        .join(messages, messages.c.id == begins.c.reply)
        .where(begins.c.owner == database.owner, begins.c.key == repaired(key))
    ).one()
    return Begun(conversation=found.conversation, user=found.user, reply=found.reply, state=found.state, created=False)


def _being_written(connection: Connection, database: Database, id: str, ask: Beginning) -> Begun | None:
    """The newest reply that is being written where this one would stand, beside what is below it; the key is its own, too."""
    query = select(messages.c.id, messages.c.state).where(
        messages.c.owner == database.owner,
        messages.c.conversation == id,
        messages.c.parent == ask.parent,
        messages.c.role == "assistant",
        messages.c.continues == ask.continues,
        messages.c.state.in_(LIVE),
        messages.c.trash.is_(None),
    )
    found = connection.execute(query.order_by(messages.c.id.desc()).limit(1)).first()
    if found is None:
        return None
    _keep_key(connection, database, ask.key, id, None, found.id)
    return Begun(conversation=id, user=None, reply=found.id, state=found.state, created=False)


def _check_parent(connection: Connection, owner: str, id: str, ask: Beginning, text: str | None) -> State:
    """Whether the new reply may run at once or has to wait for one above it."""
    if ask.parent is None:
        return "running"
    at = message_row(connection, owner, id, ask.parent)
    if text is not None:
        # A user message may stand below another one: its reply may have been deleted.
        if at.role not in ("user", "assistant"):
            raise BadInput(f"Message {at.id!r} is of the kind {at.role!r}, which cannot be answered.")
    elif ask.continues:
        if at.role != "assistant":
            raise BadInput(f"Message {at.id!r} is no reply, so it cannot go on. Ask for a reply to it instead.")
        if at.state in LIVE:
            raise BadInput(f"Reply {at.id!r} is still being written. Wait for its end, or stop it first.")
    elif at.role != "user":
        raise BadInput(f"Message {at.id!r} is a reply itself. Ask for another reply to the message above it.")
    # One that was stopped while it waited stands below the one that it waited for.
    while (at.role != "assistant" or (at.empty and at.state not in LIVE)) and at.parent is not None:
        at = message_row(connection, owner, id, at.parent)
    return "waiting" if at.role == "assistant" and at.state in LIVE else "running"


def _store(
    connection: Connection, database: Database, id: str, ask: Beginning, text: str | None, state: State
) -> Begun:
    common = {"owner": database.owner, "conversation": id, "created": now()}
    above, user = ask.parent, None
    if text is not None:
        above = user = added(
            connection,
            messages,
            {**common, "parent": above, "role": "user", "state": "complete", "empty": False, "text": text},
        )
        take_in(connection, database, user, text)
    routed = ask.routed
    made = replace(ask.options, model=routed.model) if routed else ask.options
    reply = added(
        connection,
        messages,
        {
            **common,
            "parent": above,
            "role": "assistant",
            "state": state,
            "empty": True,
            "text": "",
            "continues": ask.continues,
            "connection": repaired(ask.options.connection),
            "model_asked": repaired(made.model),
            # The conversation keeps its own model; the reply's row says what made it, and why.
            "options": options_to_json(made) | ({ROUTED: storable(routed.stored())} if routed else {}),
            "notes": storable([routed.note]) if routed else None,
        },
    )
    lease = {
        "reply": reply,
        "owner": database.owner,
        "conversation": id,
        "process": ask.process.text,
        "until": database.clock() + LEASE_SECONDS,
    }
    connection.execute(insert(leases).values(lease))
    _keep_key(connection, database, ask.key, id, user, reply)
    _set(connection, id, head=reply, updated=common["created"])
    return Begun(conversation=id, user=user, reply=reply, state=state, created=True)


def _keep_key(
    connection: Connection, database: Database, key: str, conversation: str, user: int | None, reply: int
) -> None:
    connection.execute(
        update(begins)
        .where(begins.c.owner == database.owner, begins.c.key == repaired(key))
        .values(conversation=conversation, user=user, reply=reply)
    )


def _set(connection: Connection, id: str, **values: object) -> None:
    connection.execute(update(conversations).where(conversations.c.id == id).values(values))
