"""What is sent: the one pure function that turns a path of the tree into a request's messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from chatbot.core.messages import Message, Role, State, Text, ToolCall, ToolResult, said
from chatbot.core.tokens import Count, estimate, rough, surely_at_most
from chatbot.core.tree import Place

GO_ON = (
    "Your last reply was cut off. Go on exactly where it stopped, in the middle of a word if need be. "
    "Do not repeat anything and do not comment on the break."
)
"""The user line that asks for the rest of a reply. It is made up for the request and never stored."""

_BYTES = 4  # of a token, nearly; counting what is not sent would take longer than it is worth

KeptReason = Literal["system prompt", "newest exchange", "fits", "asks to go on"]
LeftReason = Literal[
    "did not fit", "no text", "blocked", "unpaired tool", "before any question", "stray system message"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One place of the path with its words. `ref` is the stored message's id, None for what is not stored (yet)."""

    ref: int | None
    message: Message
    state: State


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored message that is sent (`ref` None: made up for the request), and why."""

    ref: int | None
    reason: KeptReason


@dataclass(frozen=True, slots=True)
class LeftOut:
    ref: int | None
    reason: LeftReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A request's messages. `sent` and `left_out` name every item of the path exactly once, in the path's order.

    `input_estimate` and `budget` are tokens; the estimate passes the budget only when the newest exchange alone does.
    """

    messages: tuple[Message, ...]
    sent: tuple[Kept, ...]
    left_out: tuple[LeftOut, ...]
    input_estimate: int
    budget: int
    left_out_tokens: int = 0
    """What the messages that did not fit would have been, roughly."""

    @property
    def folded(self) -> int:
        """How many messages stayed behind because they did not fit."""
        return sum(left.reason == "did not fit" for left in self.left_out)

    @property
    def too_long(self) -> bool:
        """Whether what must be sent does not fit by itself."""
        return self.input_estimate > self.budget


@dataclass(frozen=True, slots=True)
class _Piece:
    """What of the path's item number `place` can be sent."""

    place: int
    message: Message


def joined(place: Place, words: Mapping[int, Message]) -> Item:
    """The place as one item: its segments' texts run on, as a reader sees them. `words` holds each segment by id.

    A Continue that was blocked added nothing, so the reply keeps the state that it had before. `ref` is the last
    segment's id, which names the whole chain.
    """
    heard = [leaf for leaf in place.segments if leaf is place.first or leaf.state != "blocked"]
    parts = tuple(part for leaf in heard for part in words[leaf.id].parts)
    return Item(ref=place.last.id, message=Message(place.role, parts), state=heard[-1].state)


def build(path: Sequence[Item], *, system: str, budget: int, count: Count, go_on: bool = False) -> Fitted:
    """The messages to send for the path, oldest first, within `budget` tokens.

    The system prompt stands first. Replies without text, blocked exchanges, unpaired tool calls and results and
    reasoning are left out; neighbours of one role that result are joined by a blank line. The newest exchanges that
    fit are kept, cut only before a user message; the newest is kept even if it alone does not fit. `go_on` appends
    the line that asks for the rest of the last reply. `count` is not called when the bytes show that all fits; the
    estimate is a rough one then.

    >>> from chatbot.core.messages import said
    >>> path = [Item(ref=1, message=said("user", "Hi"), state="complete"),
    ...         Item(ref=2, message=said("assistant", ""), state="failed"),
    ...         Item(ref=3, message=said("user", "Hello?"), state="complete")]
    >>> fitted = build(path, system="Be kind.", budget=1000, count=len)
    >>> [(message.role, message.text) for message in fitted.messages]
    [('system', 'Be kind.'), ('user', 'Hi\\n\\nHello?')]
    >>> fitted.left_out
    (LeftOut(ref=2, reason='no text'),)
    """
    why: dict[int, LeftReason] = {}
    pieces = _after_a_question(_paired(_sendable(path, why), why), why)
    exchanges = _exchanges(pieces)
    before = [said("system", system)] if system.strip() else []
    after = [said("user", GO_ON)] if go_on and pieces and pieces[-1].message.role != "user" else []

    first, tokens = _window(exchanges, before + after, budget, count)
    head, kept = exchanges[:first], exchanges[first:]  # a summary of `head` would take its place here
    why.update({piece.place: "did not fit" for exchange in head for piece in exchange})
    newest = {piece.place for piece in kept[-1]} if kept else set()

    sent = [Kept(None, "system prompt") for _ in before]
    sent += [
        Kept(item.ref, "newest exchange" if place in newest else "fits")
        for place, item in enumerate(path)
        if place not in why
    ]
    sent += [Kept(None, "asks to go on") for _ in after]
    return Fitted(
        messages=(*before, *_neighbours_joined([piece.message for exchange in kept for piece in exchange]), *after),
        sent=tuple(sent),
        left_out=tuple(LeftOut(path[place].ref, why[place]) for place in sorted(why)),
        input_estimate=tokens,
        budget=budget,
        left_out_tokens=estimate((piece.message for exchange in head for piece in exchange), surely_at_most) // _BYTES,
    )


