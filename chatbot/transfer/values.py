"""What an export is made of."""

import re
from dataclasses import dataclass
from datetime import datetime

from chatbot.core.messages import Role, State
from chatbot.core.whole import Whole, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A conversation as a whole. `created` is aware."""

    id: str
    title: str
    created: datetime
    system: str = ""
    scope: str = ""
    """Which of its branches the file holds, and what of it is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message as people see it, its segments joined. Seconds are floats; None is unknown."""

    role: Role
    text: str
    state: State
    created: datetime
    reasoning: str = ""
    model: str | None = None
    connection: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    estimated: bool = False
    nanodollars: int | None = None
    """What it cost, all its calls together; None where nobody knows."""
    cost_source: str = ""
    """How that is known; several words where its calls differ, none where it made no call."""
    finish_reason: str | None = None
    first_token: float | None = None
    duration: float | None = None
    ended: str | None = None
    """How a reply ended that is not whole, in a sentence."""
    mark: str = ""
    """Where it stands, in words, in a file of all branches."""


OURS = "ByteBot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """One conversation out of a file. `lost`: what of it could not be kept, in words; `checksum`: its hash as the file
    says it, None where it says none.
    """

    whole: Whole
    lost: tuple[str, ...] = ()
    checksum: str | None = None
    app: str = OURS
    """Whose file it came from, as people call it."""

    @property
    def intact(self) -> bool:
        """It is as it was when it was written."""
        return self.checksum is None or self.checksum == digest(self.whole)


def file_name(heading: Heading, ending: str) -> str:
    """A name that every file system takes: what is readable of the title, and the day.

    >>> from datetime import UTC
    >>> file_name(Heading(id="a", title="Why? a/b: Größe", created=datetime(2026, 11, 22, tzinfo=UTC)), "md")
    'Why-a-b-Größe-2026-11-22.md'
    """
    words = re.sub(r"[^\w]+", "-", heading.title).strip("-_")[:60].rstrip("-_") or "chat"
    return f"{words}-{heading.created:%Y-%m-%d}.{ending}"
