"""Our own JSON: what goes out comes back, and what cannot be says where it stands."""

import io
import json
import tempfile
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbot.core.errors import BadInput
from chatbot.core.whole import Whole, WholeMessage, digest
from chatbot.store.store import Store
from chatbot.transfer import json_stream
from chatbot.transfer.json_file import read_json, to_json
from tests.template import new_database
from tests.transfer.wholes import NOON, wholes


def written(*all_of_them: Whole) -> bytes:
    return b"".join(to_json(all_of_them, now=NOON))


def read(text: bytes) -> list[Whole]:
    return [copied.whole for copied in read_json(io.BytesIO(text), "chats.json")]


def chat(*messages: WholeMessage, **more: Any) -> Whole:
    return Whole(source="bytebot:1", title="Hello", created=NOON, updated=NOON, messages=messages, **more)


def new_store(folder: Path) -> str:
    return f"sqlite:///{new_database(folder / 'store.db')}"


def said(text: str, parent: int | None = None, **more: Any) -> WholeMessage:
    return WholeMessage(
        **{"role": "user", "state": "complete", "created": NOON, "text": text, "parent": parent, **more}
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(wholes(), max_size=3))
def test_what_is_written_is_read(chats: list[Whole]) -> None:
    text = written(*chats)
    assert read(text) == chats
    assert all(copied.intact for copied in read_json(io.BytesIO(text), "chats.json"))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(chat=wholes())
def test_a_store_gives_back_what_it_was_given(chat: Whole) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(Store.open(new_store(Path(folder)))) as store:
        added = store.wholes.add(chat)
        kept = store.wholes.get(added.id)
        if "connection" not in chat.options:
            kept = replace(kept, options=chat.options)
        assert kept == chat
        assert digest(read(written(kept))[0]) == digest(chat)
        assert store.integrity() == []
        again = store.wholes.add(chat)
        assert (again.how, again.id, again.same) == ("there", added.id, True)


def test_the_hash_sees_every_change() -> None:
    one = chat(said("a"), said("b", 1), head=2)
    others = [
        replace(one, head=1),
        replace(one, title="Hullo"),
        replace(one, messages=(said("a"), said("b"))),
        replace(one, messages=(said("b"), said("a", 1))),
        replace(one, messages=(said("a"), said("b", 1, first_token=0.0))),
    ]
    assert len({digest(other) for other in (one, *others)}) == 6
    assert digest(replace(one, source="bytebot:2")) == digest(one)


def test_a_reply_that_is_being_written_is_the_same_as_its_cut_copy() -> None:
    assert digest(chat(said("a", state="running"))) == digest(chat(said("a", state="cut")))


def test_a_changed_word_is_told() -> None:
    text = written(chat(said("a word"))).replace(b"a word", b"another")
    (copied,) = read_json(io.BytesIO(text), "chats.json")
    assert not copied.intact


def changed(path: str, value: object) -> bytes:
    """One conversation with one field changed; `path` as in "messages.0.parent"."""
    whole = json.loads(written(chat(said("a"), said("b", 1), head=2)))
    at = whole["conversations"][0]
    *above, last = path.split(".")
    for name in above:
        at = at[int(name)] if isinstance(at, list) else at[name]
    at[last] = value
    return json.dumps(whole).encode()


