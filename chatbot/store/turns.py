"""Turns: begun, drafted, finished; every write is conditional on still holding the reply's lease."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection, case, delete, insert, select, update

from chatbot.core.errors import LeaseLost
from chatbot.core.pricing import Price, nobody_knows
from chatbot.core.routing import Routed
from chatbot.core.settings import Options
from chatbot.core.text import repair
from chatbot.store import begin as beginning
from chatbot.store.database import Database
from chatbot.store.drafts import joined_draft
from chatbot.store.find import conversation_row, lock_conversation_of
from chatbot.store.index import take_in
from chatbot.store.lease import LEASE_SECONDS, Owner
from chatbot.store.recovery import Count, left_behind, recover
from chatbot.store.rows import now, options_of, options_to_json, repaired, storable, usage_to_json
from chatbot.store.tables import conversations, drafts, leases, messages
from chatbot.store.values import Begun, Ending, Recovered


class Turns:
    """What the engine writes while a reply is made. Nothing here waits for a model."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(
        self,
        *,
        conversation: str | None,
        parent: int | None,
        text: str | None,
        continues: bool = False,
        once: bool = False,
        key: str,
        options: Options,
        process: Owner,
        tag: str = "browser",
        routed: Routed | None = None,
    ) -> Begun:
        """Store the person's words and an empty reply below `parent`, in one transaction; the head moves to the reply.

        Without `conversation` one is made, named after the text. Without `text` only the reply is stored: `parent` is
        the user message to answer again, or with `continues` the last segment to go on from. The reply waits when the
        one above it is still being written. The same `key` again stores nothing and gives what it stored; nor does `once`,
        where another such reply is being written there. `routed`: another model makes the reply; the conversation keeps
        its own.
        Raises NotFound and BadInput when the parent is not there or of the wrong kind.
        """
        return beginning.begin(
            self._database,
            beginning.Beginning(
                conversation=conversation,
                parent=parent,
                text=text,
                continues=continues,
                once=once,
                key=key,
                options=options,
                process=process,
                tag=tag,
                routed=routed,
            ),
        )

    def run(self, reply: int, process: Owner) -> None:
        """From waiting to running; LeaseLost when the reply is no longer this process's."""
        with self._database.write() as connection:
            if reply not in self._held(connection, process, [reply]):
                raise _lost(reply)
            self._extend(connection, [reply])
            connection.execute(
                update(messages).where(messages.c.id == reply, messages.c.state == "waiting").values(state="running")
            )

    def named(self, begun: Begun, process: Owner, options: Options) -> None:
        """The model of a reply that began without one; LeaseLost as in `run`.

        The conversation keeps it unless somebody has chosen another one meanwhile.
        """
        with self._database.write() as connection:
            row = conversation_row(connection, self._database.owner, begun.conversation, lock=True)
            if begun.reply not in self._held(connection, process, [begun.reply]):
                raise _lost(begun.reply)
            made = {"model_asked": repaired(options.model), "options": options_to_json(options)}
            connection.execute(update(messages).where(messages.c.id == begun.reply).values(made))
            now_held = options_of(row.options)
            if not now_held.model and now_held.connection == options.connection:
                kept = options_to_json(replace(now_held, model=options.model))
                connection.execute(
                    update(conversations).where(conversations.c.id == begun.conversation).values(options=kept)
                )

    def draft(self, process: Owner, pieces: Sequence[tuple[int, str, str]]) -> set[int]:
        """Append (reply, text, reasoning) to the drafts and extend all their leases, in one transaction.

        Gives the replies whose lease is lost; nothing was written for those.
        """
        asked = {reply for reply, _, _ in pieces}
        if not asked:
            return set()
        with self._database.write() as connection:
            held = self._held(connection, process, sorted(asked))
            self._extend(connection, sorted(held))
            rows = [
                {"owner": self._database.owner, "reply": reply, "text": repair(text), "reasoning": repair(reasoning)}
                for reply, text, reasoning in pieces
                if reply in held and (text or reasoning)
            ]
            if rows:
                connection.execute(insert(drafts), rows)
            return asked - held

    def finish(self, reply: int, process: Owner, ending: Ending, *, seen: bool = False) -> None:
        """Write everything the turn leaves behind, at once, and give the lease back; LeaseLost when it was lost.

        `seen`: whoever asked has read it, so it is no news to anyone.
        """
        moment = now()
        with self._database.write() as connection:
            lock_conversation_of(connection, self._database.owner, reply)
            if reply not in self._held(connection, process, [reply]):
                raise _lost(reply)
            connection.execute(delete(leases).where(leases.c.reply == reply))
            connection.execute(delete(drafts).where(drafts.c.reply == reply))
            connection.execute(
                update(messages).where(messages.c.id == reply).values(finished=moment, **_columns(ending))
            )
            take_in(connection, self._database, reply, repair(ending.text))
            mine = select(messages.c.conversation).where(messages.c.id == reply).scalar_subquery()
            updated = case((conversations.c.updated > moment, conversations.c.updated), else_=moment)
            noted = {"updated": updated, "answered": moment, **({"seen": moment} if seen else {})}
            connection.execute(update(conversations).where(conversations.c.id == mine).values(noted))

    def drafted(self, reply: int) -> tuple[str, str]:
        """Text and reasoning so far, for a watcher in another process; empty once the reply has ended."""
        with self._database.read() as connection:
            return joined_draft(connection, self._database.owner, reply)

    def ask_stop(self, reply: int) -> None:
        """Leave word for the process that writes this reply; it stops within its next few looks."""
        with self._database.write() as connection:
            connection.execute(
                update(leases).where(leases.c.owner == self._database.owner, leases.c.reply == reply).values(stop=True)
            )

    def stops(self, replies: Iterable[int]) -> set[int]:
        """Those of the replies that someone asked to stop."""
        query = select(leases.c.reply).where(leases.c.owner == self._database.owner, leases.c.stop)
        with self._database.read() as connection:
            return set(connection.execute(query).scalars()) & set(replies)

    def recover(self, process: Owner, count: Count, price: Price = nobody_knows) -> list[Recovered]:
        """End as `cut` what dead processes left behind, their drafts kept and their open calls settled once.

        Left behind is a reply whose lease ran out or whose process on this host is gone. `process` looks on;
        `count` estimates the tokens of a text, `price` what they cost. Write your own drafts first: they extend your leases.
        """
        return recover(self._database, process, count, price)

    def left_behind(self, process: Owner) -> set[int]:
        """The replies that `recover` would end: nobody writes them any more."""
        return {left.reply for left in left_behind(self._database, process)}

    def live(self, conversation: str) -> list[int]:
        """Replies that are waiting or running, oldest first; deleted ones are left out."""
        query = (
            select(leases.c.reply)
            .join(messages, messages.c.id == leases.c.reply)
            .where(
                leases.c.owner == self._database.owner,
                leases.c.conversation == repair(conversation),
                messages.c.trash.is_(None),
            )
            .order_by(leases.c.reply)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def _held(self, connection: Connection, process: Owner, replies: Sequence[int]) -> set[int]:
        """Those whose lease is this process's, locked until the transaction ends, always in the same order."""
        query = (
            select(leases.c.reply)
            .where(
                leases.c.owner == self._database.owner,
                leases.c.process == process.text,
                leases.c.reply.in_(replies),
            )
            .order_by(leases.c.reply)
            .with_for_update()
        )
        return set(connection.execute(query).scalars())

    def _extend(self, connection: Connection, replies: Sequence[int]) -> None:
        until = self._database.clock() + LEASE_SECONDS
        connection.execute(update(leases).where(leases.c.reply.in_(replies)).values(until=until))


def _columns(ending: Ending) -> dict[str, object]:
    return {
        "state": ending.state,
        "empty": not ending.text,
        "text": repair(ending.text),
        "reasoning": repair(ending.reasoning),
        "model_answered": repaired(ending.model_answered),
        "sent": list(ending.sent),
        "left_out": ending.left_out,
        "usage": usage_to_json(ending.usage),
        "finish_reason": repaired(ending.finish_reason),
        "first_token": ending.first_token,
        "duration": ending.duration,
        "thinking": ending.thinking,
        "retries": ending.retries,
        "error": repaired(ending.error),
        "error_kind": repaired(ending.error_kind),
        "way_out": ending.way_out,
        "notes": storable(ending.notes),
    }


def _lost(reply: int) -> LeaseLost:
    return LeaseLost(f"Reply {reply!r} was taken over by another process; what it kept stands.")
