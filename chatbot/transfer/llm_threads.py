"""llm's tables from version 0.36 on: messages by their hashes, each below its parent, and the turns that made them."""

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime

from chatbot.core.errors import BadInput
from chatbot.core.messages import Role
from chatbot.transfer.checked import Checked
from chatbot.transfer.growing import joined, moment
from chatbot.transfer.llm_tables import Tables
from chatbot.transfer.llm_talk import ATTACHED, Talk

_LATER = datetime.max.replace(tzinfo=UTC)
_TURN = (
    *("id", "thread_id", "parent_message_hash", "tip_message_hash", "model", "input_tokens", "output_tokens"),
    *("duration_ms", "datetime_utc", "options_json", "schema_id"),
)
_ROLES: dict[str, Role] = {"user": "user", "assistant": "assistant"}


@dataclass(slots=True)
class _Said:
    """The words of one message."""

    text: str = ""
    thoughts: str = ""


class Threads:
    """Their conversations by the threads' ids, which are the old conversations' where one goes on."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.there = tables.has("turns", "id", "thread_id", "parent_message_hash", "tip_message_hash") and tables.has(
            "messages", "hash", "parent_hash", "role"
        )
        self._turns: dict[str, list[tuple[str, str]]] = defaultdict(list)
        self._tips: dict[str, tuple[str | None, str | None]] = {}
        if not self.there:
            return
        when = tables.wanted("turns", "datetime_utc") or "NULL"
        for id, thread, at in tables.rows(f"SELECT id, thread_id, {when} FROM turns"):
            self._turns[f"turn-{id}" if thread is None else str(thread)].append((str(at or ""), str(id)))
        if tables.has("threads", "id", "name", "tip_message_hash"):
            for id, name, tip in tables.rows("SELECT id, name, tip_message_hash FROM threads"):
                self._tips[str(id)] = (name, tip)
        self._payload = tables.wanted("parts", "text", "payload")

    def chats(self) -> list[str]:
        """A thread that nobody has written in yet is none, unless it was forked from another."""
        return [*self._turns, *(id for id, (_, tip) in self._tips.items() if tip is not None and id not in self._turns)]

    def began(self, chat: str) -> datetime:
        """Of one that is not here, later than all."""
        return moment(min(self._turns[chat])[0]) or _LATER if chat in self._turns else _LATER

    def name(self, chat: str) -> str:
        name, _ = self._tips.get(chat, (None, None))
        return name if isinstance(name, str) else ""

    def tell(self, chat: str, talk: Talk) -> None:
        """What its turns were asked and said, and what its end hangs below, each message once."""
        keys: dict[str, str | None] = {}
        query = f"SELECT {self._tables.wanted('turns', *_TURN)} FROM turns WHERE id = ?"
        for _, id in sorted(self._turns.get(chat, ())):
            if (row := self._tables.row(query, id)) is not None:
                self._turn(Checked(dict(row), f"{self._tables.name}, turn {id[:40]!r}"), keys, talk)
        _, tip = self._tips.get(chat, (None, None))
        if tip is not None:
            self._chain(str(tip), keys, talk)
            talk.head = talk.growing.number(keys[str(tip)])

    def _turn(self, turn: Checked, keys: dict[str, str | None], talk: Talk) -> None:
        when = moment(turn.raw("datetime_utc"))
        talk.lose("model options", int(turn.raw("options_json") not in (None, "", "{}")))
        talk.lose("schema", int(turn.raw("schema_id") is not None))
        asked, tip = turn.text_or_none("parent_message_hash"), turn.text_or_none("tip_message_hash")
        if asked is not None:
            self._chain(asked, keys, talk, when=when)
        if tip is None:
            return
        milliseconds = turn.number("duration_ms")
        counts = {name: turn.whole(name) for name in ("input_tokens", "output_tokens")}
        used = any(count is not None for count in counts.values())
        about: dict[str, object] = {
            "duration": None if milliseconds is None else milliseconds / 1000,
            "usage": {**counts, "estimated": False} if used else None,
        }
        self._chain(tip, keys, talk, when=when, model=turn.text_or_none("model"), last=about)

    def _chain(
        self,
        tip: str,
        keys: dict[str, str | None],
        talk: Talk,
        *,
        when: datetime | None = None,
        model: str | None = None,
        last: dict[str, object] | None = None,
    ) -> None:
        """Everything above a message that is not there yet, and itself. `last`: of the last of them."""
        ahead: dict[str, str] = {}
        hash: str | None = tip
        while hash is not None and hash not in keys:
            if hash in ahead:
                raise BadInput(f"{self._tables.name}: its messages go round in a circle. Copy it again.")
            row = self._tables.row("SELECT parent_hash, role FROM messages WHERE hash = ?", hash)
            if row is None:
                talk.lose("place of a message whose parent is not in the file")
                break
            ahead[hash] = str(row["role"])
            hash = None if row["parent_hash"] is None else str(row["parent_hash"])
        above = keys.get(hash) if hash is not None else None
        for hash, role in reversed(ahead.items()):
            said = self._said(hash, talk)
            if role in _ROLES:
                reply = {"model": model, **(last or {} if hash == tip else {})} if role == "assistant" else {}
                above = talk.say(above, _ROLES[role], said.text, when=when, thoughts=said.thoughts, **reply)
            elif role == "system":
                talk.system = talk.system or said.text
                talk.lose("another system prompt", int(said.text not in ("", talk.system)))
            keys[hash] = above
        keys.setdefault(tip, above)

    def _said(self, hash: str, talk: Talk) -> _Said:
        found = _Said()
        if not self._payload or not self._tables.has("parts", "message_hash", "position", "type"):
            return found
        query = f"SELECT type, {self._payload} FROM parts WHERE message_hash = ? ORDER BY position"
        for number, row in enumerate(self._tables.rows(query, hash), start=1):
            part = Checked(dict(row), f"{self._tables.name}, message {hash[:40]!r}, part {number}")
            kind = part.text("type")
            if kind == "text":
                found.text = joined(found.text, self._words(part))
            elif kind == "reasoning":
                found.thoughts = joined(found.thoughts, self._words(part))
            elif kind == "attachment":
                talk.lose("attachment")
                found.text = joined(found.text, ATTACHED)
            elif kind == "tool_call":
                talk.lose("tool call")
            else:
                talk.lose("tool output" if kind == "tool_result" else f"part of the kind {kind[:40]!r}")
        return found

    def _words(self, part: Checked) -> str:
        """Its own text, or pieces of which some are fragments, which are kept once."""
        if part.raw("text") is not None:
            return part.text("text")
        try:
            payload = json.loads(part.text("payload") or "{}")
        except (ValueError, RecursionError):
            raise part.bad("payload", "should be JSON") from None
        found = []
        for number, piece in enumerate(Checked(payload, f"{part.place}, payload").list("text_ref"), start=1):
            about = Checked(piece, f"{part.place}, piece {number}")
            if about.raw("literal") is not None:
                found.append(about.text("literal"))
            elif self._tables.has("fragments", "id", "content"):
                row = self._tables.row("SELECT content FROM fragments WHERE id = ?", about.whole("fragment"))
                found.append(Checked(dict(row), f"{part.place}, fragment").text("content") if row else "")
        return "".join(found)
