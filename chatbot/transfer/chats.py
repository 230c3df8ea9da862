"""Chats out of a file, whichever it is: our JSON, ChatGPT's, or a zip with one of them in it."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from chatbot.core.errors import BadInput
from chatbot.transfer.chatgpt import read_chatgpt
from chatbot.transfer.json_file import read_json
from chatbot.transfer.values import Copied
from chatbot.transfer.zip_file import CHATS, Zip, is_zip

# Large exports of ChatGPT's come in several of these.
_CHATGPT = re.compile(r"conversations(-\d+)?\.json")
_SPACE = b" \t\r\n\xef\xbb\xbf"


def open_chats(file: BinaryIO, name: str) -> Iterator[Copied]:
    """Its conversations, one at a time; BadInput names the place of what cannot be."""
    if is_zip(file):
        archive = Zip(file, name)
        for inside in chats_in(archive, name):
            with archive.open(inside) as entry:
                yield from _json(entry, f"{name}, {inside}", ours=inside.endswith(CHATS))
        return
    file.seek(0)
    begin = file.read(4096).lstrip(_SPACE)[:1]
    file.seek(0)
    yield from _json(file, name, ours=begin != b"[")


def chats_in(archive: Zip, name: str) -> list[str]:
    """The files with chats in it, in their order; BadInput when there are none."""
    found = [one for one in archive.names if one.rpartition("/")[2] == CHATS]
    found = found or sorted(one for one in archive.names if _CHATGPT.fullmatch(one.rpartition("/")[2]))
    if not found:
        raise BadInput(
            f"{name} holds neither {CHATS} nor conversations.json. Name an export of ByteBot's or ChatGPT's."
        )
    return found


def _json(file: BinaryIO, name: str, *, ours: bool) -> Iterator[Copied]:
    return read_json(file, name) if ours else read_chatgpt(file, name)
