"""What a person can ask for in a conversation. Each begins one turn."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Say:
    """A new message below `parent`: the last message the person has seen, None at the root."""

    text: str
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """The same place said anew: a sibling of the user message `message`."""

    message: int
    text: str


@dataclass(frozen=True, slots=True)
class Regenerate:
    """Another reply to the same message: a sibling of `reply` (its first segment), by `model` if one is named."""

    reply: int
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Continue:
    """More of `reply`: a segment below its last one."""

    reply: int


@dataclass(frozen=True, slots=True)
class Retry:
    """The same attempt again, beside the one that failed (a failed Continue continues again)."""

    reply: int


Action = Say | Edit | Regenerate | Continue | Retry
