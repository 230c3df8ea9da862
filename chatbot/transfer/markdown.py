"""A conversation as a Markdown file, for people and for whatever reads Markdown."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from chatbot.transfer.values import Entry, Heading

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)")
_RUN = re.compile(r"`{3,}")
_BREAKS = {"\x7f": r"\x7f", "\x85": r"\x85", "\u2028": r"\u2028", "\u2029": r"\u2029"}


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
    by = f" · {' '.join(entry.model.split())}" if entry.model and entry.model.split() else ""
    where = f" · {entry.mark}" if entry.mark else ""
    parts = [f"\n## {who}{by} · {_time(entry.created)}{where}\n"]
    if entry.reasoning.strip():
        parts.append(f"Reasoning:\n\n{fenced(entry.reasoning)}\n")
    if entry.text.strip():
        parts.append(closed(entry.text) + "\n")
    if entry.ended:
        parts.append(f"*{entry.ended}*\n")
    return "\n".join(parts)


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
    open_fence = ""
    for line in text.splitlines():
        found = _FENCE.fullmatch(line)
        if found is None:
            continue
        fence, rest = found.groups()
        if not open_fence:
            # A backtick in the info string makes it no fence but a code span.
            if not (fence[0] == "`" and "`" in rest):
                open_fence = fence
        elif fence[0] == open_fence[0] and len(fence) >= len(open_fence) and not rest.strip():
            open_fence = ""
    text = text.strip("\n")
    return f"{text}\n{open_fence}" if open_fence else text


def _quoted(text: str) -> str:
    """A YAML string on one line: JSON's, with the line breaks escaped that only YAML knows."""
    quoted = json.dumps(text, ensure_ascii=False)
    for character, escape in _BREAKS.items():
        quoted = quoted.replace(character, escape)
    return quoted


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
