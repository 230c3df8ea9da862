"""A reply laid out for a page that stands alone: nothing of it is run or fetched, and no word of it is missing."""

import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING

from chatbot.core.blocks import LONGEST_MATHS

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererProtocol
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_DEEPEST = 15  # levels; the parser drops what is nested deeper than 20
_HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}
"""The page's own headings are the conversation's name and who speaks."""
_DIRECTED = {"p", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "th", "td"}
_ADDRESSES = ("http://", "https://", "mailto:")
_FORMULA = re.compile(
    r"\$\$.+?\$\$|\$(?=\S)[^$\n]*?[^\s$\\]\$(?!\d)|\\\(.+?\\\)|\\\[.+?\\\]|\\begin\{(\w+\*?)\}.+?\\end\{\1\}", re.DOTALL
)


def laid_out(text: str) -> str | None:
    """The Markdown as HTML; None where it is nested too deep to be kept whole. HTML in it stays text, formulas as they were
    written; a picture is a link.
    """
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
    parser.disable("reference")  # what it points to would be seen nowhere
    parser.inline.ruler.before("escape", "formula", _formula)
    parser.add_render_rule("image", _picture)
    parser.validateLink = lambda url: url.lower().startswith(_ADDRESSES)  # type: ignore[method-assign]
    return parser


def _formula(state: "StateInline", silent: bool) -> bool:
    """TeX is no Markdown: a backslash in it is none that Markdown takes away."""
    if state.src[state.pos] not in "$\\":
        return False
    found = _FORMULA.match(state.src, state.pos, min(state.posMax, state.pos + LONGEST_MATHS))
    if found is None:
        return False
    if not silent:
        state.push("text", "", 0).content = found.group()
    state.pos = found.end()
    return True


def _picture(
    renderer: "RendererProtocol",
    tokens: "Sequence[Token]",
    at: int,
    options: object,
    env: "MutableMapping[str, object]",
) -> str:
    """It would be fetched, so it is a link, as in the chat."""
    token = tokens[at]
    address = escape(str(token.attrGet("src") or ""))
    return f'<a href="{address}" rel="noopener noreferrer">{escape(token.content) or address}</a>'
