"""What a person types to find something, and where in a text it stands. Nothing that is typed is syntax but quotes.

Words are found by their beginning, `"several words"` as they stand, and what has signs in it (`foo_bar()`) or is of a
script without spaces (你好) as a part of the text. ß and ss are one.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

from chatbot.core.text import repair

LONGEST_QUERY = 400  # characters; the rest is not looked at
_MOST_TERMS = 16
_PIECE = re.compile(r'"([^"]*)"|(\S+)')
_AROUND_A_WORD = ".,;:!?…\"'“”„‚‘’«»"
# Scripts that write without spaces, so that no word begins where one would look for it.
_WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
_SHARP_S = re.compile("(ss|ß|ẞ)", re.IGNORECASE)
_MOST_SHARP = 3  # of them in one term are read both ways
_ACCENTS = re.compile("[\u0300-\u036f]")


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that has to stand in the text. `phrase`: it was quoted."""

    text: str
    phrase: bool = False

    @property
    def words(self) -> bool:
        """It is made of letters, digits and, quoted, spaces alone, in a script that parts its words."""
        return self._made_of(pictures=False)

    @property
    def words_or_pictures(self) -> bool:
        """The same, with emoji counted as letters."""
        return self._made_of(pictures=True)

    @property
    def readings(self) -> tuple[str, ...]:
        """As it was typed, and with ß for ss and ss for ß, which stand for each other in German. Of a long word the first
        few are read so.

        >>> Term("Strasse").readings, Term("Maßband").readings, Term("word").readings
        (('Strasse', 'Straße'), ('Maßband', 'Massband'), ('word',))
        """
        parts = _SHARP_S.split(self.text, _MOST_SHARP)
        if not any(parts[::2]):
            return (self.text,)  # the letter itself was meant
        ways = [_both(part) if at % 2 else (part,) for at, part in enumerate(parts)]
        return tuple("".join(way) for way in product(*ways))

    def _made_of(self, *, pictures: bool) -> bool:
        if _WITHOUT_SPACES.search(self.text) or not self.text.strip():
            return False
        return all(
            self.phrase if char.isspace() else _is_letter(char) or (pictures and _is_picture(char))
            for char in self.text
        )


def _both(sharp: str) -> tuple[str, ...]:
    if sharp == "ẞ":  # PostgreSQL may not know it as the capital of the other
        return ("ẞ", "ß", "ss")
    return ("ß", "ss") if sharp == "ß" else (sharp, "ß")


def _is_letter(char: str) -> bool:
    return unicodedata.category(char)[0] in "LNM"


def _is_picture(char: str) -> bool:
    """A part of an emoji: joiners and skin tones are, too."""
    return unicodedata.category(char) == "So" or char == "\u200d" or "\U0001f3fb" <= char <= "\U0001f3ff"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a snippet. `found`: this is what was looked for."""

    text: str
    found: bool = False


def terms(typed: str) -> tuple[Term, ...]:
    """What has to stand in a text; empty when nothing was typed.

    >>> terms('Decorators, "in Python" foo_bar()')
    (Term(text='Decorators', phrase=False), Term(text='in Python', phrase=True), Term(text='foo_bar()', phrase=False))
    >>> terms('"')
    (Term(text='"', phrase=False),)
    """
    typed = repair(typed)[:LONGEST_QUERY].strip()
    found: list[Term] = []
    for piece in _PIECE.finditer(typed):
        quoted, bare = piece.groups()
        if quoted is None:
            found.append(Term(bare.strip(_AROUND_A_WORD) or bare))
        elif quoted.strip():
            found.append(Term(quoted.strip(), phrase=True))
    if not found and typed:
        found = [Term(typed)]
    return tuple(dict.fromkeys(found))[:_MOST_TERMS]


def folded(text: str) -> tuple[str, list[int] | None]:
    """The text in small letters without accents, and for each of its characters the place in `text`; None: the same.

    >>> folded("Ärger")[0]
    'arger'
    """
    if text.isascii():
        return text.lower(), None
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        for one in _fold(char):
            letters.append(one)
            places.append(place)
    return "".join(letters), places


@lru_cache(4096)
def _fold(char: str) -> str:
    # Not what other scripts write above and below their letters: those are letters of their own.
    return _ACCENTS.sub("", unicodedata.normalize("NFD", char).lower()) if not "가" <= char <= "힣" else char


def places(text: str, wanted: tuple[Term, ...]) -> list[tuple[int, int]]:
    """Where the terms stand in the text, as (begin, end), in order and apart.

    >>> places("A decorator decorates", terms("deco"))
    [(2, 6), (12, 16)]
    """
    small, where = folded(text)
    spans: list[tuple[int, int]] = []
    for term in wanted:
        spans += _places(small, term)
    if where is not None:
        spans = [(where[begin], where[end - 1] + 1) for begin, end in spans]
    found: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def _places(small: str, term: Term) -> list[tuple[int, int]]:
    ways = {folded(reading)[0]: None for reading in term.readings}
    if term.phrase and term.words:
        ways = {r"\W+".join(re.escape(word) for word in way.split()): None for way in ways}
    else:
        ways = {re.escape(way): None for way in ways}
    pattern = "|".join(filter(None, ways))
    if not pattern:
        return []
    found = [(one.start(), one.end()) for one in re.finditer(pattern, small)]
    if not term.words:
        return found
    begins = [(begin, end) for begin, end in found if not begin or not small[begin - 1].isalnum()]
    return begins or found


def stands_in(text: str, wanted: tuple[Term, ...]) -> bool:
    """Whether every term stands in this short text, be it inside a word."""
    small = folded(text)[0]
    return all(_places(small, term) for term in wanted)


def snippet(text: str, wanted: tuple[Term, ...], most: int = 160) -> tuple[Part, ...]:
    """About `most` characters around what was looked for, on one line, with it marked.

    >>> snippet("What is a decorator?", terms("dec"))
    (Part(text='What is a ', found=False), Part(text='dec', found=True), Part(text='orator?', found=False))
    """
    spans = places(text, wanted)
    begin, end = _window(text, spans, most)
    parts: list[Part] = [Part("…")] if begin else []
    at = begin
    for first, last in spans:
        if last <= begin or first >= end:
            continue
        first, last = max(first, begin), min(last, end)
        parts += [Part(text[at:first]), Part(text[first:last], True)]
        at = last
    parts += [Part(text[at:end]), Part("…" if end < len(text) else "")]
    lines = [Part(re.sub(r"\s+", " ", part.text), part.found) for part in parts]
    return tuple(part for part in lines if part.text)


def _window(text: str, spans: list[tuple[int, int]], most: int) -> tuple[int, int]:
    """The stretch that holds the most of what was found, beginning between two words."""
    best = max(
        spans[:50],
        key=lambda span: sum(span[0] <= other[0] < span[0] + most for other in spans[:50]),
        default=(0, 0),
    )
    begin = max(0, best[0] - most // 4)
    if begin and (space := re.search(r"\s", text[begin : best[0]])):
        begin += space.end()
    end = min(len(text), begin + most)
    if end < len(text) and (cut := text.rfind(" ", begin + most // 2, end)) > best[1]:
        end = cut
    return begin, end
