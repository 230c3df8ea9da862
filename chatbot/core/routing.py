"""Rules that send simple messages to another model of the same connection. Pure: a message in, where it goes out.

    route(rules, connection="openai", model="gpt-6-sol", text="Hi")  ->  Routed(model="gpt-6-luna", …) or None

The first rule that matches wins. No rules: nothing is ever routed.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from chatbot.core.settings import EMBEDDED

_CODE = re.compile(
    r"""
    ^[ ]{0,3}(```|~~~)                                # a fence
    | `[^`\n]+`                                       # words in backticks
    | (^|\n[ \t]*\n)([ ]{4,}|\t)\S.*\n([ ]{4,}|\t)\S  # indented lines after an empty one
    | [;{}][ \t]*$                                    # lines of C and all that look like it
    | ^[ \t]*(def|class|async[ ]def)[ ]\w+.*:[ \t]*$
    | ^[ \t]*(from[ ][\w.]+[ ]import|import[ ][\w.]+[ \t]*$|\#include|\#!/|@\w+[ \t]*$|>>>[ ])
    | ^[ \t]*(const|let|var|function|fn|func|public|private|static)[ ].*[=(;{]
    | ^[ \t]*[\w.\[\]]+[ ]?[-+*/]?=[ ]?\S.*$            # an assignment
    | ^Traceback[ ]\(most[ ]recent
    | </?[a-zA-Z][\w-]*(\s[^<>]*)?>                   # a tag
    | \b\w+\([^()\s]*\)                               # a call: f(x)
    """,
    re.MULTILINE | re.VERBOSE,
)
_SQL = ((r"\bSELECT\b", r"\bFROM\b"), (r"\bUPDATE\b", r"\bSET\b"), (r"\b(INSERT INTO|CREATE TABLE|DELETE FROM)\b", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Where messages go for which everything holds that it says.

    `model` and `connection`: of the chat, `*` and `?` standing for any characters. `at_most`: characters. `words`: one
    of them, or more, is in the message, in any case, as a whole word.
    """

    to: str
    model: str = "*"
    connection: str = "*"
    at_most: int | None = None
    without_code: bool = False
    words: tuple[str, ...] = ()
    name: str = ""

    def reason(self, text: str) -> str | None:
        """Why a message is one of this rule's, in words; None when it is not.

        >>> Rule(to="m", at_most=200, without_code=True).reason("What is a decorator?")
        'at most 200 characters, no code'
        """
        said = text.strip()
        reasons: list[str] = []
        if self.at_most is not None:
            if len(said) > self.at_most:
                return None
            reasons.append(f"at most {self.at_most:,} character{'' if self.at_most == 1 else 's'}")
        if self.without_code:
            if has_code(text):
                return None
            reasons.append("no code")
        if self.words:
            folded = _folded(said)
            found = next((word for word in self.words if _found(folded, _folded(word))), None)
            if found is None:
                return None
            reasons.append(f"the word “{found}”")
        return ", ".join(reasons) or "every message"

    def concerns(self, connection: str, model: str) -> bool:
        """Whether it is for chats with this model on this connection."""
        return _like(model, self.model) and _like(connection, self.connection)


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """A message that goes to `model` instead of the chat's own, and why: 'rule “short”: at most 200 characters'."""

    model: str
    instead_of: str
    why: str

    @property
    def note(self) -> str:
        return f"{self.model} answers instead of {self.instead_of} ({self.why})."

    def stored(self) -> dict[str, str]:
        return {"model": self.model, "instead_of": self.instead_of, "why": self.why}


def stored_route(stored: object) -> Routed | None:
    """A Routed out of a reply's row; None where there is none."""
    if not isinstance(stored, Mapping):
        return None
    model, instead_of, why = (str(stored.get(name) or "") for name in ("model", "instead_of", "why"))
    return Routed(model=model, instead_of=instead_of, why=why) if model and instead_of else None


def route(rules: Sequence[Rule], *, connection: str, model: str, text: str) -> Routed | None:
    """Where a new message of a chat goes; None: to the chat's own model.

    A rule whose target is the chat's own model keeps the message there. The offline model is the only one on its
    connection, so nothing said to it is routed.

    >>> short = Rule(name="short", to="cheap", at_most=10)
    >>> route([short], connection="openai", model="dear", text="Hello!")
    Routed(model='cheap', instead_of='dear', why='rule “short”: at most 10 characters')
    >>> route([short], connection="openai", model="dear", text="Hello, my friend!")
    """
    if connection == EMBEDDED or not model:
        return None
    for number, rule in enumerate(rules, 1):
        if not rule.concerns(connection, model):
            continue
        reason = rule.reason(text)
        if reason is not None:
            if rule.to == model:
                return None
            called = f"“{rule.name}”" if rule.name else str(number)
            return Routed(model=rule.to, instead_of=model, why=f"rule {called}: {reason}")
    return None


def targets(rules: Sequence[Rule], *, connection: str, model: str) -> tuple[str, ...]:
    """The other models to which the rules may send a message of a chat, in the rules' order, each once.

    >>> targets([Rule(to="cheap"), Rule(to="dear"), Rule(to="x", model="else")], connection="openai", model="dear")
    ('cheap',)
    """
    if connection == EMBEDDED or not model:
        return ()
    return tuple(dict.fromkeys(one.to for one in rules if one.to != model and one.concerns(connection, model)))


def has_code(text: str) -> bool:
    """Whether there is code in a message, as far as its looks tell; in doubt there is.

    >>> has_code("Why does print(x) fail?"), has_code("What is a decorator in Python?")
    (True, False)
    """
    return _CODE.search(text) is not None or any(_in_order(text, *pair) for pair in _SQL)


def _in_order(text: str, first: str, then: str) -> bool:
    # One pattern for both would look through a long text once for each place where the first stands.
    found = re.search(first, text)
    return found is not None and re.search(then, text[found.end() :]) is not None


def has_word(text: str, word: str) -> bool:
    """Whether a word, or several in a row, is in a text: whole, in any case, however the white space is.

    >>> has_word("TRANSLATE this", "translate"), has_word("untranslated", "translate"), has_word("请翻译一下", "翻译")
    (True, False, True)
    """
    return _found(_folded(text), _folded(word))


def _found(where: str, what: str) -> bool:
    if not what:
        return False
    at = where.find(what)
    while at >= 0:
        end = at + len(what)
        if not (_joined(where[at - 1 : at], what[0]) or _joined(what[-1], where[end : end + 1])):
            return True
        at = where.find(what, at + 1)
    return False


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold()).split())


def _joined(one: str, other: str) -> bool:
    """Whether two neighbours are of one word. Chinese and Japanese put no space between words."""
    return bool(one and other) and _letter(one) and _letter(other) and not (_wide(one) or _wide(other))


def _letter(character: str) -> bool:
    # Vowel signs and accents are marks: they belong to the word that they stand in.
    return character.isalnum() or character == "_" or unicodedata.category(character).startswith("M")


def _wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"


def _like(name: str, pattern: str) -> bool:
    # Only `*` and `?` mean anything: a name may have brackets in it.
    return fnmatchcase(name.casefold(), pattern.casefold().replace("[", "[[]"))
