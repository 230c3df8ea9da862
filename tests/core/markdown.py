"""Markdown for the tests of drawing: an independent reader of it, and nasty pieces to build texts from."""

from collections.abc import Iterator
from itertools import pairwise

from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

RENDERER = MarkdownIt("commonmark", {"html": False}).enable("table")
WITH_HTML = MarkdownIt("commonmark", {"html": True}).enable("table")

SHAPES = [
    "a", "b c", "\n", "\n\n", "\n\n", "\n- ", "\n1. ", "2. ", "\n> ", ">", "  ", "\n    ", " ", "\t", "\n```\n", "````", "\n~~~\n",
    "```py\n", "\n# h", "\n---\n", "===", "`", "``", "| ", " | ", "\n| a |\n|--|\n", "<div>", "*", "**", "_", "x\n\ny",
    "א", "\n\n- p\n\n  q", "\n\n1) ", "$x$", ":a:", "\n[^1]: n", "[^1]", "[r][q]", "\n[q]: /u\n", "\n   ```\n", "\n- ```\n",
]  # fmt: skip
ATTACKS = [
    *SHAPES, "![x](http://evil/p)", "![x][r]", "[a](", "](", "[r]: http://evil/q\n", "<a href=\"", "\">", "<!--", "-->", "$", "$$",
    "\\(", "\\)", "\\[", "\\]", "\n$$\n", "\n\\[\n", "\n\\]\n", "!", "[", "]", "(", ")", "\\", "\"", "'", ":red[", "::", ":smile:",
    "https://a.b/", "<http://a>", "www.a.b", "\n:::x\n", "$5 ", "and then ", "![", "&#33;", "\r", "{", "}", "```a`b\n", "](`", "\u2067", "\u202b", "ש",
]  # fmt: skip


def texts(pieces: list[str], most: int = 25) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=most).map("".join)


@st.composite
def in_pieces(draw: st.DrawFn, pieces: list[str]) -> tuple[str, list[str]]:
    """A text, and the deltas that it comes in."""
    text = draw(texts(pieces))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=12)) | {0, len(text)})
    return text, [text[start:stop] for start, stop in pairwise(cuts)]


def tokens(text: str, reader: MarkdownIt = RENDERER) -> Iterator[Token]:
    for token in reader.parse(text):
        yield token
        yield from token.children or ()


def pictures(text: str) -> list[str]:
    """Sources of the pictures that a renderer would fetch, with HTML on or off."""
    return [
        str(token.attrs["src"])
        for reader in (RENDERER, WITH_HTML)
        for token in tokens(text, reader)
        if token.type == "image"
    ]
