"""Nothing that a model or a server says may command the terminal."""

import io
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from chatbot.core.events import CallFinished, CallStarted, Finished, ReasoningDelta, Retrying, Started, TextDelta
from chatbot.terminal.drawing import MarkdownDrawing
from chatbot.terminal.markdown import markdown
from chatbot.terminal.screen import Raw, one_line, visible

# What rich itself writes: colours, moving the cursor and erasing for the open block, hiding the cursor.
OURS = re.compile(r"\x1b\[[0-9;]*m|\x1b\[\d*[AGK]|\x1b\[\?25[lh]|\x1b\[2K|\r")
ATTACKS = [
    "\x1b]0;pwned\x07",
    "\x1b]52;c;cHduZWQ=\x07",
    "\x1b[2J\x1b[H",
    "\x9b31m",
    "\x1bP+q544e\x1b\\",
    "good\rbad",
    "a\x08b",
    "<http://x/%1b]0;pwned%07>",
    "[a](<http://x/%1b[2J>)",
    "&#27;[2J &#x9b;31m &#13;",
    "```\x1b[2J\nx = '\x1b]0;pwned\x07'\n```",
    "`\x1b[2J`",
    "| \x1b[2J | b |\n|---|---|\n| \x07 | \x9b |",
    "# \x1b[2J",
    "![\x1b[2J](http://x/\x1b[2J)",
    "[bold red]markup[/] :smile:",
]
TEXT = st.text(alphabet=st.one_of(st.characters(), st.sampled_from("\x1b\x07\x9b\r\n\t\x08`*_[]()<>#|&;0123mJ")))


def commands(text: str) -> list[str]:
    """The control characters that a terminal would obey."""
    return [letter for letter in text if unicodedata.category(letter) == "Cc" and letter not in "\n\t"]


def console() -> Console:
    return Console(
        file=io.StringIO(), force_terminal=True, width=60, height=12, highlight=False, emoji=False, markup=False
    )


def printed(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    return on.file.getvalue()


@settings(deadline=None)
@given(TEXT)
def test_visible_text_commands_nothing(text: str) -> None:
    assert not commands(visible(text))
    assert visible(visible(text)) == visible(text)
    assert not commands(one_line(text))
    assert "\n" not in one_line(text)


@settings(deadline=None)
@given(st.lists(TEXT))
def test_streamed_text_on_a_terminal_commands_nothing_and_is_whole(pieces: list[str]) -> None:
    out = io.StringIO()
    raw = Raw(out, terminal=True)
    for piece in pieces:
        raw.write(piece)
    raw.end()
    whole = visible("".join(pieces))
    assert out.getvalue() == whole + ("" if not whole or whole.endswith("\n") else "\n")


@settings(deadline=None)
@given(st.lists(TEXT))
def test_streamed_text_in_a_pipe_is_what_the_model_sent(pieces: list[str]) -> None:
    out = io.StringIO()
    raw = Raw(out, terminal=False)
    for piece in pieces:
        raw.write(piece)
    assert out.getvalue() == "".join(pieces)


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_in_markdown_is_text(attack: str) -> None:
    on = console()
    on.print(markdown(attack))
    assert not commands(OURS.sub("", printed(on)).replace("\r", "␍"))
    assert "\r" not in printed(on)


@settings(deadline=None)
@given(TEXT)
def test_markdown_commands_nothing(text: str) -> None:
    on = console()
    on.print(markdown(text))
    assert not commands(re.sub(r"\x1b\[[0-9;]*m", "", printed(on)))


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_in_a_reply_is_text_at_every_moment(attack: str) -> None:
    on = console()
    with MarkdownDrawing(on) as drawing:
        drawing.show([Started(connection="c", model="m"), CallStarted(purpose="reply", model="m", input_estimate=1)])
        drawing.show([Retrying(attempt=2, most=4, delay=1.0, reason=f"Busy: {attack}")])
        drawing.show([ReasoningDelta(attack)])
        for letter in attack + "\n\nand so on":
            drawing.show([TextDelta(letter)])
        drawing.show([CallFinished(outcome="answered"), Finished(state="complete", note=attack)])
    assert not commands(OURS.sub("", printed(on)))
    assert "and so on" in printed(on)


# No fences: the name of a language is drawn as its colours.
MARKS = [
    "> ",
    "- ",
    "1. ",
    "# ",
    "*",
    "**",
    "_",
    "[",
    "](",
    ")",
    "](<",
    ">)",
    "<",
    ">",
    "!",
    "&",
    "\n",
    "\n\n",
    "    ",
]


@settings(deadline=None)
@given(st.lists(st.one_of(st.sampled_from(MARKS), st.sampled_from(["alfa ", "bravo", "charlie "])), max_size=60))
def test_no_word_is_missing_in_markdown(pieces: list[str]) -> None:
    text = "".join(pieces)
    on = console()
    on.print(markdown(text))
    shown = re.sub(r"[^a-z]", "", OURS.sub("", printed(on)))
    for word in ("alfa", "bravo", "charlie"):
        assert shown.count(word) >= text.count(word)


@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", "> - "])
@pytest.mark.parametrize("depth", [1, 5, 9, 15, 30, 100])
def test_no_word_is_lost_in_the_depths(mark: str, depth: int) -> None:
    on = console()
    on.print(markdown(mark * depth + "word\n\nanother"))
    assert "word" in printed(on)
    assert "another" in printed(on)


def test_addresses_of_references_are_shown() -> None:
    on = console()
    on.print(markdown("See [the page][1].\n\n[1]: http://example.com/page"))
    assert "http://example.com/page" in printed(on)


def test_html_links_and_images_are_shown_as_what_they_are() -> None:
    on = console()
    on.print(
        markdown("<b>bold</b> ![alt](http://e/x.png) [good.example](http://evil.example)\n\n<script>run()</script>")
    )
    text = OURS.sub("", printed(on))
    for words in ("<b>bold</b>", "alt", "http://e/x.png", "http://evil.example", "<script>run()</script>"):
        assert words in text
    assert "\x1b]8" not in printed(on), "a hyperlink can say one thing and open another"


def test_blocks_are_printed_once_and_nothing_is_missing() -> None:
    on = console()
    text = "".join(f"Paragraph number {number} of them.\n\n" for number in range(40))
    with MarkdownDrawing(on) as drawing:
        for start in range(0, len(text), 7):
            drawing.show([TextDelta(text[start : start + 7])])
    kept = re.sub(r"\x1b\[[0-9;]*m|\x1b\[\d*A|\x1b\[\?25[lh]", "", printed(on)).replace("\x1b[2K", "\r")
    lines = [line.rpartition("\r")[2] for line in kept.splitlines()]
    assert [line for line in lines if line.endswith("of them.")] == [
        f"Paragraph number {number} of them." for number in range(40)
    ]


def test_a_reply_that_goes_on_draws_its_open_block_anew() -> None:
    on = console()
    with MarkdownDrawing(on, before="Old.\n\nA sentence that was ") as drawing:
        drawing.show([TextDelta("cut.")])
    text = OURS.sub("", printed(on))
    assert text.rstrip().endswith("A sentence that was cut.")
    assert "Old." not in text


def test_the_open_block_is_never_taller_than_the_window() -> None:
    on = console()
    with MarkdownDrawing(on) as drawing:
        drawing.show([TextDelta("```\n" + "".join(f"line {number}\n" for number in range(100)))])
        before_the_end = printed(on)
    assert before_the_end.count("line ") <= 12
    assert printed(on).count("line ") >= 100
