"""Open WebUI, LibreChat, Claude, llm and our own Markdown: trees stay trees, and what is lost is named."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatbot.core.errors import BadInput
from chatbot.core.whole import Whole
from chatbot.engine.exports import written
from chatbot.engine.imports import import_files, look
from chatbot.store.store import Store
from chatbot.transfer.chats import open_chats
from chatbot.transfer.values import Copied
from tests.store.scene import OPTIONS
from tests.transfer.llm_scene import logs
from tests.transfer.test_json_file import chat, said

DATA = Path(__file__).parents[1] / "data"


def sample(name: str) -> bytes:
    return (DATA / name).read_bytes()


def read(text: bytes, name: str = "file") -> list[Copied]:
    return list(open_chats(io.BytesIO(text), name))


def drawn(whole: Whole) -> list[tuple[int | None, str, str, str]]:
    return [(one.parent, one.role, one.state, one.text) for one in whole.messages]


@pytest.mark.parametrize(("format", "what"), [("csv", "a CSV file"), ("html", "a page in HTML"), ("jsonl", "JSONL")])
def test_what_only_goes_out_says_so(format: str, what: str) -> None:
    one = replace(chat(said("a"), said("b", 1, role="assistant")), head=2)
    text = b"".join(written([one], format))
    with pytest.raises(BadInput, match=f"is {what}.*cannot be imported. Export the conversations as JSON or as a zip"):
        list(open_chats(io.BytesIO(text), "out"))


def test_open_webui() -> None:
    bread, old = read(sample("openwebui.json"))
    assert (bread.app, bread.lost) == ("Open WebUI", ("left out: image (1)",))
    whole = bread.whole
    assert whole.source == "openwebui:0b7e3c1a-1111-4a4a-8b8b-000000000001"
    assert (whole.title, whole.tag, whole.pinned, whole.archived) == (
        "Bread without yeast", "openwebui", True, whole.updated,
    )  # fmt: skip
    assert whole.tags == (("cooking", "gray"), ("weekend", "gray"))
    assert whole.options == {"system": "Answer like a baker."}
    assert drawn(whole) == [
        (None, "user", "complete", "How do I bake bread without yeast?\n\n[image]"),
        (1, "assistant", "cut", "With sour"),
        (1, "assistant", "complete", "With baking soda and buttermilk."),
        (3, "user", "complete", "And without buttermilk?"),
        (4, "assistant", "failed", ""),
    ]
    assert whole.head == 3
    assert (whole.messages[2].reasoning, whole.messages[2].model_answered) == ("Soda & buttermilk.", "qwen3:4b")
    assert whole.messages[4].error == "model not found"
    assert f"{whole.created:%Y-%m-%d %H:%M}" == "2025-11-25 09:30"
    assert drawn(old.whole) == [(None, "user", "complete", "Hi"), (1, "assistant", "complete", "Hello!")]


def test_librechat_with_the_children_inside_and_flat() -> None:
    (nested,) = read(sample("librechat.json"))
    assert (nested.app, nested.whole.source) == ("LibreChat", "librechat:c0ffee00-2222-4b4b-9c9c-000000000001")
    assert nested.lost == ("left out: tool call (1)", "left out: attachment (1)")
    assert drawn(nested.whole) == [
        (None, "user", "complete", "Names for a cat?"),
        (1, "assistant", "complete", "Mochi."),
        (1, "assistant", "cut", "Waffle and"),
        (3, "user", "complete", "Another?\n\n[attachment]"),
    ]
    assert nested.whole.messages[1].reasoning == "Something soft."
    assert [one.model_answered for one in nested.whole.messages] == [None, "gpt-5-mini", "gpt-5-mini", None]
    assert nested.whole.options == {"system": "Be short."}
    about = json.loads(sample("librechat.json"))
    flat: list[dict[str, Any]] = []

    def flatten(nodes: list[dict[str, Any]], above: str) -> None:
        for node in nodes:
            children = node.pop("children")
            flat.append({"parentMessageId": above, **node})
            flatten(children, node["messageId"])

    flatten(about["messages"], "0")
    about["messages"] = flat
    (again,) = read(json.dumps(about).encode())
    assert again.whole == nested.whole


def test_claude() -> None:
    poem, empty, branches = read(sample("claude.json"))
    assert (poem.app, poem.whole.source) == ("Claude", "claude:aaaa1111-3333-4c4c-8d8d-000000000001")
    assert drawn(poem.whole) == [
        (None, "user", "complete", "Write a poem about rain.\n\n[attachment]\n\n[attachment]"),
        (1, "assistant", "complete", "Let me look.\n\nRain falls."),
        (2, "user", "complete", "Shorter."),
        (3, "assistant", "complete", "Rain."),
    ]
    assert poem.lost == ("left out: attachment (2)", "left out: tool call (1)", "left out: tool output (1)")
    assert poem.whole.messages[1].reasoning == "Short lines."
    assert empty.whole.messages == ()
    assert [one.parent for one in branches.whole.messages] == [None, 1, 1]
    assert branches.whole.head == 2


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("openwebui.json", lambda all: all[0]["chat"]["history"]["messages"]["q1"].update(parentId="r3"), "circle"),
        ("openwebui.json", lambda all: all[0]["chat"]["history"].update(messages=[]), "should be an object"),
        ("openwebui.json", lambda all: all[0]["chat"]["history"]["messages"]["q1"].update(content=7), "content: 7"),
        ("openwebui.json", lambda all: all.append({"conversation": 1}), "conversation 3: it is of no app"),
        ("librechat.json", lambda one: one["messages"][0].update(messageId="m2"), "messageId: 'm2' stands there twice"),
        ("librechat.json", lambda one: one["messages"][0].update(children=3), "children: 3"),
        ("librechat.json", lambda one: one.pop("messages"), 'neither "bytebot" nor "messages"'),
        ("claude.json", lambda all: all[0]["chat_messages"][0].update(sender="nobody"), "sender: 'nobody'"),
        ("claude.json", lambda all: all[0]["chat_messages"][1].update(uuid="h1"), "uuid: 'h1' stands there twice"),
        ("claude.json", lambda all: all[2]["chat_messages"][0].update(parent_message_uuid="b2"), "circle"),
    ],
)
def test_what_cannot_be_is_named(name: str, change: Any, told: str) -> None:
    about = json.loads(sample(name))
    change(about)
    with pytest.raises(BadInput) as caught:
        read(json.dumps(about).encode(), name)
    assert told in str(caught.value)
    assert str(caught.value).startswith(name)


def test_each_comes_once_and_says_whose_it_is(store: Store, tmp_path: Path) -> None:
    files = [(name, sample(name)) for name in ("openwebui.json", "librechat.json", "claude.json", "conversations.json")]
    files.append(("logs.db", logs(tmp_path / "logs.db")))
    looked = look(store, [(name, io.BytesIO(text)) for name, text in files])
    assert {line.app for line in looked.lines} == {"Open WebUI", "LibreChat", "Claude", "ChatGPT", "llm"}
    for how in ("added", "there"):
        lines = list(import_files(store, [(name, io.BytesIO(text)) for name, text in files], OPTIONS))
        assert {line.how for line in lines} == {how}
    assert any("it has no message" in line.notes for line in lines)
    assert len(store.wholes.ids()) == len(looked.lines)
    assert store.integrity() == []


def test_a_broken_link_costs_no_word_and_not_the_other_chats() -> None:
    about = json.loads(sample("openwebui.json"))
    nodes = about[0]["chat"]["history"]["messages"]
    nodes["r1"].update(parentId="gone")
    nodes["q1"]["childrenIds"].append("never")
    bread, old = read(json.dumps(about).encode())
    (before, _) = read(sample("openwebui.json"))
    assert sorted(one.text for one in bread.whole.messages) == sorted(one.text for one in before.whole.messages)
    assert bread.lost == (
        "left out: place of a message whose parent is not in the file (1)",
        "left out: link to a message that is not in the file or hangs elsewhere (2)",
        "left out: image (1)",
    )
    assert len(old.whole.messages) == 2
    claude = json.loads(sample("claude.json"))
    claude[2]["chat_messages"][2].update(parent_message_uuid="gone")
    assert read(json.dumps(claude).encode())[2].lost == (
        "left out: place of a message whose parent is not in the file (1)",
    )
    libre = json.loads(sample("librechat.json"))
    libre["messages"][0].update(parentMessageId="gone")
    (cat,) = read(json.dumps(libre).encode())
    assert cat.lost[0] == "left out: place of a message whose parent is not in the file (1)"
    assert len(cat.whole.messages) == 4


def replied(content: str, role: str = "assistant") -> Copied:
    """What Open WebUI's reader makes of one message's words."""
    messages = {"m": {"id": "m", "parentId": None, "childrenIds": [], "role": role, "content": content, "done": True}}
    about = [{"id": "x", "title": "t", "chat": {"history": {"messages": messages, "currentId": "m"}}}]
    (copied,) = read(json.dumps(about).encode())
    return copied


FOLDED = '<details type="reasoning" done="true" duration="2">\n<summary>Thought for 2 s</summary>\n&gt; Is 2 &lt; 3?\n</details>\n'


@pytest.mark.parametrize(
    ("content", "text", "thoughts", "lost"),
    [
        (f"{FOLDED}Yes.", "Yes.", "Is 2 < 3?", ()),
        (
            f'{FOLDED}One.\n<details type="tool_calls" done="true" name="a" arguments="{{&quot;b&quot;: &quot;>&quot;}}">\n'
            f"<summary>Tool</summary>\n</details>\n{FOLDED}Two.",
            "One.\nTwo.",
            "Is 2 < 3?\n\nIs 2 < 3?",
            ("left out: tool call (1)",),
        ),
        # Those of a page that somebody writes about are words.
        (f"So:\n```html\n{FOLDED}```\nDone.", f"So:\n```html\n{FOLDED}```\nDone.", "", ()),
        (f"Write {FOLDED}", f"Write {FOLDED}", "", ()),
        ("<details><summary>More</summary>\nIt is.\n</details>", None, "", ()),
        ('<details type="reasoning" done="false">\n<summary>Thinking</summary>\n> cut off', None, "", ()),
        ('<details type="reasoning"\nno tag\n</details>', None, "", ()),
        ('<details type="mine">\nIt is.\n</details>', None, "", ()),
    ],
)
def test_what_open_webui_folds_into_a_reply(
    content: str, text: str | None, thoughts: str, lost: tuple[str, ...]
) -> None:
    copied = replied(content)
    (one,) = copied.whole.messages
    assert (one.text, one.reasoning, copied.lost) == (content if text is None else text, thoughts, lost)


def test_what_a_person_wrote_is_never_taken_for_thoughts() -> None:
    copied = replied(f"{FOLDED}Why does it print that?", role="user")
    assert copied.whole.messages[0].text == f"{FOLDED}Why does it print that?"


# Were each beginning searched to the end of the reply, this would take minutes.
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "piece",
    [
        '<details type="reasoning" done="true">\n',
        '<details type="reasoning" \n',
        '<details type="reasoning" a="\n',
        '<details type="reasoning" done="true">\n<summary>x\n',
        "<details><summary>x</summary>\n</details>\n" + '<details type="tool_calls">\n',
    ],
)
@pytest.mark.parametrize("end", ["", "</details>"])
def test_a_long_reply_of_unclosed_thoughts_is_read_at_once(piece: str, end: str) -> None:
    copied = replied(piece * (4_000_000 // len(piece)) + end)
    assert len(copied.whole.messages) <= 1


def test_a_librechat_chat_of_thousands_of_messages_one_inside_the_other() -> None:
    for depth in (700, 5_000):
        text, end = "", ""
        for number in range(depth):
            who = "true" if number % 2 == 0 else "false"
            text += f'{{"messageId": "m{number}", "text": "{number}", "isCreatedByUser": {who}, "children": ['
            end += "]}"
        (copied,) = read(f'{{"conversationId": "c", "recursive": true, "messages": [{text}{end}]}}'.encode())
        assert [one.parent for one in copied.whole.messages] == [None, *range(1, depth)]
        assert copied.whole.messages[-1].text == str(depth - 1)
    with pytest.raises(BadInput, match="nested too deeply"):
        read(b'{"messages": ' + b'[{"children": ' * 30_000)


def test_what_was_pasted_into_claude_is_kept_as_words() -> None:
    about = json.loads(sample("claude.json"))
    about[0]["chat_messages"][0]["attachments"][0]["extracted_content"] = "```\nA cloud.\n```"
    (poem, *_) = read(json.dumps(about).encode())
    said = "Write a poem about rain.\n\nnotes.txt:\n\n````text\n```\nA cloud.\n```\n````\n\n[attachment]"
    assert poem.whole.messages[0].text == said
    assert poem.lost[0] == "left out: attachment (1)"


def test_what_was_starred_or_archived_there_is_so_here() -> None:
    claude = json.loads(sample("claude.json"))
    claude[0]["is_starred"] = True
    found = [copied.whole for copied in read(json.dumps(claude).encode())]
    assert [one.pinned for one in found] == [True, False, False]
    assert {one.tag for one in found} == {"claude"}
    libre = json.loads(sample("librechat.json"))
    for archived in (True, False):
        libre["isArchived"] = archived
        (copied,) = read(json.dumps(libre).encode())
        assert (copied.whole.archived is not None, copied.whole.tag) == (archived, "librechat")
    chatgpt = json.loads(sample("conversations.json"))
    chatgpt[0]["is_archived"] = True
    assert [copied.whole.archived is not None for copied in read(json.dumps(chatgpt).encode())] == [True, False]


def packed(**files: bytes | str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return out.getvalue()


def test_the_receipt_says_what_of_a_zip_was_not_read(store: Store) -> None:
    few = packed(conversations__json=sample("claude.json"), user__json="{}", chat__html="<html>")
    many = packed(conversations__json=sample("claude.json"), **{f"{n}__webp": "" for n in range(2_000)}, users="")
    for file, told in ((few, "chat.html, user.json"), (many, "2,000 .webp, 1 without an ending")):
        files = [("export.zip", io.BytesIO(file))]
        for lines in (look(store, files).lines, list(import_files(store, files, OPTIONS))):
            assert (lines[-1].title, lines[-1].how, lines[-1].notes) == ("export.zip", "passed", (told,))
            assert len(lines) == 4
    ours = packed(bytebot__json=b'{"bytebot": 1, "conversations": []}', manifest__json="{}")
    [line] = look(store, [("chats.zip", io.BytesIO(ours))]).lines
    assert (line.how, line.notes) == ("passed", ("there is no conversation in it",))


def test_a_zip_with_pictures_and_split_files_gives_its_chats() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("user.json", "{}")
        archive.writestr("dalle-generations/a.webp", b"RIFF")
        archive.writestr("conversations-001.json", sample("conversations.json"))
        archive.writestr("conversations-000.json", sample("claude.json"))
        archive.writestr("chat.html", "<html>")
    found = read(packed.getvalue(), "export.zip")
    assert [copied.app for copied in found] == ["Claude"] * 3 + ["ChatGPT"] * (len(found) - 3)
