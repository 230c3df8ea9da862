"""What ByteBot wrote as Markdown, read again: the words come back, and what is lost is what docs/formats.md says."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.core.errors import BadInput
from chatbot.core.whole import Whole, WholeMessage
from chatbot.engine.exports import written
from chatbot.engine.imports import import_files
from chatbot.store.store import Store
from chatbot.transfer.chats import open_chats
from chatbot.transfer.markdown import closed
from chatbot.transfer.reading import entries_of
from tests.store.scene import OPTIONS
from tests.transfer.wholes import NOON, wholes

AT = NOON.replace(microsecond=0)


def read(text: bytes) -> Whole:
    (copied,) = open_chats(io.BytesIO(text), "notes.md")
    return copied.whole


def markdown(whole: Whole, *, branches: bool = False) -> bytes:
    return b"".join(written([whole], "md", branches=branches))


def message(role: str, text: str, **more: object) -> WholeMessage:
    given = {"role": role, "state": "complete", "text": text, "created": AT, **more}
    return WholeMessage(**given)  # type: ignore[arg-type]


RICH = Whole(
    source="bytebot:4f2a",
    title='A "title": with signs',
    created=AT,
    updated=AT + timedelta(hours=1),
    pinned=True,
    tags=(("work", "red"),),
    options={"system": "Be\nbrief.", "temperature": 0.5, "connection": "openai", "model": "m"},
    head=6,
    messages=(
        message("user", "One?"),
        message(
            "assistant", "```python\n## You · 2026-01-01T00:00:00Z\n", parent=1, state="stopped", reasoning="Hm\n```\nhm.",
            model_asked="m-1", model_answered="m-1", finished=AT, first_token=0.5, duration=1.5,
            usage={"input_tokens": 3, "output_tokens": 4, "estimated": False},
        ),
        message("assistant", "Another answer.", parent=1, model_asked="m-2", model_answered="m-2", finished=AT),
        message("user", "# Two?", parent=3, starred=True),
        message("assistant", "", parent=4, state="failed", error="Nothing answers at http://x.", finished=AT),
        message("assistant", "It *is* so.", parent=4, state="length", finished=AT, finish_reason="length"),
    ),
)  # fmt: skip


def test_all_branches_come_back_as_a_tree() -> None:
    found = read(markdown(RICH, branches=True))
    assert (found.source, found.title, found.tag) == ("bytebot:4f2a", RICH.title, "markdown")
    assert [(one.parent, one.role, one.state, one.text) for one in found.messages] == [
        (None, "user", "complete", "One?"),
        # A block that was left open is closed in the file, or it would swallow what follows.
        (1, "assistant", "stopped", "```python\n## You · 2026-01-01T00:00:00Z\n```"),
        (1, "assistant", "complete", "Another answer."),
        (3, "user", "complete", "# Two?"),
        (4, "assistant", "failed", ""),
        (4, "assistant", "length", "It *is* so."),
    ]
    assert found.messages[1].reasoning == "Hm\n```\nhm."
    assert [one.model_answered for one in found.messages] == [None, "m-1", "m-2", None, None, None]
    assert found.messages[4].error == "Nothing answers at http://x."
    assert found.options == {"system": "Be\nbrief."}


def test_what_is_lost_is_what_the_table_says() -> None:
    found = read(markdown(RICH, branches=True))
    # Of the conversation: settings but the system prompt, tags, pin, when it was last used.
    assert (found.tags, found.pinned) == ((), False)
    # Of the messages: tokens, durations, finish reasons, stars, connection.
    for one in found.messages:
        assert (one.usage, one.first_token, one.duration, one.finish_reason, one.starred) == (
            None,
            None,
            None,
            None,
            False,
        )
        assert one.connection in (None, "a Markdown file")
    assert found.calls == ()
    table = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")
    rows = {
        line.split("|")[1].strip(): [cell.strip() for cell in line.split("|")[2:-1]]
        for line in table.splitlines()
        if line.startswith("| ")
    }
    kept = {name: cells[2] for name, cells in rows.items() if len(cells) == 6}  # the column of Markdown
    assert kept["can be imported"] == "yes"
    assert kept["reasoning"] == kept["system prompt"] == kept["model, times"] == "yes"
    assert kept["tokens, durations, finish reasons"] == kept["all settings, notes, what it cost"] == "–"
    assert kept["tags, stars, pins, the archive"] == "–"


def test_what_began_at_the_beginning_of_time_comes_back() -> None:
    # Where an app's file says no time, that is what stands here.
    old = replace(RICH, created=datetime(1970, 1, 1, tzinfo=UTC))
    assert read(markdown(old)).created == old.created


def test_the_open_branch_alone() -> None:
    found = read(markdown(RICH))
    assert [one.text for one in found.messages] == ["One?", "Another answer.", "# Two?", "It *is* so."]
    assert [one.parent for one in found.messages] == [None, 1, 2, 3]


# Such as a chat about an exported chat holds: what looks like the file's own marks.
LIKE_OURS = st.lists(
    st.sampled_from(
        (
            "## You · 2026-11-25T12:00:00Z", "## ByteBot · m · 2026-11-25T12:00:00Z · message 2, below 1 · stopped",
            "\\## You · 2026-11-25T12:00:00Z", "*You stopped this.*", "*words*", "Reasoning:", "\\Reasoning:", "", "```text",
            "```", "~~~~", "   ````", "\r", "\r\n", "---", "words", " ", "# Title", "\x85", "a\u2028b", "```a`b",
        )
    ),
    max_size=7,
).map("\n".join)  # fmt: skip


def as_kept(text: str) -> str:
    """What docs/formats.md promises of a text: line breaks are one sign, a block left open is closed, outer blank lines go."""
    text = re.sub("\r\n?", "\n", text)
    return closed(text) if text.strip() else ""


@st.composite
def chats_about_chats(draw: st.DrawFn) -> Whole:
    whole = draw(wholes())
    inside = [
        one._replace(text=draw(LIKE_OURS | st.just(one.text)), reasoning=draw(LIKE_OURS | st.just("")))
        for one in whole.messages
    ]
    return replace(
        whole, messages=tuple(inside), source=draw(st.sampled_from(["chatgpt:x", "bytebot:4f2a", "llm:01:c"]))
    )


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(chats_about_chats() | wholes(), st.booleans())
def test_the_words_of_every_message_come_back(chat: Whole, branches: bool) -> None:
    entries = list(entries_of(chat, branches=branches))
    found = read(markdown(chat, branches=branches))
    assert found.source == chat.source
    assert len(found.messages) == len(entries)
    for entry, one in zip(entries, found.messages, strict=True):
        assert (one.role, one.created) == (entry.role, entry.created.replace(microsecond=0))
        assert one.text.removeprefix("\n\n" if one.continues else "") == as_kept(entry.text)
        if one.role == "assistant":
            assert one.state == entry.state
            thought = re.sub("\r\n?", "\n", entry.reasoning)
            assert one.reasoning == (thought.strip("\n") if thought.strip() else "")


def test_a_reply_that_ended_without_a_word_about_it_keeps_its_last_line() -> None:
    reply = message("assistant", "So.\n\n*words*", parent=1, state="filtered", error=" ", error_kind="X")
    found = read(markdown(replace(RICH, messages=(message("user", "Say it."), reply), head=2)))
    assert (found.messages[1].text, found.messages[1].state) == ("So.\n\n*words*", "filtered")


@pytest.mark.parametrize("text", ["*words*", "*You stopped this.*", "So it is.\n\n*Reached the server's own limit.*"])
def test_a_whole_reply_that_ends_in_italics_is_whole(text: str) -> None:
    chat = replace(RICH, messages=(message("user", "Say it."), message("assistant", text, parent=1)), head=2)
    found = read(markdown(chat))
    assert (found.messages[1].text, found.messages[1].state) == (text, "complete")


def test_one_of_another_app_comes_home_to_itself(store: Store) -> None:
    chat = replace(RICH, source="chatgpt:6745-c")
    store.wholes.add(chat, OPTIONS)
    (line,) = import_files(store, [("notes.md", io.BytesIO(markdown(chat)))], OPTIONS)
    assert line.how == "there"
    assert len(store.wholes.ids()) == 1


@pytest.mark.parametrize(
    "text",
    [
        b"---\ntitle: Shopping\n---\n# Shopping\n\n* milk\n",
        b"---\n",
        b'---\nconversation: "x\n---\n',
        b'---\nconversation: "x"\n---\n\xff',
    ],
)
def test_other_markdown_is_refused(text: bytes) -> None:
    with pytest.raises(BadInput, match=r"notes\.md"):
        read(text)


def test_a_message_below_none_that_stands_above_is_named() -> None:
    text = re.sub(rb"below 3", b"below 9", markdown(RICH, branches=True))
    with pytest.raises(BadInput, match="message 9, which it is below"):
        read(text)
