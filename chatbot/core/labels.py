"""Text from outside in Streamlit's labels, which are Markdown too."""

import re

from chatbot.core.text import RIGHT_TO_LEFT, facing, repair, visible

_MARKS = re.compile(r"([!-/:-@\[-`{-~])")
# Emoji, icons and links are looked for in the finished text, so that no escape helps; an invisible joiner does.
_FOUND = re.compile(r":(?=[\w+-]+:)|(?:(?<=http:)|(?<=https:))(?=//)|(?<=www)(?=\.)|(?=@)", re.IGNORECASE)
_TURNING = re.compile("[\u202a-\u202c\u2066-\u2069]")
# Without a use, or none in a name: joiners that join nothing, and marks of direction where there is but one direction.
_UNSEEN = re.compile("[\u200b\u2060\ufeff]|(?:(?<=[\x00-\x7f])|^)[\u200c\u200d]+")
_MARKS_OF_DIRECTION = re.compile("[\u200e\u200f\u061c]")
_JOINER = "\u2060"
_TURNED_BACK = "\u2069"


def label(text: str, most: int = 80) -> str:
    r"""The text for a Streamlit label, which is Markdown too: a title, a model's name, a server's words.

    One line of at most `most` characters, in which nothing is a picture, link, colour, emoji, formula or tag.

    >>> print(label("A ![pixel](http://h/p.png)\nand :red[more]"))
    A \!\[pixel\]\(http\:⁠\/\/h\/p\.png\) and \:red\[more\]
    """
    line = one_line(text, most)
    faced = facing(line)
    if len(faced) > len(line):
        faced += _TURNED_BACK  # what stands behind the label is no part of it
    return _MARKS.sub(r"\\\1", _FOUND.sub(lambda found: found[0] + _JOINER, faced))


def one_line(text: str, most: int = 80) -> str:
    r"""The same for places that know no Markdown, such as the choices of a list.

    >>> one_line("A *bold*\nmodel", 8)
    'A *bold…'
    """
    line = visible(_UNSEEN.sub("", _TURNING.sub("", " ".join(repair(text).split()))))
    if not RIGHT_TO_LEFT.search(bare := _MARKS_OF_DIRECTION.sub("", line)):
        line = bare
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
