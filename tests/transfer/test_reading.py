"""What people and machines read: Markdown and HTML with all branches, JSONL for fine-tuning."""

import html
import json
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.core.whole import Whole
from chatbot.transfer.html_file import to_html
from chatbot.transfer.html_markdown import laid_out
from chatbot.transfer.jsonl import to_jsonl
from chatbot.transfer.markdown import to_markdown
from chatbot.transfer.reading import entries_of, heading_of, tree_of
from tests.hostile import TEXTS
from tests.transfer.test_json_file import chat, said
from tests.transfer.wholes import wholes

BRANCHED = chat(
    said("Ask"),
    said("one, ", 1, role="assistant", state="cut", reasoning="hm"),
    said("two", 2, role="assistant", continues=True),
    said("Another answer", 1, role="assistant", state="length"),
    said("More", 3),
    said("", 5, role="assistant", state="failed", error="It broke."),
    said("Again", 6),
    said("Done", 7, role="assistant"),
    head=8,
    options={"system": "Be brief."},
)


def markdown(whole: Whole, *, branches: bool = False) -> str:
    return b"".join(to_markdown(heading_of(whole), entries_of(whole, branches=branches))).decode()


def test_all_branches_say_where_they_stand() -> None:
    headings = [line for line in markdown(BRANCHED, branches=True).splitlines() if line.startswith("## ")]
    assert [line.partition(":00Z · ")[2] for line in headings] == [
        "message 1",
        "message 2, version 1 of 2, below 1",
        "message 3, below 2",
        "message 4, below 3 · failed",
        "message 5, below 4",
        "message 6, below 5",
        "message 7, version 2 of 2, below 1 · length",
    ]
    open_branch = markdown(BRANCHED)
    assert "one, two" in open_branch
    assert "Another answer" not in open_branch
    assert "· message" not in open_branch.replace("Your message is kept.", "")


def lines(whole: Whole, *, branches: bool = False) -> list[list[tuple[str, str]]]:
    out = b"".join(to_jsonl([whole], branches=branches)).decode().splitlines()
    return [[(one["role"], one["content"]) for one in json.loads(line)["messages"]] for line in out]


def test_jsonl_has_whole_exchanges() -> None:
    assert lines(BRANCHED) == [
        [
            ("system", "Be brief."),
            ("user", "Ask"),
            ("assistant", "one, two"),
            ("user", "More\n\nAgain"),
            ("assistant", "Done"),
        ]
    ]
    assert lines(BRANCHED, branches=True) == lines(BRANCHED)  # the other branch has no whole reply
    assert lines(chat(said("Ask"), said("par", 1, role="assistant", state="cut"), head=2)) == []


def test_jsonl_has_no_line_break_inside_a_line() -> None:
    words = "a\u2028b\u2029c\x85d\ne"
    [line] = lines(chat(said("Ask"), said(words, 1, role="assistant"), head=2))
    assert line[-1] == ("assistant", words)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(wholes())
def test_every_message_is_there_once(whole: Whole) -> None:
    entries = list(entries_of(whole, branches=True))
    assert len({entry.mark.partition(",")[0] for entry in entries}) == len(entries)
    assert sorted("".join(one.text for one in entries)) == sorted("".join(one.text for one in whole.messages))
    for line in lines(whole, branches=True):
        roles = [role for role, _ in line if role != "system"]
        assert roles[-1] == "assistant"
        assert all(first != second for first, second in pairwise(roles))
    assert tree_of(whole).path(whole.head) or not whole.messages


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags, self.words, self.attributes = set[str](), "", set[str]()
        self.addresses, self.values = list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "action")]
        self.values += [value or "" for name, value in attrs if name not in ("dir", "style")]

    def handle_data(self, data: str) -> None:
        self.words += data


@pytest.mark.parametrize("name", [name for name, text in TEXTS.items() if len(text) < 100_000])
def test_html_runs_nothing(name: str) -> None:
    from chatbot.core.text import repair, visible

    text = repair(TEXTS[name])
    whole = chat(said(text), said(text, 1, role="assistant", reasoning=text, model_answered=text[:50]), head=2)
    page = Page()
    page.feed(b"".join(to_html([whole])).decode())
    page.close()
    known = {"html", "head", "meta", "title", "style", "body", "section", "h1", "p", "article", "h2", "span", "pre"}
    laid = {
        "div",
        "em",
        "strong",
        "s",
        "code",
        "a",
        "br",
        "hr",
        "ul",
        "ol",
        "li",
        "blockquote",
        "table",
        "thead",
        "tbody",
    }
    assert page.tags <= {*known, *laid, "tr", "th", "td", "h3", "h4", "h5", "h6"}
    known = {"lang", "charset", "http-equiv", "content", "name", "class", "dir"}
    assert page.attributes <= {*known, "href", "rel", "title", "start", "style"}
    assert all(address.startswith(("http://", "https://", "mailto:")) for address in page.addresses)
    assert visible(text).strip("\n") in page.words or not text.strip(), "what the person said"


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="ab1$ \n\t*_`~#>-+.|[]()<>&!\\\"':/", max_size=80))
def test_no_letter_of_a_reply_is_missing_when_it_is_laid_out(text: str) -> None:
    page = Page()
    page.feed(laid_out(text) or "")
    page.close()
    told = page.words + "".join(page.values)
    for letter in "ab":
        assert told.count(letter) >= text.count(letter), text


@pytest.mark.parametrize(
    "formula",
    [
        r"$x_1*y*z\,dx$",
        r"$$\int_0^1 f(x)\,dx \\ b$$",
        r"\(x^2\)",
        "\\[\ny \\\\ *z*\n\\]",
        r"\begin{matrix} a \\ b \end{matrix}",
    ],
)
def test_a_formula_stands_as_it_was_written(formula: str) -> None:
    page = Page()
    page.feed(laid_out(f"So **that** {formula} *holds*.") or "")
    page.close()
    assert page.words == f"So that {formula} holds.\n"
    assert laid_out("from $5 to *10*, or $20") == '<p dir="auto">from $5 to <em>10</em>, or $20</p>\n'


def test_what_is_nested_deeper_than_the_parser_goes_stays_as_it_is() -> None:
    text = "> " * 40 + "at the bottom"
    assert laid_out(text) is None
    page = b"".join(to_html([chat(said("Ask"), said(text, 1, role="assistant"), head=2)])).decode()
    assert html.escape(text) in page
