"""Zip files: ours with its manifest, and others' traps."""

import io
import json
import tracemalloc
import zipfile

import pytest

from chatbot.core.errors import BadInput
from chatbot.core.whole import Whole
from chatbot.transfer.chats import open_chats
from chatbot.transfer.zip_file import to_zip
from tests.transfer.test_chatgpt import zipped
from tests.transfer.test_json_file import chat, said
from tests.transfer.wholes import NOON

CHATS = (chat(said("a"), said("b", 1)), chat(said("x" * 300_000)))


def read(text: bytes) -> list[Whole]:
    return [copied.whole for copied in open_chats(io.BytesIO(text), "chats.zip")]


def sentence(text: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        read(text)
    return str(caught.value)


def test_what_is_packed_is_read() -> None:
    text = b"".join(to_zip(CHATS, now=NOON))
    assert read(text) == list(CHATS)
    with zipfile.ZipFile(io.BytesIO(text)) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["conversations"], manifest["messages"], manifest["calls"]) == (2, 3, 0)


def test_traps() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("conversations.json", "w") as file:
        for _ in range(40):
            file.write(b" " * (1 << 20))
    assert "41,943,040 bytes; that is no chat" in sentence(out.getvalue())
    assert "a file outside of itself, '../conversations.json'" in sentence(zipped({"../conversations.json": b"[]"}))
    assert "outside of itself" in sentence(zipped({"/etc/conversations.json": b"[]"}))
    assert "outside of itself" in sentence(zipped({"C:\\conversations.json": b"[]"}))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("conversations.json", "[]")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("conversations.json", "[]")
    assert "holds 'conversations.json' twice" in sentence(out.getvalue())


def test_a_size_that_is_a_lie_reads_no_further() -> None:
    """The directory says ten bytes; what is packed is a megabyte."""
    text = bytearray(zipped({"conversations.json": b"[" + b" " * (1 << 20)}))
    at = text.rindex(b"PK\x01\x02")
    text[at + 24 : at + 28] = (10).to_bytes(4, "little")
    assert "cut off" in sentence(bytes(text)) or "damaged" in sentence(bytes(text))


def test_a_gigabyte_that_is_only_claimed() -> None:
    """The directory says 1 GB; there are two bytes. What is claimed is never made room for."""
    text = bytearray(zipped({"conversations.json": b"[]"}))
    at = text.rindex(b"PK\x01\x02")
    text[at + 24 : at + 28] = (1 << 30).to_bytes(4, "little")
    assert "1,073,741,824 bytes; that is no chat" in sentence(bytes(text))
    text[at + 20 : at + 24] = (100 << 20).to_bytes(4, "little")  # packed as loosely as text is
    tracemalloc.start()
    try:
        found: object = read(bytes(text))
    except BadInput as error:  # newer Pythons see that so many bytes would reach into what follows
        found = str(error)
    assert found in ([], "chats.zip holds 'conversations.json', which cannot be read. Export or copy it again.")
    assert tracemalloc.get_traced_memory()[1] < 50 << 20
    tracemalloc.stop()


def test_a_locked_one_and_damaged_ones() -> None:
    text = bytearray(b"".join(to_zip(CHATS, now=NOON)))
    locked = bytearray(text)
    at = locked.index(b"PK\x01\x02")
    locked[at + 8] |= 1
    assert "locked with a password" in sentence(bytes(locked))
    assert "is no zip file, or cut off" in sentence(bytes(text[:-30]))
    text[200] ^= 255
    assert "chats.zip" in sentence(bytes(text))
