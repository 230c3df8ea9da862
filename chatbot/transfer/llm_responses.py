"""llm's tables up to version 0.35: a row for each prompt with its reply."""

from collections import defaultdict
from datetime import UTC, datetime

from chatbot.core.errors import BadInput
from chatbot.transfer.checked import Checked
from chatbot.transfer.growing import joined, moment
from chatbot.transfer.llm_tables import Tables
from chatbot.transfer.llm_talk import ATTACHED, Talk

_LATER = datetime.max.replace(tzinfo=UTC)
_WANTED = (
    *("id", "model", "prompt", "system", "response", "reasoning", "duration_ms", "datetime_utc", "input_tokens"),
    *("output_tokens", "options_json"),
)


class Responses:
    """Their conversations by id; a prompt by itself is one called `response-` and its own id."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self.there = tables.has("responses", "id", "model", "prompt", "response")
        # There is no index on the conversation: what is where is looked up once, or each would be a search through all.
        self._rows: dict[str, list[tuple[str, int]]] = defaultdict(list)
        if self.there:
            some = tables.wanted("responses", "conversation_id", "datetime_utc")
            for row in tables.rows(f"SELECT rowid AS number, id{some and f', {some}'} FROM responses ORDER BY rowid"):
                about = dict(row)
                chat, when = about.get("conversation_id"), about.get("datetime_utc")
                self._rows[f"response-{row['id']}" if chat is None else str(chat)].append(
                    (str(when or ""), row["number"])
                )
        self._calls = self._counts("tool_calls")
        self._outputs = self._counts("tool_results")
        self._attached = self._counts("prompt_attachments")
        self._fragments = {table: self._placed(table) for table in ("prompt_fragments", "system_fragments")}
        self._wanted = tables.wanted("responses", *_WANTED)

    def chats(self) -> list[str]:
        return list(self._rows)

    def began(self, chat: str) -> datetime:
        """Of one that is not here, later than all."""
        return moment(min(self._rows[chat])[0]) or _LATER if chat in self._rows else _LATER

    def name(self, chat: str) -> str:
        if not self._tables.has("conversations", "id", "name"):
            return ""
        row = self._tables.row("SELECT name FROM conversations WHERE id = ?", chat)
        return row[0] if row and isinstance(row[0], str) else ""

    def tell(self, chat: str, talk: Talk) -> None:
        """Each prompt below the reply before it."""
        above: str | None = None
        for _, number in sorted(self._rows.get(chat, ())):
            found = self._tables.row(f"SELECT {self._wanted} FROM responses WHERE rowid = ?", number)
            if found is None:
                raise BadInput(f"{self._tables.name} is damaged: its table and its index do not agree. Copy it again.")
            above = self._exchange(Checked(dict(found), f"{self._tables.name}, response"), above, talk)

    def _exchange(self, row: Checked, above: str | None, talk: Talk) -> str:
        when, id = moment(row.raw("datetime_utc")), str(row.raw("id"))
        system = joined(*self._texts("system_fragments", id), row.text_or_none("system") or "")
        talk.system = talk.system or system
        talk.lose("another system prompt", int(bool(system) and system != talk.system))
        attached = self._attached.get(id, 0)
        talk.lose("attachment", attached)
        talk.lose("tool call", self._calls.get(id, 0))
        talk.lose("tool output", self._outputs.get(id, 0))
        talk.lose("model options", int(row.raw("options_json") not in (None, "", "{}")))
        words = joined(*self._texts("prompt_fragments", id), row.text_or_none("prompt") or "", *[ATTACHED] * attached)
        asked = talk.say(above, "user", words, when=when) if words else above
        milliseconds = row.number("duration_ms")
        counts = {name: row.whole(name) for name in ("input_tokens", "output_tokens")}
        used = any(count is not None for count in counts.values())
        return talk.say(
            asked,
            "assistant",
            row.text_or_none("response") or "",
            when=when,
            thoughts=row.text_or_none("reasoning") or "",
            model=row.text_or_none("model"),
            duration=None if milliseconds is None else milliseconds / 1000,
            usage={**counts, "estimated": False} if used else None,
        )

    def _texts(self, table: str, response: str) -> list[str]:
        """Files that were put before the words, and are kept apart from them."""
        found = []
        for fragment in self._fragments[table].get(response, ()):
            row = self._tables.row("SELECT content FROM fragments WHERE id = ?", fragment)
            found.append(Checked(dict(row), f"{self._tables.name}, fragment").text("content") if row else "")
        return found

    def _placed(self, table: str) -> dict[str, list[int]]:
        placed: dict[str, list[int]] = defaultdict(list)
        if self._tables.has(table, "response_id", "fragment_id") and self._tables.has("fragments", "id", "content"):
            order = '"order"' if self._tables.has(table, "order") else "rowid"
            query = f"SELECT response_id, fragment_id FROM {table} ORDER BY {order}"
            for response, fragment in self._tables.rows(query):
                placed[str(response)].append(fragment)
        return placed

    def _counts(self, table: str) -> dict[str, int]:
        counts: dict[str, int] = defaultdict(int)
        if self._tables.has(table, "response_id"):
            for (response,) in self._tables.rows(f"SELECT response_id FROM {table}"):
                counts[str(response)] += 1
        return counts
