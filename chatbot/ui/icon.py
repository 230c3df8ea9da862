"""The icon in the browser's tab."""

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="#5c7cfa">'
    '<path d="M4 2h11a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H7l-5 4V4a2 2 0 0 1 2-2z"/>'
    '<path d="M19 7h1a2 2 0 0 1 2 2v13l-5-4H9a2 2 0 0 1-2-2v-2h9a3 3 0 0 0 3-3z"/>'
    "</svg>"
)
"""Drawn here, since the browser would fetch a Material icon from its maker's servers each time the app is opened."""
