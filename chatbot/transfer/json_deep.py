"""JSON of any depth: the standard library's decoder calls itself for each level, and gives up after some hundreds."""

import json
import re
from collections.abc import Callable
from json.decoder import scanstring as _scanstring  # type: ignore[attr-defined]  # the types do not know it
from typing import Any

DEEPEST = 20_000  # levels
_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"(-?(?:0|[1-9]\d*))(\.\d+)?([eE][-+]?\d+)?", re.ASCII)
_string: Callable[[str, int, bool], tuple[str, int]] = _scanstring
_WORDS = {"true": True, "false": False, "null": None}


def decode(
    text: str, *, pairs: Callable[[list[tuple[str, Any]]], Any], real: Callable[[str], float]
) -> tuple[Any, int]:
    """The value that `text` begins with, and where it ends; `pairs` makes an object, `real` a number with a fraction.

    JSONDecodeError where it is no JSON or cut off; RecursionError where it is deeper than DEEPEST.
    """
    # What is open: a list, or the pairs of an object with the key that waits for its value.
    open_ones: list[tuple[list[Any], str | None, bool]] = []
    at = 0
    while True:
        at = _SPACE.match(text, at).end()  # type: ignore[union-attr]  # it always matches
        first = text[at : at + 1]
        if first and first in "[{":
            if len(open_ones) >= DEEPEST:
                raise RecursionError
            at = _SPACE.match(text, at + 1).end()  # type: ignore[union-attr]
            if text[at : at + 1] != ("]" if first == "[" else "}"):
                key, at = (None, at) if first == "[" else _key(text, at)
                open_ones.append(([], key, first == "{"))
                continue
            value: Any = [] if first == "[" else pairs([])
            at += 1
        else:
            value, at = _single(text, at, first, real)
        # It is whole: it goes to what is open, which may be whole by that in turn.
        while open_ones:
            held, key, is_object = open_ones[-1]
            held.append((key, value) if is_object else value)
            at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
            mark = text[at : at + 1]
            if mark == ",":
                at += 1
                if is_object:
                    key, at = _key(text, _SPACE.match(text, at).end())  # type: ignore[union-attr]
                    open_ones[-1] = (held, key, True)
                break
            if mark != ("}" if is_object else "]"):
                raise json.JSONDecodeError("Expecting ',' delimiter", text, at)
            open_ones.pop()
            value, at = (pairs(held) if is_object else held), at + 1
        else:
            return value, at


def _key(text: str, at: int) -> tuple[str, int]:
    if text[at : at + 1] != '"':
        raise json.JSONDecodeError("Expecting property name enclosed in double quotes", text, at)
    key, at = _string(text, at + 1, True)
    at = _SPACE.match(text, at).end()  # type: ignore[union-attr]
    if text[at : at + 1] != ":":
        raise json.JSONDecodeError("Expecting ':' delimiter", text, at)
    return key, at + 1


def _single(text: str, at: int, first: str, real: Callable[[str], float]) -> tuple[Any, int]:
    """What is no list and no object."""
    if first == '"':
        return _string(text, at + 1, True)
    for word, value in _WORDS.items():
        if text.startswith(word, at):
            return value, at + len(word)
    if found := _NUMBER.match(text, at):
        whole, fraction, exponent = found.groups()
        return real(found[0]) if fraction or exponent else int(whole), found.end()
    raise json.JSONDecodeError("Expecting value", text, at)
