"""The Markdown export: front matter that YAML reads, and no message that swallows the next."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from chatbot.transfer.markdown import closed, fenced, to_markdown
from chatbot.transfer.values import Entry, Heading, file_name

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LINES = st.lists(
    st.sampled_from(["```", "````", "~~~", "```python", "    ```", " ``", "text", "", "``` no `fence", "> ```", "- x"]),
    max_size=12,
).map("\n".join)


def written(*entries: Entry, title: str = "A title", system: str = "") -> str:
    heading = Heading(id="c1", title=title, created=NOON, system=system)
    return b"".join(to_markdown(heading, entries)).decode()


def test_every_message_stands_under_a_heading_of_its_own() -> None:
    text = written(
        Entry(role="user", text="What is $x$?", state="complete", created=NOON),
        Entry(
            role="assistant",
            text="A letter.",
            reasoning="They ask.\n```\ncode",
            state="stopped",
            created=NOON,
            model="gpt-6-luna",
            ended="You stopped this.",
        ),
    )
    assert "\n## You · 2026-11-22T12:00:00Z\n\nWhat is $x$?\n" in text
    assert "\n## ByteBot · gpt-6-luna · 2026-11-22T12:00:00Z · stopped\n" in text
    assert "````text\nThey ask.\n```\ncode\n````" in text
    assert text.endswith("A letter.\n\n*You stopped this.*\n")


@given(st.text())
def test_the_front_matter_is_one_line_for_each_value(title: str) -> None:
    text = written(title=title, system="Be brief.\nBe kind.\x85: yes")
    lines = text.split("\n")
    assert lines[0] == lines[5] == "---"
    quoted = lines[1].removeprefix("title: ")
    assert len(quoted.splitlines()) == 1, "YAML would end the value here"
    assert json.loads(quoted) == title
    assert lines[4] == r'system: "Be brief.\nBe kind.\u0085: yes"'


@given(LINES)
def test_an_open_fence_does_not_swallow_what_follows(text: str) -> None:
    tokens = MarkdownIt().parse(closed(text) + "\n\n## The next message\n")
    headings = [token for token in tokens if token.type == "heading_open" and token.tag == "h2"]
    assert headings, text


@given(LINES)
def test_a_fence_is_longer_than_any_inside(text: str) -> None:
    blocks = [token for token in MarkdownIt().parse(fenced(text)) if token.level == 0]
    assert [block.type for block in blocks] == ["fence"]
    assert blocks[0].content.strip("\n") == text.strip("\n")


def test_a_whole_markdown_text_is_left_as_it_is() -> None:
    text = "# Head\n\n```\ncode\n```\n\n- item"
    assert closed(text) == text


def test_a_file_name_is_one_for_every_system() -> None:
    assert file_name(Heading(id="a", title="../..\\CON?*", created=NOON), "csv") == "CON-2026-11-22.csv"
    assert file_name(Heading(id="a", title="…", created=NOON), "md") == "chat-2026-11-22.md"