WRONG = [
    ("messages.0.parent", 1, "message 1, parent: 1 does not stand above it"),
    ("messages.1.parent", 2, "message 2, parent: 2 does not stand above it"),
    ("messages.1.parent", "1", "message 2, parent: '1' should be a whole number"),
    ("messages.0.role", "robot", "message 1, role: 'robot' is none of system, user"),
    ("messages.0.state", ["complete"], "message 1, state: this is none of"),
    ("messages.0.text", 7, "message 1, text: 7 should be a text"),
    ("messages.0.created", "yesterday", "message 1, created: 'yesterday' should be a time"),
    ("messages.0.created", "2026-11-25T09:30:00", "message 1, created: '2026-11-25T09:30:00' should be a time"),
    ("messages.0.created", "0001-01-01T00:00:00+14:00", "should be a time"),
    ("messages.1.continues", True, "message 2, continues: True can only be said of a reply below a reply"),
    ("messages.0.retries", True, "message 1, retries: True should be a whole number"),
    ("messages.0.retries", 2**40, "message 1, retries"),
    ("messages.0.notes", [1], "message 1, notes: this should be a list of texts"),
    ("messages.0.usage", {"output_tokens": "9"}, "message 1, usage, output_tokens: '9' should be"),
    ("messages.0.options", {"temperature": "hot"}, "message 1, options, temperature: 'hot' should be a number"),
    ("messages.0.sent", [-1], "message 1, sent"),
    ("messages.0.way_out", "the window", "way_out: 'the window' is none of"),
    ("messages", {"0": {}}, "conversation 1, messages: this should be a list"),
    ("messages", [7], "conversation 1, message 1: 7 should be an object"),
    ("head", 3, "conversation 1, head: 3 should be a whole number from 1 to 2"),
    ("source", "", "source: '' should name where it began"),
    ("calls", [{"nanodollars": 0.1}], "call 1, nanodollars: 0.1 should be a whole number"),
    ("calls", [{"nanodollars": 1}], "call 1, nanodollars: 1 does not go with a cost that is 'unknown'"),
    ("calls", [{"arithmetic": {"lines": [["input"]]}}], "call 1, arithmetic: this does not add up"),
]


@pytest.mark.parametrize(("path", "value", "sentence"), WRONG, ids=[f"{path} {value}" for path, value, _ in WRONG])
def test_what_cannot_be_names_its_place(path: str, value: object, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        read(changed(path, value))
    assert str(caught.value).startswith("chats.json, conversation 1")
    assert sentence in str(caught.value)


def test_other_files() -> None:
    def sentence(text: bytes) -> str:
        with pytest.raises(BadInput) as caught:
            read(text)
        return str(caught.value)

    assert sentence(b"") == "chats.json is empty. Export it again."
    assert "is no JSON: it begins with 'T'" in sentence(b"To whom it may concern")
    assert "no UTF-8" in sentence(b"\xff\xfe[\x00")
    assert "newer ByteBot (format 2, this one knows 1)" in sentence(b'{"bytebot": 2, "conversations": []}')
    assert "no export of ByteBot's" in sentence(b'{"conversations": [{}]}')
    assert "no export of ByteBot's" in sentence(b'{"bytebot": true, "conversations": [{}]}')
    assert "something follows" in sentence(written() + b"{}")
    assert "'a' stands there twice" in sentence(b'{"bytebot": 1, "conversations": [{"a": 1, "a": 2}]}')
    assert "nested too deeply" in sentence(b'{"bytebot": 1, "x": ' + b"[" * 200_000)
    assert "NaN is no number" in sentence(b'{"bytebot": 1, "x": NaN}')
    assert "too large" in sentence(b'{"bytebot": 1, "x": 1e999}')
    assert "too long" in sentence(b'{"bytebot": 1, "x": ' + b"9" * 9999 + b"}")
    whole = written(chat(said("a"), said("b", 1)))
    for length in range(len(whole) - 1):
        found = sentence(whole[:length])
        assert "is cut off" in found or "is empty" in found or "no export" in found, (whole[:length], found)


def test_what_is_too_large_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_stream, "LONGEST", 200_000)
    monkeypatch.setattr(json_stream, "MOST_PARTS", 50_000)

    class Endless(io.RawIOBase):
        """Brackets or letters without end; it counts what was read."""

        def __init__(self, start: bytes, more: bytes) -> None:
            self.start, self.more, self.size = start, more, 0

        def read(self, size: int = -1) -> bytes:
            self.size += size
            found, self.start = self.start, b""
            return found + self.more * (size // len(self.more))

    for start, more in (
        (b'{"bytebot": 1, "conversations": [["', b"x"),
        (b'{"bytebot": 1, "conversations": [[', b"[],"),
    ):
        file = Endless(start, more)
        with pytest.raises(BadInput, match="that is no conversation"):
            list(read_json(file, "chats.json"))  # type: ignore[arg-type]
        assert file.size < 1_000_000


def test_nothing_is_held_but_one_conversation() -> None:
    """Reading begins before the file has ended."""
    text = written(chat(said("x" * 200_000)), chat(said("y")))

    class Slow(io.BytesIO):
        most = 0

        def read(self, size: int | None = -1) -> bytes:
            found = super().read(size)
            self.most = self.tell()
            return found

    file = Slow(text + b" " * 10_000_000)
    next(read_json(file, "chats.json"))
    assert file.most < 1_000_000
