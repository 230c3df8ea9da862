"""Numbers that people type, checked here: Streamlit's own bounds only turn the box red and say nothing."""

from typing import TypeVar

from chatbot.core.errors import BadInput
from chatbot.home.setting import Kind
from chatbot.home.table import BY_NAME, CONNECTION_FIELDS, SECONDS

MAX_OUTPUT = BY_NAME["chat", "max_output"].kind
MOST_SENT = BY_NAME["chat", "most_sent"].kind
CONTEXT = next(field.kind for field in CONNECTION_FIELDS if field.key == "context")
WAIT = SECONDS

Number = TypeVar("Number", int, float)


def checked(kind: Kind, title: str, number: Number | None) -> Number | None:
    """The number; BadInput names it and what is possible. None: its box was left empty."""
    if number is not None:
        try:
            kind.check(number)
        except ValueError:
            allowed = kind.allowed.replace(' or "none"', "")
            shown = f"{number:,g}" if isinstance(number, float) else f"{number:,}"
            raise BadInput(f"“{title}” cannot be {shown}; it must be {allowed}.") from None
    return number
