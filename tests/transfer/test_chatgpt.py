"""ChatGPT's export: a small sample of it, the forms in which it comes, and ours for apps that read it."""

import copy
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from chatbot.core.errors import BadInput
from chatbot.core.tree import Leaf, Tree
from chatbot.core.whole import Whole, WholeMessage
from chatbot.transfer.chatgpt_file import to_chatgpt
from chatbot.transfer.chats import open_chats
from chatbot.transfer.values import Copied
from tests.transfer.wholes import wholes

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SAMPLE = (Path(__file__).parents[1] / "data" / "conversations.json").read_bytes()


def read(text: bytes, name: str = "conversations.json") -> list[Copied]:
    return list(open_chats(io.BytesIO(text), name))


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


def path_of(whole: Whole) -> list[tuple[str, str]]:
    """Role and text of the open branch."""
    leaves = [
        Leaf(id=number, parent=one.parent, role=one.role, state=one.state, continues=one.continues)
        for number, one in enumerate(whole.messages, start=1)
    ]
    return [
        (place.role, "".join(whole.messages[leaf.id - 1].text for leaf in place.segments))
        for place in Tree(leaves).path(whole.head)
    ]


def test_branches_models_times_and_ends() -> None:
    whole = read(SAMPLE)[0].whole
    assert (whole.source, whole.title) == ("chatgpt:6f000000-0000-4000-8000-000000000001", "Decorators")
    assert [(one.parent, one.role, one.state) for one in whole.messages] == [
        (None, "user", "complete"),
        (1, "assistant", "complete"),
        (1, "assistant", "length"),
        (3, "user", "complete"),
        (3, "user", "complete"),
        (5, "assistant", "stopped"),
    ]
    assert path_of(whole)[-1] == ("assistant", "There are none.")
    assert whole.messages[5].model_answered == "gpt-5-mini"
    assert whole.messages[0].created == datetime(2025, 11, 25, 9, 30, 1, 250000, tzinfo=UTC)
    assert read(SAMPLE)[0].lost == ()


def test_what_is_no_text_is_told() -> None:
    copied = read(SAMPLE)[1]
    assert path_of(copied.whole) == [
        ("user", "[image]\n\nWhat is this? ␀�"),
        ("assistant", "A cat.\n\nVery much so."),
        ("user", "Thank you.\n\n[audio]"),
    ]
    assert [one.continues for one in copied.whole.messages] == [False, False, True, False]
    assert copied.whole.messages[1].reasoning == "Looking\nIt is a cat."
    assert copied.whole.messages[2].state == "cut"
    assert copied.whole.pinned
    assert copied.lost == (
        "left out: custom instructions or memory (1)",
        "left out: image (1)",
        "left out: tool call (1)",
        "left out: tool output (1)",
        "left out: audio (1)",
    )


def test_it_comes_whole_in_pieces_and_zipped() -> None:
    one, two = (json.dumps([chat]).encode() for chat in json.loads(SAMPLE))
    titles = ["Decorators", "What is this? \N{SYMBOL FOR NULL}\N{REPLACEMENT CHARACTER}"]
    for files in (
        {"conversations.json": SAMPLE, "chat.html": b"<html>", "user.json": b"{}"},
        {"export/conversations-001.json": two, "export/conversations-000.json": one},
    ):
        assert [copied.whole.title for copied in read(zipped(files), "export.zip")] == titles
    with pytest.raises(BadInput, match=r"neither bytebot\.json nor conversations\.json nor Markdown"):
        read(zipped({"user.json": b"[]"}), "export.zip")


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(wholes())
def test_what_is_written_reads_as_the_same_words(chat: Whole) -> None:
    (copied,) = read(b"".join(to_chatgpt([chat])))
    assert copied.whole.source == chat.source
    written = [pair for pair in path_of(chat) if pair[1]]
    blocked = any(one.state == "blocked" for one in chat.messages)
    # A reply below another's, without Continue, is a segment of it there.
    below = any(
        one.role == "assistant"
        and not one.continues
        and one.parent
        and chat.messages[one.parent - 1].role == "assistant"
        for one in chat.messages
    )
    unsaid = any(not one.text for one in chat.messages)
    if not (blocked or below or unsaid):
        assert path_of(copied.whole) == written