def _sendable(path: Sequence[Item], why: dict[int, LeftReason]) -> list[_Piece]:
    pieces: list[_Piece] = []
    for place, item in enumerate(path):
        bare = _bare(item.message)
        if _blocked(path, place):
            why[place] = "blocked"
        elif item.message.role == "system":
            why[place] = "stray system message"
        elif not bare.parts:
            why[place] = "no text"
        else:
            pieces.append(_Piece(place, bare))
    return pieces


def _blocked(path: Sequence[Item], place: int) -> bool:
    """Whether the item, or the reply to the user message that it is, was stopped before it was sent."""
    if path[place].state == "blocked":
        return True
    if path[place].message.role != "user" or place + 1 == len(path):
        return False
    reply = path[place + 1]
    return reply.message.role == "assistant" and reply.state == "blocked"


def _bare(message: Message) -> Message:
    """The message with only what its role may carry on the wire; no parts when nothing is left to say."""
    if message.role == "tool":
        return Message("tool", tuple(part for part in message.parts if isinstance(part, ToolResult)))
    calls = message.tool_calls if message.role == "assistant" else ()
    return _made(message.role, message.text, calls)


def _made(role: Role, text: str, calls: Sequence[ToolCall] = ()) -> Message:
    return Message(role, (*((Text(text),) if text.strip() else ()), *calls))


def _paired(pieces: Sequence[_Piece], why: dict[int, LeftReason]) -> list[_Piece]:
    """The pieces without tool calls that nothing answers at once, and without results that nothing asked for."""
    kept: list[_Piece] = []
    start = 0
    while start < len(pieces):
        end = start + 1
        while end < len(pieces) and pieces[end].message.role == "tool":
            end += 1
        for piece, message in zip(pieces[start:end], _group(pieces[start:end]), strict=True):
            if message.parts:
                kept.append(_Piece(piece.place, message))
            else:
                why[piece.place] = "unpaired tool"
        start = end
    return kept


def _group(pieces: Sequence[_Piece]) -> list[Message]:
    """One message and the tool messages right after it, with only those calls and results that belong together."""
    first = pieces[0].message
    if len(pieces) == 1 and not first.tool_calls and first.role != "tool":
        return [first]
    asked = {call.id: call for call in reversed(first.tool_calls)}
    open_ids = set(asked)
    after: list[Message] = []
    for piece in pieces[1:] if first.role != "tool" else pieces:
        results: list[ToolResult] = []
        for part in piece.message.parts:
            if isinstance(part, ToolResult) and part.id in open_ids:
                open_ids.remove(part.id)
                results.append(part)
        after.append(Message("tool", tuple(results)))
    if first.role == "tool":
        return after
    answered = [asked[id] for id in dict.fromkeys(call.id for call in first.tool_calls) if id not in open_ids]
    return [_made(first.role, first.text, answered), *after]


def _after_a_question(pieces: Sequence[_Piece], why: dict[int, LeftReason]) -> list[_Piece]:
    begin = next((at for at, piece in enumerate(pieces) if piece.message.role == "user"), len(pieces))
    why.update({piece.place: "before any question" for piece in pieces[:begin]})
    return list(pieces[begin:])


def _exchanges(pieces: Sequence[_Piece]) -> list[list[_Piece]]:
    exchanges: list[list[_Piece]] = []
    for piece in pieces:
        if piece.message.role == "user":
            exchanges.append([])
        exchanges[-1].append(piece)
    return exchanges


def _window(
    exchanges: Sequence[Sequence[_Piece]], fixed: Sequence[Message], budget: int, count: Count
) -> tuple[int, int]:
    """Index of the first exchange that is kept, and the tokens of all that is sent."""
    bound = estimate(fixed, surely_at_most)
    for exchange in reversed(exchanges):
        bound += estimate((piece.message for piece in exchange), surely_at_most)
        if bound > budget:
            break
    else:
        everything = [*fixed, *(piece.message for exchange in exchanges for piece in exchange)]
        return 0, estimate(everything, rough)
    # Newest first, so that a long history is not counted further back than the budget reaches.
    tokens = estimate(fixed, count)
    for first in range(len(exchanges) - 1, -1, -1):
        more = estimate((piece.message for piece in exchanges[first]), count)
        if tokens + more > budget and first < len(exchanges) - 1:
            return first + 1, tokens
        tokens += more
    return 0, tokens


def _neighbours_joined(messages: Sequence[Message]) -> list[Message]:
    result: list[Message] = []
    for message in messages:
        before = result[-1] if result else None
        if before is not None and before.role == message.role and message.role != "tool":
            text = "\n\n".join(filter(None, (before.text, message.text)))
            result[-1] = _made(message.role, text, (*before.tool_calls, *message.tool_calls))
        else:
            result.append(message)
    return result
