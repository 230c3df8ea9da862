"""An export proves that it is whole."""

import io
import zipfile
from dataclasses import replace

import pytest

from chatbot.core.errors import BadInput
from chatbot.engine.exports import wholes_of
from chatbot.engine.verify import Verified, verify
from chatbot.store.store import Store
from chatbot.transfer.chatgpt_file import to_chatgpt
from chatbot.transfer.json_file import to_json
from chatbot.transfer.zip_file import to_zip
from tests.engine.test_imports import a_life
from tests.store.scene import exchange
from tests.transfer.wholes import NOON


def check(text: bytes) -> Verified:
    return verify(io.BytesIO(text), "chats.zip")


@pytest.fixture
def lived() -> Store:
    store = Store.temporary()
    a_life(store)
    exchange(store, answer="a word")
    return store


def test_what_is_whole_is_identical(lived: Store) -> None:
    for text in (b"".join(to_zip(wholes_of(lived), now=NOON)), b"".join(to_json(wholes_of(lived), now=NOON))):
        assert check(text) == Verified(conversations=2, messages=7, wrong=())


def test_what_was_changed_is_named(lived: Store) -> None:
    text = b"".join(to_json(wholes_of(lived), now=NOON))
    (wrong,) = check(text.replace(b"a word", b"a sword")).wrong
    assert wrong == "conversation 2, 'Hello': it was changed or damaged since it was exported."
    (twice,) = check(b"".join(to_json([*wholes_of(lived), lived.wholes.get(lived.wholes.ids()[0])], now=NOON))).wrong
    assert "in the file twice" in twice


def test_a_manifest_is_believed_and_compared(lived: Store) -> None:
    text = b"".join(to_zip(wholes_of(lived), now=NOON))
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(text)) as old, zipfile.ZipFile(out, "w") as new:
        new.writestr("bytebot.json", old.read("bytebot.json") + b"\n")
        new.writestr("manifest.json", old.read("manifest.json"))
    assert check(out.getvalue()).wrong == ("'bytebot.json' is not as the manifest says.",)


def test_others_hold_no_hashes(lived: Store) -> None:
    with pytest.raises(BadInput, match="holds no hashes"):
        check(b"".join(to_chatgpt(wholes_of(lived))))


def test_where_there_is_nothing_nothing_is_called_identical(lived: Store) -> None:
    for text in (b"[]", b"".join(to_json([], now=NOON)), b"".join(to_zip([], now=NOON))):
        with pytest.raises(BadInput, match="holds no conversation, so there is nothing to compare"):
            check(text)


def test_a_chat_without_settings_of_its_own_is_identical(lived: Store) -> None:
    bare = replace(lived.wholes.get(lived.wholes.ids()[0]), options={})
    assert check(b"".join(to_json([bare], now=NOON))).wrong == ()
