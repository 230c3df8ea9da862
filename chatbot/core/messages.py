"""What people and models say, and its form on the wire.

Values carry no identity: ids belong to the store. The wire form (OpenAI's dictionaries) is typed apart, so that
nothing provider-shaped leaks into the rest of the program.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict

Role = Literal["system", "user", "assistant", "tool"]

State = Literal[
    "waiting",
    "running",
    "complete",
    "length",
    "filtered",
    "refused",
    "tool_limit",
    "stopped",
    "cut",
    "failed",
    "blocked",
]
"""How far a reply is. Everything after `running` is an end and never changes again."""

LIVE: frozenset[State] = frozenset({"waiting", "running"})
CONTINUABLE: frozenset[State] = frozenset({"length", "stopped", "cut", "tool_limit"})


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """What a model thought before it spoke: shown folded, stored apart, never sent back."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCall:
    id: str
    name: str
    arguments: str
    """JSON as the model wrote it, which need not be valid."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    id: str
    text: str


Part = Text | Reasoning | ToolCall | ToolResult


@dataclass(frozen=True, slots=True)
class Message:
    """One thing said, in order of its parts.

    >>> said("user", "Hello").text
    'Hello'
    """

    role: Role
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def reasoning(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Reasoning))

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(part for part in self.parts if isinstance(part, ToolCall))


def said(role: Role, text: str, *, reasoning: str = "") -> Message:
    """A message of plain text; empty text gives a message without parts."""
    parts: list[Part] = []
    if reasoning:
        parts.append(Reasoning(reasoning))
    if text:
        parts.append(Text(text))
    return Message(role, tuple(parts))


class WireFunction(TypedDict):
    name: str
    arguments: str


class WireToolCall(TypedDict):
    id: str
    type: Literal["function"]
    function: WireFunction


class WireMessage(TypedDict):
    role: Role
    content: str | None
    tool_calls: NotRequired[list[WireToolCall]]
    tool_call_id: NotRequired[str]


def to_wire(message: Message) -> list[WireMessage]:
    """The message as Chat Completions wants it: one dictionary, or one for each tool result.

    >>> to_wire(said("assistant", "Hi", reasoning="They greet me."))
    [{'role': 'assistant', 'content': 'Hi'}]
    """
    if message.role == "tool":
        return [
            {"role": "tool", "content": part.text, "tool_call_id": part.id}
            for part in message.parts
            if isinstance(part, ToolResult)
        ]
    wire: WireMessage = {"role": message.role, "content": message.text}
    if message.tool_calls:
        wire["content"] = message.text or None
        wire["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    return [wire]


def all_to_wire(messages: Sequence[Message]) -> list[WireMessage]:
    return [wire for message in messages for wire in to_wire(message)]
