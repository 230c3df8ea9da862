"""Conversations into the store, each whole or not at all, with a receipt that has a line for every one."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import BinaryIO, Literal

from chatbot.core.errors import BadInput
from chatbot.core.settings import Options
from chatbot.store.store import Store
from chatbot.transfer.chats import not_read, open_chats
from chatbot.transfer.values import Copied

How = Literal["added", "there", "back", "passed"]
"""`back`: it was in the trash here; `passed`: of a file, in which there is more than chats."""
File = tuple[str, BinaryIO]
"""Its name, as it is said in errors, and its bytes, which can be sought in."""


_OTHER_HERE = "not as in the file: it went on here or there; the one here was kept"
_MORE_HERE = "the one here was kept: such a file keeps less of it, or it went on here or there"
_MESSAGES_AT_ONCE, _LETTERS_AT_ONCE = 500, 2_000_000  # less than a tenth of a second, and little to hold

_TOLD = 5  # files in one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of one conversation; of a file, by its name, when `how` is "passed". `id`: in this store; `notes`: what could not be kept or does not agree."""

    title: str
    messages: int
    how: How
    id: str | None = None
    app: str = ""
    """Whose file it came from."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Looked:
    """What files hold, read to their ends: nothing in them is wrong. Nothing was written."""

    lines: tuple[Line, ...]
    unread: Mapping[int, Line] = field(default_factory=dict)
    """By the place of the file, from 0: the line that says why it cannot be read."""

    @property
    def chats(self) -> int:
        return sum(line.how != "passed" for line in self.lines)

    def count(self, how: How) -> int:
        return sum(line.how == how for line in self.lines)


def look(store: Store, files: Iterable[File], *, some: bool = False) -> Looked:
    """What importing these files would do. BadInput names the file and the place of what cannot be.

    `some`: a file that cannot be read is passed with a line, where another one can be.
    """
    lines, seen, unread = list[Line](), set[str](), dict[int, Line]()
    files = list(files)
    for number, (name, file) in enumerate(files):
        found, sources = list[Line](), set[str]()
        try:
            for copied in open_chats(file, name):
                source = copied.whole.source
                there = source in seen or source in sources or source in store.wholes.there([source])
                sources.add(source)
                found.append(_line(copied, "there" if there else "added", notes=_notes(copied)))
            found += _passed(file, name, len(found))
        except BadInput as error:
            if not some:
                raise
            if len(unread) + 1 == len(files):  # none of them can be read
                told = [*(line.notes[0] for line in unread.values()), error.sentence]
                more = f"{len(told) - _TOLD:,} more cannot be read either." if len(told) > _TOLD else ""
                raise BadInput(" ".join([*told[:_TOLD], more]).strip()) from None
            unread[number] = Line(title=name, messages=0, how="passed", notes=(error.sentence,))
            lines.append(unread[number])
            continue
        seen |= sources
        lines += found
    return Looked(tuple(lines), unread)


def import_files(
    store: Store, files: Iterable[File], options: Options, *, stop: Callable[[], bool] = lambda: False
) -> Iterator[Line]:
    """Import them, a line as soon as each conversation is stored; `look` has found nothing wrong with them before.

    Each is stored whole or not at all. Stopped by `stop` or by closing the iterator, what was stored stays, and importing
    the files again goes on from there. `options`: of chats that bring none.
    """
    stopped = False

    def going(_: Copied) -> bool:
        nonlocal stopped
        stopped = stop()
        return not stopped

    for name, file in files:
        chats = 0
        for some in _together(takewhile(going, open_chats(file, name))):
            chats += len(some)
            for copied, added in zip(some, store.wholes.add_all([one.whole for one in some], options), strict=True):
                notes = _notes(copied)
                if not added.same:
                    notes = (_MORE_HERE if copied.checksum is None else _OTHER_HERE, *notes)
                yield _line(copied, added.how, id=added.id, notes=notes)
        if stopped:
            return
        yield from _passed(file, name, chats)


def _together(chats: Iterable[Copied]) -> Iterator[list[Copied]]:
    """Short ones several at a time: so little that nobody else waits long to write."""
    some: list[Copied] = []
    messages = letters = 0
    for copied in chats:
        more = 1 + len(copied.whole.messages)  # one without a message is written, too
        longer = sum(len(one.text) + len(one.reasoning) for one in copied.whole.messages)
        if some and (messages + more > _MESSAGES_AT_ONCE or letters + longer > _LETTERS_AT_ONCE):
            yield some
            some, messages, letters = [], 0, 0
        some.append(copied)
        messages, letters = messages + more, letters + longer
    if some:
        yield some


def _passed(file: BinaryIO, name: str, chats: int) -> Iterator[Line]:
    told = not_read(file, name)
    if not chats:
        told = "; ".join(filter(None, ("there is no conversation in it", told)))
    if told:
        yield Line(title=name, messages=0, how="passed", notes=(told,))


def _line(copied: Copied, how: How, *, id: str | None = None, notes: tuple[str, ...] = ()) -> Line:
    whole = copied.whole
    if not whole.messages:
        notes = ("it has no message", *notes)
    return Line(title=whole.title, messages=whole.count, how=how, id=id, app=copied.app, notes=notes)


def _notes(copied: Copied) -> tuple[str, ...]:
    return copied.lost if copied.intact else ("it was changed since it was exported", *copied.lost)
