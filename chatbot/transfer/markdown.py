"""A conversation as a Markdown file, for people and for whatever reads Markdown."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from chatbot.core.messages import LIVE
from chatbot.transfer.fences import Fences
from chatbot.transfer.values import Entry, Heading

_RUN = re.compile(r"`{3,}")
_BREAK = re.compile(r"\r\n?")
_LINES = re.compile(r"([^\r\n]*)(\r\n?|\n|\Z)")
_ESCAPED = re.compile("[\x7f\x85\u2028\u2029]")
_LIKE_A_HEADING = re.compile(r"\\*## (?:You|ByteBot) · .*", re.DOTALL)
_LIKE_REASONING = re.compile(r"\\*Reasoning:\n\n`{3,}text\n")


def to_markdown(heading: Heading, entries: Iterable[Entry]) -> Iterator[bytes]:
    """The file in pieces, UTF-8: YAML front matter, the title, then each message under a heading of its own."""
    yield _front_matter(heading).encode()
    for entry in entries:
        yield _section(entry).encode()


def _front_matter(heading: Heading) -> str:
    lines = [
        "---",
        f"title: {_quoted(heading.title)}",
        f"conversation: {_quoted(heading.id)}",
        f"created: {_time(heading.created)}",
        *([f"scope: {_quoted(heading.scope)}"] if heading.scope else []),
        *([f"system: {_quoted(heading.system)}"] if heading.system else []),
        "---",
        "",
        f"# {' '.join(heading.title.split())}",
        "",
    ]
    return "\n".join(lines)


def _section(entry: Entry) -> str:
    who = "You" if entry.role == "user" else "ByteBot"
    model = " ".join((entry.model or "").split())
    # One that is still being written counts as cut: nobody goes on writing it in a copy.
    live = "cut" if entry.role == "assistant" else ""
    state = "" if entry.state == "complete" else live if entry.state in LIVE else entry.state
    heading = " · ".join(filter(None, (f"## {who}", model, _time(entry.created), entry.mark, state)))
    parts = [f"\n{heading}\n"]
    text = entry.text
    if entry.reasoning.strip():
        parts.append(f"Reasoning:\n\n{fenced(entry.reasoning)}\n")
    elif looks_like_reasoning(one_break(text).lstrip("\n")):
        text = "\\" + text.lstrip("\r\n")
    if text.strip():
        parts.append(_told_apart(closed(text)) + "\n")
    if state and entry.ended is not None:
        parts.append(f"*{' '.join(entry.ended.split()) or '—'}*\n")
    return "\n".join(parts)


def one_break(text: str) -> str:
    """With every line break as it is here; to Markdown they are the same."""
    return _BREAK.sub("\n", text)


def _told_apart(text: str) -> str:
    """A line that looks like a heading of ours, in a chat about such a file, gets a backslash; reading takes it away."""
    fences = Fences()
    found = []
    for line, end in _LINES.findall(text):
        found += ["" if fences.inside(line) or not _LIKE_A_HEADING.fullmatch(line) else "\\", line, end]
    return "".join(found)


def as_said(line: str) -> str:
    """A line outside of code as it was before it was written."""
    return line[1:] if line.startswith("\\") and _LIKE_A_HEADING.fullmatch(line) else line


def looks_like_reasoning(text: str) -> bool:
    """It begins as we write reasoning, with backslashes before it or none."""
    return _LIKE_REASONING.match(text) is not None


def fenced(text: str) -> str:
    """The text as a code block, its fence longer than any inside.

    >>> print(fenced("a\\n````\\nb"))
    `````text
    a
    ````
    b
    `````
    """
    fence = "`" * max(3, 1 + max((len(run) for run in _RUN.findall(text)), default=0))
    return f"{fence}text\n{text.strip(chr(10))}\n{fence}"


def closed(text: str) -> str:
    """Markdown as it was written; a fence left open is closed, or it would swallow every message below.

    >>> closed("```python\\nx = 1")
    '```python\\nx = 1\\n```'
    """
    fences = Fences()
    for line in one_break(text).split("\n"):
        fences.inside(line)
    text = text.strip("\r\n")
    return f"{text}\n{fences.open}" if fences.open else text


def _quoted(text: str) -> str:
    """A YAML string on one line: JSON's, with the line breaks escaped that only YAML knows."""
    quoted = json.dumps(text, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
