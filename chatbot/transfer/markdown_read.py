"""A Markdown file that ByteBot wrote, read again: its messages, as far as Markdown keeps them."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO

from chatbot.core.endings import how_it_ended
from chatbot.core.errors import BadInput
from chatbot.core.messages import State
from chatbot.core.whole import Whole
from chatbot.transfer.checked import Checked
from chatbot.transfer.growing import Growing, moment, title_of
from chatbot.transfer.values import Copied

APP = "a Markdown file"
LARGEST = 64 << 20  # bytes of one file
_FRONT = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)
_HEADING = re.compile(
    r"## (?P<who>You|ByteBot)(?: · (?P<model>.+?))?"
    r" · (?P<when>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"
    r"(?: · message (?P<number>\d+)(?:, version \d+ of \d+)?(?:, below (?P<below>\d+))?)?"
)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_REASONING = re.compile(r"Reasoning:\n\n(`{3,})text\n(.*?)\n\1\n?(?:\n|\Z)", re.DOTALL)
_SAID = re.compile(r"\*([^\n]+)\*")
_LIMIT = re.compile(r"Reached the (?:limit of [\d,]+ tokens|server's own limit(?: after [\d,]+ tokens?)?)\.")
_STATES: Sequence[State] = ("filtered", "refused", "tool_limit", "stopped", "cut", "failed", "blocked")
_SENTENCES: dict[str | None, State] = {how_it_ended(state): state for state in _STATES}


@dataclass(slots=True)
class _Section:
    """One message: its heading's parts, and its lines."""

    about: re.Match[str]
    lines: list[str] = field(default_factory=list)


def is_markdown(begin: bytes) -> bool:
    return begin.lstrip(b"\xef\xbb\xbf").startswith(b"---\n")


def read_markdown(file: BinaryIO, name: str) -> Copied:
    """Its conversation; BadInput where it is no transcript of ByteBot's."""
    content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise BadInput(f"{name} has more than {LARGEST:,} bytes; that is no transcript.")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
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
        source=f"bytebot:{id}",
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
    for line in front.splitlines():
        key, _, value = line.partition(": ")
        if value.startswith('"'):
            try:
                found[key] = json.loads(re.sub(r"\\x([0-9a-f]{2})", r"\\u00\1", value))
            except ValueError:
                raise BadInput(f"{name}, front matter, {key[:40]}: {value[:40]!r} is no quoted text.") from None
        else:
            found[key] = value
    return found


def _sections(text: str) -> Iterator[_Section]:
    """By their headings; what looks like one inside a code block is none."""
    section: _Section | None = None
    fence = ""
    for line in text.split("\n"):
        if not fence and (heading := _HEADING.fullmatch(line)):
            if section is not None:
                yield section
            section = _Section(heading)
            continue
        if found := _FENCE.fullmatch(line):
            mark, rest = found.groups()
            if not fence:
                fence = "" if mark[0] == "`" and "`" in rest else mark
            elif mark[0] == fence[0] and len(mark) >= len(fence) and not rest.strip():
                fence = ""
        if section is not None:
            section.lines.append(line)
    if section is not None:
        yield section


def _add(growing: Growing, key: str, parent: str | None, section: _Section, created: datetime) -> None:
    text = "\n".join(section.lines).strip("\n")
    thoughts, state, error = "", "complete", None
    reply = section.about["who"] == "ByteBot"
    if reply:
        if found := _REASONING.match(text):
            thoughts, text = found[2], text[found.end() :].strip("\n")
        text, state, error = _ended(text)
    growing.add(
        key,
        parent,
        "assistant" if reply else "user",
        text,
        created=moment(section.about["when"]) or created,
        thoughts=thoughts,
        model=section.about["model"] if reply else None,
        state=state,  # type: ignore[arg-type]
        **({"error": error, "error_kind": "Imported"} if error else {}),
    )


def _ended(text: str) -> tuple[str, State, str | None]:
    """The text without the sentence under it that says how the reply ended; and what that says."""
    before, _, last = text.rpartition("\n")
    said = _SAID.fullmatch(last)
    if said is None:
        return text, "complete", None
    sentence, rest = said[1], before.strip("\n")
    if _LIMIT.fullmatch(sentence):
        return rest, "length", None
    if (state := _SENTENCES.get(sentence)) is not None:
        return rest, state, None
    if not rest:
        return "", "failed", sentence.removesuffix(" Your message is kept.").removesuffix(" The part so far is kept.")
    return text, "complete", None
