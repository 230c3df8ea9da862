"""Server-sent events out of bytes, by the standard and a little more tolerant."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from chatbot.core.errors import Broken

LONGEST_LINE = 1 << 20  # bytes
_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class ServerEvent(NamedTuple):
    """`name` is "" where the server gave none; `data` is its lines joined by newlines."""

    name: str
    data: str


class EventReader:
    """Feed it bytes as they come, however they are cut; it gives back the events that are whole by now.

    >>> reader = EventReader()
    >>> [list(reader.feed(block)) for block in (b"data: on", b"e\\r\\n\\r", b"\\n: comment\\n")]
    [[], [ServerEvent(name='', data='one')], []]

    Lines end with LF, CR LF or CR and nothing else: U+2028 and its like stand inside JSON. Raises Broken for invalid
    UTF-8 and for a line of more than 1 MiB.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._after_cr = False
        self._begun = False
        self._name = ""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, block: bytes) -> Iterator[ServerEvent]:
        """The events that are whole by now. Take them all before the next block; an error comes after those before it."""
        if self._after_cr and block:  # the LF of a CR LF that was cut in two
            block = block.removeprefix(b"\n")
            self._after_cr = False
        if b"\n" not in block and b"\r" not in block:
            self._rest += block
            if len(self._rest) > LONGEST_LINE:
                raise _too_long()
            return
        self._after_cr = block.endswith(b"\r")
        whole = bytes(self._rest) + block if self._rest else block
        lines = _LINE_END.split(whole) if b"\r" in whole else whole.split(b"\n")
        self._rest = bytearray(lines.pop())
        yield from self._read(lines)

    def end(self) -> Iterator[ServerEvent]:
        """The bytes are over: the last event need not have its blank line."""
        lines = [bytes(self._rest), b""] if self._rest else [b""]
        self._rest.clear()
        return self._read(lines)

    def _read(self, lines: list[bytes]) -> Iterator[ServerEvent]:
        if not self._begun and lines:
            lines[0] = lines[0].removeprefix(_BOM)
            self._begun = True
        for line in lines:
            if not line:
                if self._data or self._name:
                    name, data = self._name, b"\n".join(self._data)
                    self._name, self._size = "", 0
                    self._data.clear()
                    yield ServerEvent(name, _decode(data))
            elif line.startswith(b"data:"):
                value = line[6:] if line.startswith(b"data: ") else line[5:]
                self._size += len(value)
                if self._size > LONGEST_LINE:
                    raise _too_long()
                self._data.append(value)
            elif line.startswith(b"event:"):
                self._name = _decode(line[6:]).strip()
            # Comments (":"), "id:", "retry:" and unknown fields say nothing about the reply.


def _decode(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Broken("The server sent bytes that are no text.") from None


def _too_long() -> Broken:
    return Broken("The server sent a single line of more than 1 MiB.")
