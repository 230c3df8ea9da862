"""The shape of Markdown: what is code, and where text begins anew."""

import pytest
from hypothesis import given

from chatbot.core.structure import Line, Structure
from tests.core.markdown import SHAPES, WITH_HTML, texts

LETTERS = {"blank": ".", "line": "L", "fence": "F", "code": "c", "fence end": "E", "indented": "I"}


def letter(line: Line) -> str:
    """One letter for a line's kind: T begins text, t goes on with it; a ! before it where it needs a blank line."""
    name = LETTERS.get(line.kind) or ("T" if line.begins else "t")
    return "!" + name if line.apart else name


def shape(text: str) -> str:
    structure = Structure()
    return "".join(letter(structure.line(line)) for line in text.split("\n"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\nb\n\nc", "Tt.T"),
        ("a\n===\nb\n---\nc", "TLTLT"),
        ("a\n# h\nb", "TLT"),
        ("a\n***\nb", "TLT"),
        ("```\na\n```\nb", "FcET"),
        ("```\na\n``\n~~~\n````  \nb", "FcccET"),
        ("~~~ a`b\nx\n~~~", "FcE"),
        ("```a`b\nc", "Tt"),
        ("   ```\n a\n    ```\n   ```", "FccE"),
        ("    ```\na", "IT"),
        ("a\n    b\n\n    c", "Tt.I"),
        ("- a\nb\n\nc", "Tt.T"),
        ("- a\n  ```\n  b\n  ```\n- c", "TFcET"),
        ("- ```\n  a\nb", "FcT"),
        ("- ```\n\n  a\n  ```", "FccE"),
        ("-\n  a\n", ".T."),
        ("-\n\n  ```\na", "..Fc"),
        ("-     a\n  b", "IT"),
        ("- a\n\n      b", "T.I"),
        ("-\ta\n    b", "Tt"),
        ("10. a\n    b\n\n    ```\n    c\n   d", "Tt.FcT"),
        ("a\n- b\n2. c\n* ", "TTT."),
        ("a\n2. b\n-\n*", "TtL."),
        ("a\n01. b", "Tt"),
        ("a\n1. b", "TT"),
        ("1. a\n2. b", "TT"),
        ("> ```\n> a\nb", "FcT"),
        ("> a\nb\n> c\n\nd", "Ttt.T"),
        ("> a\n===\n> b", "Ttt"),
        ("> a\n---\nb", "TLT"),
        (">> a\n> b\nc", "Ttt"),
        ("> - ```\n>   a\n> b", "FcT"),
        ("[^1]: a\n    b\n\n    ```\n    c\nd", "Tt.FcT"),
        ("[^1]: a\n\n   ```\n   b\nc", "T.Fcc"),
        ("[^1]:      a", "T"),
        ("a\n[^1]: ```\nb", "TFT"),
        ("|a|\n|-|\nb\n\nc", "Ttt.T"),
        ("|a|\n|-|\n2. b", "Tt!T"),
        ("|a|\n|-|\n    b", "Tt!I"),
        ("|a|\n|-|\n===", "Tt!T"),
        ("> |a|\n> |-|\nb", "Tt!T"),
        ("[a]: /u\n===\n2. b", "T!Tt"),
        ("[a]: /u\n-", "T!."),
        ("[a](u)\n===", "TL"),
    ],
)
def test_lines_are_what_commonmark_says(text: str, expected: str) -> None:
    assert shape(text) == expected


def test_tabs_count_as_columns_and_content_starts_behind_them() -> None:
    structure = Structure()
    assert [structure.line(line).start for line in ("-\ta", "\tb", "> \tc", ">\t- d")] == [2, 1, 2, 4]


@given(texts(SHAPES))
def test_the_content_is_the_end_of_the_line(text: str) -> None:
    structure = Structure()
    for raw in text.split("\n"):
        line = structure.line(raw)
        assert 0 <= line.outer <= line.start <= len(raw) or line.kind == "blank"


@given(texts([piece for piece in SHAPES if "^" not in piece and "|" not in piece and "<" not in piece], most=12))
def test_fences_are_where_another_reader_sees_them(text: str) -> None:
    structure = Structure()
    kinds = [structure.line(raw).kind for raw in text.split("\n")]
    fences = [token for token in WITH_HTML.parse(text) if token.type == "fence"]
    assert kinds.count("fence") == len(fences)
    for token in fences:
        assert token.map is not None
        assert kinds[token.map[0]] == "fence"
