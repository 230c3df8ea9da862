"""Open WebUI, LibreChat, Claude, llm and our own Markdown: trees stay trees, and what is lost is named."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from chatbot.core.errors import BadInput
from chatbot.core.whole import Whole
from chatbot.engine.imports import import_files, look
from chatbot.store.store import Store
from chatbot.transfer.chats import open_chats
from chatbot.transfer.values import Copied
from tests.store.scene import OPTIONS
from tests.transfer.llm_scene import logs

DATA = Path(__file__).parents[1] / "data"


def sample(name: str) -> bytes:
    return (DATA / name).read_bytes()


def read(text: bytes, name: str = "file") -> list[Copied]:
    return list(open_chats(io.BytesIO(text), name))


def drawn(whole: Whole) -> list[tuple[int | None, str, str, str]]:
    return [(one.parent, one.role, one.state, one.text) for one in whole.messages]


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


def test_the_logs_of_llm(tmp_path: Path) -> None:
    two, alone = read(logs(tmp_path / "logs.db"))
    assert (two.app, two.whole.source, two.whole.title) == ("llm", "llm:01c", "Two plus two")
    assert drawn(two.whole) == [
        (None, "user", "complete", "What is 2+2?\n\n[attachment]"),
        (1, "assistant", "complete", "Four."),
        (2, "user", "complete", "A file of numbers.\n\nAnd 3+3?"),
        (3, "assistant", "complete", "Six."),
    ]
    assert two.lost == ("left out: attachment (1)",)
    assert two.whole.options == {"system": "Be brief."}
    first = two.whole.messages[1]
    assert (first.duration, first.model_answered) == (0.64, "gpt-4o-mini")
    assert first.usage == {"input_tokens": 11, "output_tokens": 3, "estimated": False}
    assert (alone.whole.source, drawn(alone.whole)) == ("llm:response-03r", [(None, "user", "complete", "Alone?")])


def test_old_logs_of_llm_without_what_came_later(tmp_path: Path) -> None:
    columns = ("system", "duration_ms", "datetime_utc", "input_tokens", "output_tokens")
    text = logs(tmp_path / "logs.db", *(f"ALTER TABLE responses DROP COLUMN {name}" for name in columns))
    assert [len(copied.whole.messages) for copied in read(text)] == [4, 1]


def test_a_database_that_would_do_something_does_nothing(tmp_path: Path) -> None:
    trap = "CREATE VIEW conversations_v AS SELECT writefile('x', 'y')"
    endless = (
        "CREATE VIEW responses AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
        "SELECT n AS id, 'm' AS model, 'p' AS prompt, 'r' AS response FROM c"
    )
    assert len(read(logs(tmp_path / "a.db", trap))) == 2
    with pytest.raises(BadInput, match=r"no logs\.db of llm"):
        read(logs(tmp_path / "b.db", "ALTER TABLE responses RENAME TO other", endless))
    with pytest.raises(BadInput, match="cannot be read"):
        read(logs(tmp_path / "c.db")[:5000])
    with pytest.raises(BadInput, match=r"no logs\.db"):
        read(logs(tmp_path / "d.db", "DROP TABLE responses"))


@pytest.mark.parametrize(
    ("name", "change", "told"),
    [
        ("openwebui.json", lambda all: all[0]["chat"]["history"]["messages"]["r1"].update(parentId="x"), "parent 'x'"),
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
