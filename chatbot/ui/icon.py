"""The icon in the browser's tab, and the name over the pages."""

_BUBBLES = (
    '<path d="M4 2h11a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H7l-5 4V4a2 2 0 0 1 2-2z"/>'
    '<path d="M19 7h1a2 2 0 0 1 2 2v13l-5-4H9a2 2 0 0 1-2-2v-2h9a3 3 0 0 0 3-3z"/>'
)
_SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} 24" fill="#5c7cfa">{}</svg>'

SVG = _SVG.format(24, _BUBBLES)
"""Drawn here, since the browser would fetch a Material icon from its maker's servers each time the app is opened."""

NAME = _SVG.format(
    108,
    f'{_BUBBLES}<text x="32" y="18" font-family="sans-serif" font-weight="bold" font-size="17"'
    # Whatever font there is, it ends where the picture ends.
    ' textLength="75" lengthAdjust="spacingAndGlyphs">ByteBot</text>',
)
"""With the name beside it, in a blue that is read on light and on dark."""
