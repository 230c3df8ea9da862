"""How many tokens a text is: bounds and estimates without a tokenizer, and the best guess of the next input."""

import re
from collections.abc import Callable, Iterable

from chatbot.core.messages import Message, Text, ToolCall, ToolResult
from chatbot.core.money import Usage

PER_MESSAGE = 4
"""Tokens that a message's frame (role, separators) costs on top of its words."""

Count = Callable[[str], int]
"""Tokens of a text."""

_WORD = re.compile("[A-Za-z]+")
_DIGITS = re.compile("[0-9]{1,3}")
_MARKS = re.compile(r"[!-/:-@\[-`{-~]+")
_BREAKS = re.compile(r"\n\s*")


def surely_at_most(text: str) -> int:
    """A bound that no tokenizer passes: the text's bytes in UTF-8, since a token is at least one of them.

    >>> surely_at_most("naïve")
    6
    """
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def rough(text: str) -> int:
    """Tokens of the text, estimated by what kinds of characters it is made of."""
    return min(surely_at_most(text), (len(text) + 3) // 4)


def message_tokens(message: Message, count: Count) -> int:
    """Tokens of one message as it is sent, its frame included; reasoning is never sent and costs nothing.

    >>> from chatbot.core.messages import said
    >>> message_tokens(said("user", "Hello"), len)
    9
    """
    total = 0
    for part in message.parts:
        match part:
            case Text(text):
                total += PER_MESSAGE + count(text)
            case ToolCall(name=name, arguments=arguments):
                total += PER_MESSAGE + count(name) + count(arguments)
            case ToolResult(text=text):
                total += PER_MESSAGE + count(text)
    return max(total, PER_MESSAGE)


def estimate(messages: Iterable[Message], count: Count) -> int:
    """Tokens of a request's messages, frames included."""
    return sum(message_tokens(message, count) for message in messages)


def next_input(last_usage: Usage | None, new_text: str, count: Count) -> int | None:
    """Tokens of the next request's input when `new_text` follows the reply that `last_usage` belongs to.

    The server's own numbers know system prompt, tools, images and any tokenizer. None when it gave none, or when they
    were estimated here.

    >>> next_input(Usage(input_tokens=100, output_tokens=50, reasoning_tokens=30), "Hello", len)
    129
    """
    if last_usage is None or last_usage.estimated:
        return None
    if last_usage.input_tokens is None or last_usage.output_tokens is None:
        return None
    said_aloud = max(last_usage.output_tokens - (last_usage.reasoning_tokens or 0), 0)
    return last_usage.input_tokens + said_aloud + count(new_text) + PER_MESSAGE
