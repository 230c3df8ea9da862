"""JSON of any length, one element at a time: what is in memory is one conversation, never the file."""

import codecs
import json
import math
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

from chatbot.core.errors import BadInput
from chatbot.transfer.json_deep import decode

LONGEST = 128_000_000  # characters of one element
MOST_PARTS = 10_000_000  # values in one element; an empty list takes two characters in a file and sixty bytes in memory
_CHUNK = 1 << 16  # bytes
_AHEAD = 1 << 22  # and so many at most for what may come
_SPACE = " \t\n\r"


def elements(file: BinaryIO, name: str, inside: str, *, deep: bool = False) -> Iterator[tuple[str, Any]]:
    """("", element) for each of a list; of an object (key, value), and its list `inside` element by element.

    `deep`: replies may stand inside of what they reply to, thousands of levels down. BadInput, with the place, when it is no
    JSON, cut off, or an element is too large to be a conversation.
    """
    yield from _Reader(file, name, inside, deep).read()


class _Reader:
    def __init__(self, file: BinaryIO, name: str, inside: str, deep: bool) -> None:
        self._file, self._name, self._inside, self._deep = file, name, inside, deep
        self._text, self._at, self._before, self._ended = "", 0, 0, False
        self._usual = 0  # characters of the last element: the next one is likely to be as long
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._json = json.JSONDecoder(object_pairs_hook=_once, parse_float=_finite, parse_constant=_no_number)

    def read(self) -> Iterator[tuple[str, Any]]:
        first = self._next()
        if first == "[":
            yield from (("", element) for element in self._list())
        elif first == "{":
            yield from self._object()
        elif not first:
            raise BadInput(f"{self._name} is empty. Export it again.")
        else:
            raise BadInput(f"{self._name} is no JSON: it begins with {first!r}. Name a file that was exported.")
        if self._next():
            self._bad("something follows after the end")

    def _list(self) -> Iterator[Any]:
        self._skip("[")
        if self._next() == "]":
            self._skip("]")
            return
        while True:
            yield self._value()
            if self._next() == "]":
                self._skip("]")
                return
            self._skip(",")

    def _object(self) -> Iterator[tuple[str, Any]]:
        self._skip("{")
        seen: set[str] = set()
        while self._next() != "}":
            if seen:
                self._skip(",")
            if self._next() != '"':
                self._bad("a name in quotes should stand here")
            key = self._value()
            if key in seen:
                self._bad(f"{key[:40]!r} stands there twice")
            seen.add(key)
            self._skip(":")
            if key == self._inside and self._next() == "[":
                yield from ((key, element) for element in self._list())
            else:
                yield key, self._value()
        self._skip("}")

    def _value(self) -> Any:
        self._next()
        if self._at:
            self._before += self._at
            self._text, self._at = self._text[self._at :], 0
        if len(self._text) < self._usual and not self._ended:
            self._more(self._usual)  # to read it in vain first takes as long as to read it
        while True:
            try:
                self._count()
                value, end = self._decoded()
                # A number that ends where the text ends may go on in the next bytes.
                if end < len(self._text) or self._ended:
                    self._at, self._usual = end, min(end, _AHEAD)
                    return value
            except _Wrong as error:
                self._bad(str(error))
            except json.JSONDecodeError as error:
                # What is merely cut off ends at the end, or in a text that has none yet.
                cut = error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - 16
                if self._ended or not cut:
                    self._at = len(self._text) if cut else error.pos
                    self._bad(error.msg[:1].lower() + error.msg[1:])
            except RecursionError:
                self._bad("this is nested too deeply for a conversation")
            except ValueError:
                self._bad("a number here is too long")
            if len(self._text) > LONGEST:
                self._bad(f"what begins here has more than {LONGEST:,} characters; that is no conversation")
            self._more(max(_CHUNK, len(self._text)))

    def _decoded(self) -> tuple[Any, int]:
        try:
            return self._json.raw_decode(self._text)
        except RecursionError:
            if not self._deep:
                raise
        return decode(self._text, pairs=_once, real=_finite)

    def _count(self) -> None:
        if len(self._text) < MOST_PARTS:  # each part takes a character at least
            return
        if sum(self._text.count(one) for one in ",[{") > MOST_PARTS:
            self._bad(f"what begins here has more than {MOST_PARTS:,} parts; that is no conversation")

    def _next(self) -> str:
        """The character that comes next, spaces skipped; "" at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if self._ended:
                return ""
            self._before += self._at
            self._text, self._at = "", 0
            self._more(_CHUNK)

    def _skip(self, wanted: str) -> None:
        if (found := self._next()) != wanted:
            self._bad(f"{wanted!r} should stand here, not {found!r}")
        self._at += 1

    def _more(self, size: int) -> None:
        try:
            piece = self._file.read(size)
            self._ended = not piece
            self._text += self._decode(piece, final=not piece)
        except UnicodeDecodeError:
            raise BadInput(f"{self._name} is no UTF-8 text. Name a file that was exported.") from None

    def _bad(self, what: str) -> NoReturn:
        if self._ended and not self._text[self._at :].strip(_SPACE):
            raise BadInput(f"{self._name} is cut off: it ends in the middle. Export or copy it again.")
        raise BadInput(f"{self._name}, character {self._before + self._at + 1:,}: {what}. Export it again.")


class _Wrong(Exception):
    """Good JSON that means nothing here."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise _Wrong(f"{double[:40]!r} stands there twice")
    return found


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _Wrong(f"{text[:40]} is too large")
    return number


def _no_number(text: str) -> NoReturn:
    raise _Wrong(f"{text} is no number")
