"""What is drawn: no picture is ever fetched, code is left alone, and everything else reads as it was written."""

import re
from typing import get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatbot.core.drawable import Drawing, drawable, hold_back
from chatbot.core.labels import label
from chatbot.core.messages import State
from tests.core.markdown import ATTACKS, RENDERER, in_pieces, pictures, texts, tokens

TRICKS = [
    "![x](http://evil/p)",
    "![x][r]\n\n[r]: http://evil/p",
    "![r]\n\n[r]: http://evil/p",
    "[![x](http://evil/p)](http://a)",
    "![a\nb](http://evil/p)",
    "\\\\![x](http://evil/p)",
    "> ```\n![x](http://evil/p)",
    "- ```\n![x](http://evil/p)",
    "<div>\n```\n</div>\n\n![x](http://evil/p)",
    "<a href=\"`\">![x](http://evil/p) `",
    "`<!--` ``\n![x](http://evil/p)\n``",
    "[a](`) ![x](http://evil/p) `",
    "[a]: `\n![x](http://evil/p) `",
    "https://a.b/` ![x](http://evil/p) `",
    "a `| b | ` c ` ![x](http://evil/p) ` |\n--|--|--\n",
    "$<a b=\"$`\">![x](http://evil/p)`",
    "```a`b\n\n$$\n![x](http://evil/p)\n$$",
    "$a ` b$ ![x](http://evil/p) `",
    "\\(` \\) ![x](http://evil/p) `",
    "|a|\n|-|\n2. x\n\n   ```\n   y\n![x](http://evil/p)",
    "[d]: /u\n===\n2. x\n\n   ```\ny\n\n```\n![x](http://evil/p)",
    "a `\n<div>\n` ![x](http://evil/p) `",
    "a `\n## b ` ![x](http://evil/p) `",
    "    ```\n![x](http://evil/p)",
    " \t```\n\n![x](http://evil/p)",
    "```\n```\n![x](http://evil/p)",
    "~~~\n```\n~~~\n![x](http://evil/p)",
    "`a``b` ![x](http://evil/p) ``",
    "\\`![x](http://evil/p)`",
    "1. a\n01. ```\n![x](http://evil/p)",
    "a\r\r```\r```\r![x](http://evil/p)",
    "```| \n---\n\n![x](http://evil/p)",
]  # fmt: skip


@pytest.mark.parametrize("trick", TRICKS)
def test_no_trick_fetches_a_picture(trick: str) -> None:
    assert pictures(drawable(trick)) == []
    for end in range(len(trick) + 1):
        assert pictures(drawable(trick[:end], open=True)) == []


def test_the_tricks_would_fetch_pictures() -> None:
    assert sum(bool(pictures(trick)) for trick in TRICKS) > 20


@settings(max_examples=600)
@given(texts(ATTACKS))
def test_no_text_fetches_a_picture(text: str) -> None:
    # This reader knows no footnotes: what is code in one, is none for it.
    text = re.sub(r"\[\^", "[", text)
    assert pictures(drawable(text)) == []
    assert pictures(drawable(text, open=True)) == []


@settings(max_examples=300)
@given(in_pieces(ATTACKS))
@example(("", ["a `", "b:c $d ![e] " * 40, "` and `f`"]))
@example(("$$\n" + "x\n" * 2100 + "$$", ["$$\nx", "\nx" * 2099, "\n$$"]))
def test_what_was_given_is_never_taken_back(case: tuple[str, list[str]]) -> None:
    _, deltas = case
    drawing, given_so_far, read, before = Drawing(), "", "", ""
    for delta in deltas:
        read += delta
        given_so_far += drawing.feed(delta)
        assert given_so_far == drawable(read, open=True)
        shown = drawable(hold_back(read), open=True)
        assert shown.startswith(before)
        before = shown
    assert (given_so_far + drawing.close()).startswith(given_so_far)


@pytest.mark.parametrize("line", ["1700000000 1700", "42 is the answer", "3,14", "7 8 9", "12:30 and"])
def test_a_line_that_begins_with_a_number_is_shown_as_it_grows(line: str) -> None:
    assert drawable(line, open=True) == line


@pytest.mark.parametrize("line", ["42", "1.", "170000000", "3)"])
def test_what_may_number_a_list_waits(line: str) -> None:
    assert drawable(line, open=True) == ""


@settings(max_examples=300)
@given(
    texts(
        [
            "word ",
            "A sentence, so it is. ",
            "\n\n",
            "**bold** ",
            "`a_b` ",
            "- item\n",
            "漢字 ",
            "*it* ",
            "1. one\n",
            "# Head\n",
        ]
    )
)
def test_plain_markdown_is_drawn_as_it_is(text: str) -> None:
    assert drawable(text).rstrip("\n") == text.lstrip().rstrip("\n")


