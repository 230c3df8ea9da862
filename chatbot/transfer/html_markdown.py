"""A reply laid out for a page that stands alone: nothing of it is run or fetched, and no word of it is missing."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_DEEPEST = 15  # levels; the parser drops what is nested deeper than 20
_HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}
"""The page's own headings are the conversation's name and who speaks."""
_DIRECTED = {"p", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "th", "td"}
_ADDRESSES = ("http://", "https://", "mailto:")


def laid_out(text: str) -> str | None:
    """The Markdown as HTML; None where it is nested too deep to be kept whole. HTML and pictures in it stay text."""
    parser = _parser()
    tokens = parser.parse(text)
    if max((token.level for token in tokens), default=0) > _DEEPEST:
        return None
    for token in tokens:
        _settle(token)
    return str(parser.renderer.render(tokens, parser.options, {}))


def _settle(token: "Token") -> None:
    token.tag = _HEADINGS.get(token.tag, token.tag)
    if token.nesting == 1 and token.tag in _DIRECTED:
        token.attrSet("dir", "auto")
    if token.type == "fence" and token.info.strip():  # of which the class would keep the first word
        token.attrSet("title", token.info.strip())
    for inside in token.children or ():
        if inside.type == "link_open":
            inside.attrSet("rel", "noopener noreferrer")


@cache
def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"])
    # A picture would be fetched; what a reference points to would be seen nowhere.
    parser.disable(["image", "reference"])
    parser.validateLink = lambda url: url.lower().startswith(_ADDRESSES)  # type: ignore[method-assign]
    return parser
