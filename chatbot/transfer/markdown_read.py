"""A Markdown file that ByteBot wrote, read again: its messages, as far as Markdown keeps them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, get_args

from chatbot.core.endings import how_it_ended
from chatbot.core.errors import BadInput
from chatbot.core.messages import LIVE, State
from chatbot.core.whole import Whole
from chatbot.transfer.checked import Checked
from chatbot.transfer.fences import Fences
from chatbot.transfer.growing import Growing, moment, title_of
from chatbot.transfer.markdown import as_said, looks_like_reasoning, one_break
from chatbot.transfer.values import Copied

APP = "a Markdown file"
LARGEST = 64 << 20  # bytes of one file
_FRONT = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
_STATES = tuple(state for state in get_args(State) if state not in LIVE and state != "complete")
_HEADING = re.compile(
    r"## (?P<who>You|ByteBot)(?: · (?P<model>.+?))?"
    r" · (?P<when>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"
    r"(?: · message (?P<number>\d+)(?:, version \d+ of \d+)?(?:, below (?P<below>\d+))?)?"
    rf"(?: · (?P<state>{'|'.join(_STATES)}))?"
)
_REASONING = re.compile(r"Reasoning:\n\n(`{3,})text\n(.*?)\n\1\n?(?:\n|\Z)", re.DOTALL)
_ENDED = re.compile(r"(?:(?P<text>.*)\n)?\*(?P<sentence>[^\n]+)\*", re.DOTALL)


@dataclass(slots=True)
class _Section:
    """One message: its heading's parts, and its lines."""

    about: re.Match[str]
    lines: list[str] = field(default_factory=list)


def is_markdown(begin: bytes) -> bool:
    return begin.removeprefix(b"\xef\xbb\xbf").startswith((b"---\n", b"---\r\n"))


def read_markdown(file: BinaryIO, name: str) -> Copied:
    """Its conversation; BadInput where it is no transcript of ByteBot's."""
    content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise BadInput(f"{name} has more than {LARGEST:,} bytes; that is no transcript.")
    try:
        text = one_break(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadInput(f"{name} is no UTF-8 text. Name a file that ByteBot wrote.") from None
    front = _FRONT.match(text)
    about = Checked(_fields(front[1] if front else "", name), f"{name}, front matter")
    id = about.text("conversation")
    created = moment(about.raw("created"))
    if not id or created is None:
        raise BadInput(
            f"{name} is no transcript of ByteBot's: its front matter names no conversation, or not when it began. "
            "Other Markdown cannot be imported, since nothing in it says who spoke."
        )
    growing = Growing(APP)
    before: str | None = None
    assert front is not None
    for number, section in enumerate(_sections(text[front.end() :]), start=1):
        key = section.about["number"] or str(number)
        parent = section.about["below"] if section.about["number"] else before
        if growing.number(parent) is None and parent is not None:
            raise BadInput(f"{name}, message {key}: message {parent}, which it is below, does not stand above it.")
        _add(growing, key, parent, section, created)
        before = key
    system = about.text("system")
    whole = Whole(
        source=id if ":" in id else f"bytebot:{id}",
        title=title_of(about.text("title")),
        title_by="person",
        tag="markdown",
        created=created,
        updated=max((message.created for message in growing.messages), default=created),
        options={"system": system} if system else {},
        head=growing.head,
        messages=tuple(growing.messages),
    )
    return Copied(whole=whole, lost=growing.told(), app=APP)


def _fields(front: str, name: str) -> dict[str, Any]:
    """The front matter as we write it: a name, a colon, and JSON's quotes around what is text."""
    found: dict[str, Any] = {}
    for line in front.split("\n"):
        key, _, value = line.partition(": ")
        if value.startswith('"'):
            try:
                found[key] = json.loads(value)
            except ValueError:
                raise BadInput(f"{name}, front matter, {key[:40]}: {value[:40]!r} is no quoted text.") from None
        else:
            found[key] = value
    return found


def _sections(text: str) -> Iterator[_Section]:
    """By their headings; what looks like one inside a code block is none."""
    section: _Section | None = None
    fences = Fences()
    for line in text.split("\n"):
        code = fences.inside(line)
        if not code and (heading := _HEADING.fullmatch(line)):
            if section is not None:
                yield section
            section = _Section(heading)
        elif section is not None:
            section.lines.append(line if code else as_said(line))
    if section is not None:
        yield section


def _add(growing: Growing, key: str, parent: str | None, section: _Section, created: datetime) -> None:
    text = "\n".join(section.lines).strip("\n")
    reply = section.about["who"] == "ByteBot"
    state: State = section.about["state"] or "complete"  # type: ignore[assignment]
    thoughts, error = "", None
    if text.startswith("\\") and looks_like_reasoning(text):
        text = text[1:]
    elif found := _REASONING.match(text):
        thoughts, text = found[2].strip("\n"), text[found.end() :].strip("\n")
    if reply and state != "complete" and (ended := _ENDED.fullmatch(text)):
        text, error = (ended["text"] or "").strip("\n"), _error(state, ended["sentence"])
    growing.add(
        key,
        parent,
        "assistant" if reply else "user",
        text,
        created=moment(section.about["when"]) or created,
        thoughts=thoughts,
        model=section.about["model"] if reply else None,
        state=state,
        **({"error": error, "error_kind": "Imported"} if error else {}),
    )


def _error(state: State, sentence: str) -> str | None:
    """What went wrong, out of the sentence that says how it ended; None where that says nothing but the state."""
    if state == "length" or sentence == how_it_ended(state):
        return None
    return sentence.removesuffix(" Your message is kept.").removesuffix(" The part so far is kept.")
