"""One conversation of llm's, put together out of what its tables say of it."""

from datetime import datetime
from typing import Any

from chatbot.core.errors import BadInput
from chatbot.core.messages import Role
from chatbot.transfer.growing import EPOCH, Growing

APP = "llm"
ATTACHED = "[attachment]"
"""What stands in the place of an attachment."""
LONGEST = 128_000_000  # characters of one conversation; a fragment may stand in it many times


class Talk:
    """Messages by what stands above them and what they say: what is told twice, by both kinds of tables, is there once."""

    def __init__(self, file: str) -> None:
        self.growing = Growing(APP)
        self.times: list[datetime] = []
        self.system = ""
        self.head: int | None = None
        self._file = file
        self._keys: dict[tuple[str | None, Role, str], str] = {}
        self._left = LONGEST

    def say(
        self, above: str | None, role: Role, text: str, *, when: datetime | None, thoughts: str = "", **more: Any
    ) -> str:
        """The key of the message; a message without words has no place of its own."""
        self._left -= len(text) + len(thoughts)
        if self._left < 0:
            raise BadInput(f"{self._file} has a conversation of more than {LONGEST:,} characters. Copy it again.")
        if when is not None:
            self.times.append(when)
        # llm itself leaves attachments out of what it tells again, and joins fragments with another break.
        said = (above, role, " ".join(text.replace(ATTACHED, "").split()))
        if (key := self._keys.get(said)) is not None:
            return key
        key = self._keys[said] = str(len(self._keys) + 1)
        if text:
            self.growing.add(key, above, role, text, created=when or self._last(), thoughts=thoughts, **more)
        else:
            self.growing.skip(key, above, thoughts=thoughts, keeps=role == "assistant")
        return key

    def lose(self, what: str, count: int = 1) -> None:
        if count:
            self.growing.lost[what] += count

    def _last(self) -> datetime:
        return self.times[-1] if self.times else EPOCH
