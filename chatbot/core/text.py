"""The one place where text from outside is made storable and showable."""

import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from chatbot.core.errors import BadInput

LONGEST_MESSAGE = 2_000_000  # characters; a larger paste freezes the browser before it reaches a model

_DEEPEST = 32  # JSON inside JSON
_UNSEEN_JOINERS = re.compile("[\u200b\u2060\ufeff]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")

_PICTURES = {code: chr(0x2400 + code) for code in range(32) if code not in (9, 10)} | {127: "␡"}
# These two turn what follows around, so that a text can be made to look like another one.
_PICTURES |= {0x202D: "‹LRO›", 0x202E: "‹RLO›"}
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202d\u202e]")
# These two lay out what follows from the right, which letters that are read so may need, and no others.
_TURNS = {0x202B: "‹RLE›", 0x2067: "‹RLI›"}
_TURNING = re.compile("[\u202b\u2067]")


def repair(text: str) -> str:
    """The text with what no database or browser takes made visible.

    A lone surrogate crashes sqlite3 and Streamlit, PostgreSQL refuses NUL: they become U+FFFD and U+2400.

    >>> repair("a\\x00b\\ud800c")
    'a␀b�c'
    """
    if "\x00" in text:
        text = text.replace("\x00", "␀")
    if text.isascii():  # nothing of it can be a surrogate, and most texts are
        return text
    return _LONE_SURROGATE.sub("�", text)


def typed(text: str) -> str:
    """What stands in a field of one line, without outer white space and without joiners that nobody can see.

    Labels hold some, so that no link is made of an address in them; copied from there, they come along.

    >>> typed(" http:\\u2060//h/v1\\ufeff\\n")
    'http://h/v1'
    """
    return _UNSEEN_JOINERS.sub("", text).strip()


def storable(value: Any, depth: int = 0) -> Any:
    """JSON from outside as both databases take it: texts repaired, no NaN, not endlessly deep.

    >>> storable({"a": [1, float("nan"), "x\\x00"]})
    {'a': [1, None, 'x␀']}
    """
    if isinstance(value, str):
        return repair(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if depth == _DEEPEST:
        return None
    if isinstance(value, Mapping):
        return {repair(str(key)): storable(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable(item, depth + 1) for item in value]
    return repair(str(value))


def visible(text: str) -> str:
    """The text with control characters as their pictures, and with a name for what would turn its direction around.

    Tabs and newlines stay, and so do joiners and marks of direction: emoji, Persian, Hindi and Hebrew are written with
    them.

    >>> visible("a\\x1b[0m\\u202eb"), visible("if \\u2067} (x)"), visible("\\u2067C++ שלום") == "\\u2067C++ שלום"
    ('a␛[0m‹RLO›b', 'if ‹RLI›} (x)', True)
    """
    if _UNSEEN.search(text):
        text = text.translate(_PICTURES)
    if not _TURNING.search(text):
        return text
    return "\n".join(map(_visible_turns, text.split("\n")))


def _visible_turns(line: str) -> str:
    last = _last_from_the_right(line)
    return line[:last] + line[last:].translate(_TURNS)


def undecided(text: str) -> int:
    """How many characters of the end `visible` would make something else of if more came.

    >>> undecided("a\\u2067b"), undecided("a\\u2067b\\nc"), undecided("a\\u2067ש")
    (2, 0, 0)
    """
    if not _TURNING.search(text):
        return 0
    line = text[text.rfind("\n") + 1 :]
    turn = _TURNING.search(line, _last_from_the_right(line))
    return 0 if turn is None else len(line) - turn.start()


def _last_from_the_right(line: str) -> int:
    """Where the last letter that is read from the right ends."""
    return max((found.end() for found in RIGHT_TO_LEFT.finditer(line)), default=0)


RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_READ_FROM_THE_RIGHT = "\u2067"  # until the line ends; nothing of it can be seen


def facing(line: str) -> str:
    """The line, read from the right where its first letter is one that is: Streamlit lays everything out from the left.

    >>> facing("שלום, world!") == "\\u2067שלום, world!", facing("Hello שלום")
    (True, 'Hello שלום')
    """
    if line.isascii() or not RIGHT_TO_LEFT.search(line):
        return line
    for at, letter in enumerate(line):
        if letter in "[<`|":  # the name of a link, a tag, code, a cell: not to be touched
            return line
        turn = unicodedata.bidirectional(letter)
        if turn in ("R", "AL"):
            return line[:at] + _READ_FROM_THE_RIGHT + line[at:]
        if turn in ("L", "LRI", "RLI", "FSI", "LRE", "RLE"):
            return line
    return line


def checked(text: str) -> str:
    """A message as a person sent it, repaired; BadInput when there is nothing to send or too much.

    >>> checked("  hello ")
    '  hello '
    """
    text = repair(text)
    if not text.strip():
        raise BadInput("The message is empty. Type something first.")
    if len(text) > LONGEST_MESSAGE:
        raise BadInput(f"The message has {len(text):,} characters; the most is {LONGEST_MESSAGE:,}. Send it in parts.")
    return text


def first_words(text: str, most: int = 48) -> str:
    """A title made from a message: its first line, cut between words.

    >>> first_words("What is a decorator in Python, and when would I write one?")
    'What is a decorator in Python, and when would I…'
    >>> first_words("\\n\\n  hi\\nthere")
    'hi'
    """
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if len(line) <= most:
        return line
    head = line[: most + 1]
    return (head.rsplit(None, 1)[0] if " " in head.strip() else line[:most]).rstrip(",;:.") + "…"
