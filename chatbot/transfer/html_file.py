"""Conversations as one page that needs nothing else: no script, no network, and it prints well."""

from collections.abc import Iterable, Iterator
from datetime import UTC
from html import escape

from chatbot.core.text import visible
from chatbot.core.whole import Whole
from chatbot.transfer.reading import entries_of, heading_of
from chatbot.transfer.values import Entry, Heading

# The policy holds even if an escape were missing: nothing in the page is run or fetched.
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ByteBot</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
h1 { margin-top: 3rem; }
article { border-top: 1px solid #8886; padding: .5rem 0; }
h2 { font-size: 1rem; margin: .5rem 0; }
.about { font-weight: normal; opacity: .7; }
pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0; }
.aside { border-left: 3px solid #8886; padding-left: .75rem; opacity: .8; }
@media print {
  body { max-width: none; margin: 0; font-size: 11pt; }
  section + section { break-before: page; }
  h1, h2 { break-after: avoid; }
}
</style>
</head>
<body>
"""


def to_html(wholes: Iterable[Whole], *, branches: bool = False) -> Iterator[bytes]:
    """The page in pieces, UTF-8. Words stand as they were written, Markdown and all."""
    yield _HEAD.encode()
    for whole in wholes:
        yield _beginning(heading_of(whole, branches=branches)).encode()
        for entry in entries_of(whole, branches=branches):
            yield _article(entry).encode()
        yield b"</section>\n"
    yield b"</body>\n</html>\n"


def _beginning(heading: Heading) -> str:
    title = _shown(" ".join(heading.title.split()) or "(no title)")
    system = f"<p>System prompt:</p>\n{_words(heading.system, 'aside')}\n" if heading.system.strip() else ""
    return f'<section>\n<h1 dir="auto">{title}</h1>\n<p class="about">{heading.created.astimezone(UTC):%Y-%m-%d %H:%M} UTC · {_shown(heading.scope)}</p>\n{system}'


def _article(entry: Entry) -> str:
    who = "You" if entry.role == "user" else "ByteBot"
    by = entry.model if entry.role == "assistant" else None
    about = " · ".join(filter(None, (by, f"{entry.created.astimezone(UTC):%Y-%m-%d %H:%M} UTC", entry.mark)))
    parts = [f'<article>\n<h2>{who} <span class="about">{_shown(about)}</span></h2>']
    if entry.reasoning.strip():
        parts.append(_words(entry.reasoning, "aside"))
    if entry.text.strip():
        parts.append(_words(entry.text))
    if entry.ended:
        parts.append(f"<p><em>{_shown(entry.ended)}</em></p>")
    return "\n".join([*parts, "</article>\n"])


def _words(text: str, kind: str = "text") -> str:
    # A line break that comes first in a <pre> would be swallowed.
    return f'<pre class="{kind}" dir="auto">\n{_shown(text)}</pre>'


def _shown(text: str) -> str:
    return escape(visible(text))
