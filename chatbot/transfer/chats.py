"""Chats out of a file, whichever it is."""

from collections.abc import Iterator
from typing import BinaryIO

from chatbot.transfer.json_file import read_json
from chatbot.transfer.values import Copied


def open_chats(file: BinaryIO, name: str) -> Iterator[Copied]:
    """Its conversations, one at a time; BadInput names the place of what cannot be."""
    file.seek(0)
    yield from read_json(file, name)