def test_a_part_that_was_answered_and_went_on_as_well_is_there_both_ways() -> None:
    part = WholeMessage(parent=1, role="assistant", state="cut", created=NOON, text="The first half")
    messages = (
        WholeMessage(parent=None, role="user", state="complete", created=NOON, text="Tell me."),
        part,
        WholeMessage(parent=2, role="user", state="complete", created=NOON, text="Why?"),
        part._replace(parent=2, state="complete", text=" and the second.", continues=True),
    )
    chat = Whole(source="bytebot:1", title="", tag="browser", created=NOON, updated=NOON, head=3, messages=messages)
    (out,) = json.loads(b"".join(to_chatgpt([chat])))
    said = {
        node["message"]["content"]["parts"][0]: node["message"]["metadata"].get("finish_details")
        for node in out["mapping"].values()
        if node["message"]
    }
    assert said == {
        "Tell me.": None,
        "The first half": {"type": "interrupted"},
        "Why?": None,
        "The first half and the second.": {"type": "stop"},
    }
    (copied,) = read(b"".join(to_chatgpt([chat])))
    assert path_of(copied.whole) == [("user", "Tell me."), ("assistant", "The first half"), ("user", "Why?")]


def test_other_apps_find_what_they_look_for() -> None:
    (chat, _) = [copied.whole for copied in read(SAMPLE)]
    (out,) = json.loads(b"".join(to_chatgpt([chat])))
    nodes = list(out["mapping"].values())
    assert nodes[0]["message"] is None
    assert nodes[-1]["children"] == []  # or Open WebUI drops the conversation
    assert out["current_node"] == nodes[-1]["id"]
    assert all(one["message"]["content"]["parts"][0] for one in nodes[1:])
    assert all(child in out["mapping"] for one in nodes for child in one["children"])


def broken(change: Any) -> bytes:
    chats = copy.deepcopy(json.loads(SAMPLE))[:1]
    change(chats[0])
    return json.dumps(chats).encode()


WRONG = {
    "circle": (lambda chat: chat["mapping"]["root"].update(parent="a3"), "round in a circle"),
    "itself": (lambda chat: chat["mapping"]["u2"].update(parent="u2"), "round in a circle"),
    "no tree": (lambda chat: chat.update(mapping=[]), "conversation 1, mapping: this should be an object"),
    "a number": (lambda chat: chat.update(title=7), "conversation 1, title: 7 should be a text"),
    "no author": (lambda chat: chat["mapping"]["u1"]["message"].update(author=3), "node 'u1', message, author: 3"),
    "parts": (lambda chat: chat["mapping"]["u1"]["message"]["content"].update(parts=[3]), "content, parts"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_names_its_place(name: str) -> None:
    change, sentence = WRONG[name]
    with pytest.raises(BadInput) as caught:
        read(broken(change))
    assert sentence in str(caught.value)


LOOSE = {
    "no parent": (
        lambda chat: chat["mapping"]["u2"].update(parent="x"),
        ["place of a message whose parent is not in the file (1)", "hangs elsewhere (1)"],
    ),
    "two parents": (lambda chat: chat["mapping"]["a1"]["children"].append("u2"), ["hangs elsewhere (1)"]),
    "no child": (lambda chat: chat["mapping"]["a1"]["children"].append("gone"), ["hangs elsewhere (1)"]),
}


@pytest.mark.parametrize("name", LOOSE)
def test_a_loose_end_loses_no_word_and_is_told(name: str) -> None:
    change, told = LOOSE[name]
    (whole,) = read(broken(lambda chat: None))
    (loose,) = read(broken(change))
    assert sorted(one.text for one in loose.whole.messages) == sorted(one.text for one in whole.whole.messages)
    more = [one for one in loose.lost if one not in whole.lost]
    assert len(more) == len(told)
    assert all(one.endswith(end) for one, end in zip(more, told, strict=True))


def test_a_time_that_cannot_be_is_the_conversations() -> None:
    text = broken(lambda chat: chat["mapping"]["u1"]["message"].update(create_time=1e300))
    assert read(text)[0].whole.messages[0].created == read(text)[0].whole.created


def test_a_chat_of_a_hundred_thousand_messages_in_one_row() -> None:
    count = 100_000
    mapping = {
        str(at): {
            "id": str(at),
            "parent": str(at - 1) if at else None,
            "children": [str(at + 1)] if at < count - 1 else [],
            "message": {"author": {"role": ("user", "assistant")[at % 2]}, "content": {"parts": ["x"]}},
        }
        for at in range(count)
    }
    (copied,) = read(json.dumps([{"title": "long", "mapping": mapping, "current_node": str(count - 1)}]).encode())
    assert len(copied.whole.messages) == copied.whole.head == count
