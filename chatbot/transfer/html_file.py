"""Conversations as one page that needs nothing else: no script, no network, and it prints well."""

from collections.abc import Iterable, Iterator
from datetime import UTC
from html import escape

from chatbot.core.text import visible
from chatbot.core.whole import Whole
from chatbot.transfer.html_markdown import laid_out
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
.laid { overflow-wrap: anywhere; margin: .5rem 0; }
.laid p, .laid table { margin: .5rem 0; }
h3, h4, h5, h6 { font-size: 1rem; margin: 1rem 0 .5rem; }
h3 { font-size: 1.25rem; }
h4 { font-size: 1.1rem; }
code { font: .875em/1.5 ui-monospace, monospace; background: #8882; padding: .1em .25em; border-radius: .25em; }
.laid pre { background: #8882; padding: .75rem; border-radius: .5rem; }
.laid pre code { background: none; padding: 0; }
blockquote { border-left: 3px solid #8886; margin: .5rem 0; padding-left: .75rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid #8886; padding: .25rem .5rem; text-align: start; }
@media print {
  body { max-width: none; margin: 0; font-size: 11pt; }
  section + section { break-before: page; }
  h1, h2, h3, h4, h5, h6 { break-after: avoid; }
  a::after { content: " (" attr(href) ")"; overflow-wrap: anywhere; }
  table { display: table; }
  tr { break-inside: avoid; }
}
</style>
</head>
<body>
"""


def to_html(wholes: Iterable[Whole], *, branches: bool = False) -> Iterator[bytes]:
    """The page in pieces, UTF-8. What a person said stands as it was written; replies are laid out, as in the chat."""
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
        parts.append(_reply(entry.reasoning, "aside"))
    if entry.text.strip():
        parts.append(_words(entry.text) if entry.role == "user" else _reply(entry.text, "text"))
    if entry.ended:
        parts.append(f"<p><em>{_shown(entry.ended)}</em></p>")
    return "\n".join([*parts, "</article>\n"])


def _reply(text: str, kind: str) -> str:
    """What a model said, in Markdown."""
    inside = laid_out(visible(text))
    return _words(text, kind) if inside is None else f'<div class="{kind} laid" dir="auto">\n{inside}</div>'


def _words(text: str, kind: str = "text") -> str:
    # A line break that comes first in a <pre> would be swallowed.
    return f'<pre class="{kind}" dir="auto">\n{_shown(text)}</pre>'


def _shown(text: str) -> str:
    return escape(visible(text))