@pytest.mark.parametrize(
    "code",
    ["`![a](b)`", "`$5 and $6`", "`:red[x]`", "`<b>`", "``a ` ![b]``", "`a\\`", "```rust\nlet v = vec![1]; // $x :a: <b>\n```\n",
     "~~~~\n![a](b)\n~~~\n$$\n~~~~\n", "- a\n\n  ```\n  x = a![0] # <b> $1\n  ```\n- b\n", "> ```\n> :red[x] ![a](b)\n> ```\n"],
)  # fmt: skip
def test_code_is_left_alone(code: str) -> None:
    assert drawable(code).rstrip("\n") == code.rstrip("\n")
    assert drawable(f"Words {code}" if code[0] == "`" and code[1] != "`" else code + "\nwords").count(
        "\\"
    ) == code.count("\\")


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("$5 or $10", r"\$5 or \$10"),
        ("US$5-US$10 and 5$", r"US\$5-US\$10 and 5\$"),
        ("$5 million, then $6 million", r"\$5 million, then \$6 million"),
        ("$5–$10/month", r"\$5–\$10/month"),
        ("$HOME is set, $PATH too", r"\$HOME is set, \$PATH too"),
        ("$ten dollars$", r"\$ten dollars\$"),
        ("$HOME/$USER", r"\$HOME/\$USER"),
        ("$x^2$, $n$, $2n$ and $2 + 3 = 5$", "$x^2$, $n$, $2n$ and $2 + 3 = 5$"),
        (r"$\alpha < b$", r"$\alpha < b$"),
        ("$a<b$", "$a< b$"),
        ("$5 - $6", r"\$5 - \$6"),
        ("$x\n$", "\\$x\n\\$"),
        (r"\$5", r"\$5"),
        ("$$", r"\$\$"),
        ("$$$", r"\$\$\$"),
        (r"Let \(x\) be.", "Let $$x$$ be."),
        (r"So \[x\] it is.", "So $$x$$ it is."),
        ("$$x$$ is it", "$$x$$ is it"),
        (r"\(unclosed", r"\(unclosed"),
        ("$$x = 1$$", "$$\n{}x = 1\n$$\n"),
        ("\\[\nx\n\\]\nmore", "$$\n{}x\n$$\n\nmore"),
        ("- a\n  $$\n  x\n  $$\n- b", "- a\n  $$\n  {}x\n  $$\n  \n- b"),
        ("> $$x$$\n> b", "> $$\n> {}x\n> $$\n> \n> b"),
        ("$$\na\n\nb % c\n$$", "$$\n{}a b\n$$\n"),
        ("$$\nnever closed\n\nwords", "\\$\\$\nnever closed\n\nwords"),
    ],
)
def test_money_and_maths(text: str, drawn: str) -> None:
    assert drawable(text) == drawn


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        (":red[x]", r"\:red[x]"),
        (":smile:", ":smile{}:"),
        (":rainbow: :+1:", "\\:\u2060rainbow: \\:\u2060+1:"),
        (":material/home:", r"\:material\/home:"),
        (":::note\nx\n:::", "\\:\\:\\:note\nx\n\\:\\::"),
        ("at 10:30:45, C:\\dir, a: b", "at 10:30:45, C:\\dir, a: b"),
        ("a::b", r"a\:\:b"),
        ("<b>x</b> a < b", r"\<b>x\</b> a \< b"),
        ("<https://a.b/c:d>", "<https://a.b/c:d>"),
        ("https://a.b:80/c:d?e=$f", "https://a.b:80/c:d?e=%24f"),
        ("[a](b:c) [d](https://e/f:g)", "[a](b:c) [d](https://e/f:g)"),
        ("<javascript:x>", r"\<javascript\:x>"),
        ("```mermaid\na\n```", "```text\na\n```"),
        ("~~~Mer&#109;aid x\na\n~~~", "~~~text\na\n~~~"),
        ("```mermaids\na\n```", "```mermaids\na\n```"),
        ("a\x00b\x1b[0m\x7f", "a␀b␛[0m␡"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("x\u202ey\u202d", "x‹RLO›y‹LRO›"),
        ("`if \u2067} (x)`\n\u202by", "`if ‹RLI›} (x)`\n‹RLE›y"),
        ("\u202bPython זבאן\u202c and \u2067C++ שלום\u2069.", "\u202bPython זבאן\u202c and \u2067C++ שלום\u2069."),
        ("a 👩‍👩‍👧‍👦 می\u200cخواهم क्\u200dष C++\u200f שלום", "a 👩‍👩‍👧‍👦 می\u200cخواهم क्\u200dष C++\u200f שלום"),
        ("שלום \u200fعليكم", "\u2067שלום \u200fعليكم"),
        ("- 2024: שלום!\n- word שלום", "- 2024: \u2067שלום!\n- word שלום"),
        ("# **مرحبا**\n\n    שלום", "# **\u2067مرحبا**\n\n    שלום"),
        ("`שלום` [שלום](https://a.b)\n\n```\nשלום\n```", "`שלום` [שלום](https://a.b)\n\n```\nשלום\n```"),
        ("\n\n  a", "a"),
    ],
)
def test_the_renderers_own_marks_are_text(text: str, drawn: str) -> None:
    assert drawable(text) == drawn


