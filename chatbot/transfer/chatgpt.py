"""ChatGPT's export read: its tree as ours, and in words what of it has no place here."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import BinaryIO

from chatbot.core.errors import BadInput
from chatbot.core.messages import Role
from chatbot.core.whole import Whole, WholeMessage, digest
from chatbot.transfer.chatgpt_content import Content, content_of
from chatbot.transfer.chatgpt_tree import in_order
from chatbot.transfer.checked import Checked, seconds
from chatbot.transfer.json_stream import elements
from chatbot.transfer.values import Copied

OURS = "bytebot"
"""Where our own writer keeps what ChatGPT has no field for."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST_SOURCE, _LONGEST_TITLE = 300, 200


def read_chatgpt(file: BinaryIO, name: str) -> Iterator[Copied]:
    """The conversations of a `conversations.json`, one at a time; BadInput names the place of what cannot be."""
    for number, (key, value) in enumerate(elements(file, name, ""), start=1):
        if key:
            raise BadInput(f"{name} is no list of conversations. Name the conversations.json of a ChatGPT export.")
        yield _Conversation(Checked(value, f"{name}, conversation {number}")).copied()


class _Conversation:
    """Nodes without words stand for their parents: what hangs below them hangs below those then."""

    def __init__(self, about: Checked) -> None:
        self._about = about
        self._updated = seconds(about.raw("update_time")) or seconds(about.raw("create_time")) or _EPOCH
        self._created = seconds(about.raw("create_time")) or self._updated
        self._messages: list[WholeMessage] = []
        self._numbers: dict[str | None, int | None] = {None: None}
        self._thoughts: dict[str | None, str] = {}
        self._lost: Counter[str] = Counter()
        self._system = ""

    def copied(self) -> Copied:
        about = self._about
        for key, parent, message in in_order(about):
            self._numbers[key] = self._numbers[parent]
            if message is not None:
                self._add(key, parent, Checked(message, f"{about.place}, node {key[:40]!r}, message"))
        own = about.inside(OURS)
        system = own.text("system") or self._system
        head = self._numbers.get(about.text_or_none("current_node"))
        whole = Whole(
            source=own.text("source") or self._source(),
            title=" ".join((about.text_or_none("title") or "").split())[:_LONGEST_TITLE].strip(),
            title_by="model",
            tag="chatgpt",
            pinned=about.raw("is_starred") is True or about.raw("pinned_time") is not None,
            created=self._created,
            updated=self._updated,
            options={"system": system} if system else {},
            head=head or len(self._messages) or None,
            messages=tuple(self._messages),
        )
        if not whole.source or len(whole.source) > _LONGEST_SOURCE:
            whole = replace(whole, source=f"chatgpt:{digest(whole)}")
        lost = tuple(f"left out: {what} ({count:,})" for what, count in self._lost.items())
        return Copied(whole=whole, lost=lost)

    def _source(self) -> str:
        id = self._about.text_or_none("conversation_id") or self._about.text_or_none("id")
        return f"chatgpt:{id}" if id else ""

    def _add(self, key: str, parent: str | None, about: Checked) -> None:
        content = content_of(about)
        self._lost.update(content.lost)
        before = self._thoughts.get(parent, "")
        if content.role == "system":
            self._system = self._system or content.text
        elif content.role == "user" and content.text:
            self._message(key, "user", content, about, "")
        elif content.role == "assistant" and content.text:
            self._message(key, "assistant", content, about, _joined(before, content.thoughts))
            return
        # What was thought goes to the words that follow.
        if content.role != "user" and (thoughts := _joined(before, content.thoughts)):
            self._thoughts[key] = thoughts

    def _message(self, key: str, role: Role, content: Content, about: Checked, thoughts: str) -> None:
        above = self._numbers[key]
        # There, one reply is often several messages, with tools between them; here they are its segments.
        goes_on = role == "assistant" and above is not None and self._messages[above - 1].role == "assistant"
        created = seconds(about.raw("create_time")) or self._created
        self._messages.append(
            WholeMessage(
                parent=above,
                role=role,
                state=content.state,
                continues=goes_on,
                created=created,
                finished=created if role == "assistant" else None,
                text=f"\n\n{content.text}" if goes_on else content.text,
                reasoning=thoughts,
                connection="ChatGPT" if role == "assistant" else None,
                model_asked=content.model,
                model_answered=content.model,
                finish_reason=content.finish_reason,
            )
        )
        self._numbers[key] = len(self._messages)


def _joined(*texts: str) -> str:
    return "\n\n".join(filter(None, texts))
