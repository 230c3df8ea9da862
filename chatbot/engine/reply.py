"""What came of a turn that is over, for who waits for the whole of it."""

from dataclasses import dataclass

from chatbot.core.errors import TurnFailed
from chatbot.core.events import Failed
from chatbot.core.messages import State
from chatbot.engine.live import LiveTurn


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole reply. `state` is complete, length, filtered, refused or tool_limit."""

    conversation: str
    id: int
    text: str
    state: State


def reply_of(turn: LiveTurn) -> Reply:
    """The reply of a turn that is over; TurnFailed when it is not a whole one."""
    ending = turn.ending
    assert ending is not None, "the turn is not over yet"
    if isinstance(ending, Failed):
        raise TurnFailed(ending.sentence, part=turn.text, kind=ending.kind, way_out=ending.way_out)
    if ending.state == "stopped":
        raise TurnFailed("You stopped this.", part=turn.text, kind="Stopped", way_out="continue")
    return Reply(conversation=turn.conversation, id=turn.reply, text=turn.text, state=ending.state)