@pytest.mark.parametrize(
    "end",
    [
        "!",
        "`",
        "``code",
        "$",
        "$x",
        "$$x + y",
        "\\",
        "\\(a",
        ":",
        ":smi",
        "<",
        "<http://a",
        "a ](b",
        "\r",
        "\u2067",
        "\u202b} ",
        "\u2067a\r",
    ],
)
def test_what_hangs_on_the_next_character_is_held_back(end: str) -> None:
    shown = drawable("Words " + end, open=True)
    assert shown.rstrip() in ("Words", "Words a ]", "Words a")
    assert drawable("Words " + end).startswith(shown)


@pytest.mark.parametrize(
    "prose", ["It is $5 million and", "With $HOME you say", "a < b", "10:30 and", "so ![x", "5$ or 6$ a"]
)
def test_what_can_only_be_prose_is_not_held_back(prose: str) -> None:
    assert drawable(prose, open=True) == drawable(prose)


@pytest.mark.parametrize(
    ("text", "kept"),
    [("ab!", "ab"), ("a`", "a"), ("a$", "a"), ("a:smi", "a"), ("a\\", "a"), ("a", "a"), ("", ""), ("a! b", "a! b")],
)
def test_hold_back(text: str, kept: str) -> None:
    assert hold_back(text) == kept


def test_the_deepest_quotes_are_still_text() -> None:
    drawn = drawable("> " * 500 + "![x](http://evil/p)")
    assert pictures(drawn) == []
    assert drawn.count(">") == 500


@settings(max_examples=500)
@given(texts(ATTACKS) | st.text(max_size=60))
def test_a_label_is_one_line_of_nothing_but_text(text: str) -> None:
    made = label(text)
    assert "\n" not in made
    parsed = list(tokens(made))
    assert {token.type for token in parsed} <= {"paragraph_open", "inline", "paragraph_close", "text", "text_special"}
    shown = "".join(token.content for token in parsed if token.type.startswith("text"))
    shown = re.sub("[\u2060\u2067\u2069]", "", shown)  # joiners and turns take no room
    assert len(shown) <= 80
    assert not re.search(
        r"https?://|www\.", "".join(token.content for token in parsed if token.type.startswith("text")), re.I
    )


@pytest.mark.parametrize(
    "text",
    [
        "# Head",
        "- item",
        "1. one",
        "> quote",
        "*a* _b_ `c`",
        "| a |",
        "![x](y)",
        "<img src=x>",
        "a & b",
        "gpt-5.6_x",
        "x^2 ~ y",
    ],
)
def test_a_label_reads_as_it_was_written(text: str) -> None:
    assert re.sub("<.*?>", "", RENDERER.render(label(text))).strip() == RENDERER.render(
        "`" + text.replace("`", "´") + "`"
    )[len("<p><code>") : -len("</code></p>\n")].replace("´", "`")


def test_a_label_is_shortened_and_folded() -> None:
    assert label("two\n\n  lines\t here") == "two lines here"
    assert label("word " * 40, most=20) == "word word word word…"
    assert label("a\u202eb\u2066c\u202bd\u2067e") == "a‹RLO›bcde"


def test_a_label_has_no_letter_that_nobody_sees() -> None:
    assert label("g\u200bp\u200ct\u200d4\u200e\u200f\u061c\u2060\ufeff") == "gpt4"
    assert label("\u200dgpt\u200d\u200c 4") == "gpt 4"
    for name in ("👩‍👩‍👧‍👦", "می\u200cخواهم", "क्\u200dष"):
        assert name in label(name), "joiners that join something"
    assert "\u200f" in label("C\u200f שלום")
    assert label("") == ""


def test_every_word_for_a_state_survives_a_label() -> None:
    assert [label(state) for state in get_args(State)] == [state.replace("_", r"\_") for state in get_args(State)]
