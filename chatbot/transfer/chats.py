"""Chats out of a file, whichever it is. What it is, is told by what is in it, never by its name.

A zip holds one of the others. A SQLite file is a logs.db of llm; what begins with `---` is a Markdown file of ours. JSON
that begins with `{"bytebot"` is ours, another object is one conversation of LibreChat's. In a list each conversation says
for itself whose it is: ChatGPT's have a `mapping`, Open WebUI's a `chat`, Claude's `chat_messages`, LibreChat's `messages`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, BinaryIO

from chatbot.core.errors import BadInput
from chatbot.core.text import first_words
from chatbot.core.whole import digest
from chatbot.transfer.chatgpt import is_chatgpt, read_chatgpt
from chatbot.transfer.checked import Checked
from chatbot.transfer.claude import is_claude, read_claude
from chatbot.transfer.growing import LONGEST_SOURCE
from chatbot.transfer.json_file import read_json
from chatbot.transfer.json_stream import elements
from chatbot.transfer.librechat import is_librechat, read_librechat, read_librechat_file
from chatbot.transfer.llm_logs import MAGIC, read_llm_logs
from chatbot.transfer.markdown_read import is_markdown, read_markdown
from chatbot.transfer.open_webui import is_open_webui, read_open_webui
from chatbot.transfer.values import Copied
from chatbot.transfer.zip_file import CHATS, MANIFEST, Zip, is_zip

# Large exports of ChatGPT's come in several of these.
_LISTS = re.compile(r"conversations(-\d+)?\.json")
_OURS = re.compile(rb'\{\s*"bytebot"')
# What is exported to be read or counted, and cannot come back.
_ONE_WAY = {
    "a CSV file": re.compile(rb"conversation,title,position,role,"),
    "a page in HTML": re.compile(rb"<(!doctype html|html)", re.IGNORECASE),
    "JSONL for fine-tuning": re.compile(rb'\{"messages": \[\{"role": "'),
}
_PLACES = re.compile(r"^\[\w+\]$", re.MULTILINE)  # where a picture or a file was
_FEW = 5
_APPS: tuple[tuple[Callable[[Any], bool], Callable[[Checked], Copied]], ...] = (
    (is_chatgpt, read_chatgpt),
    (is_open_webui, read_open_webui),
    (is_claude, read_claude),
    (is_librechat, read_librechat),
)


def open_chats(file: BinaryIO, name: str) -> Iterator[Copied]:
    """Its conversations, one at a time; BadInput names the place of what cannot be."""
    for copied in _chats(file, name):
        source = copied.whole.source
        if not source or len(source) > LONGEST_SOURCE:  # it has no name of its own: what is in it names it
            app = copied.whole.tag or "file"
            copied = replace(copied, whole=replace(copied.whole, source=f"{app}:{digest(copied.whole)}"))
        yield _named(copied)


def not_read(file: BinaryIO, name: str) -> str:
    """What a zip holds besides its chats, in words: "214 .webp, 3 .html"; "" where there is nothing."""
    if not is_zip(file):
        return ""
    archive = Zip(file, name)
    read = {*chats_in(archive, name), MANIFEST}
    left = [one.rpartition("/")[2] for one in archive.names if one not in read]
    if len(left) <= _FEW:
        return ", ".join(sorted(left))
    kinds = Counter(f".{one.rpartition('.')[2]}" if "." in one else "without an ending" for one in left).most_common()
    told = ", ".join(f"{count:,} {kind[:20]}" for kind, count in kinds[:_FEW])
    more = sum(count for _, count in kinds[_FEW:])
    return f"{told} and {more:,} more" if more else told


def _named(copied: Copied) -> Copied:
    """One of another app without a title is named as ours are: after its first words."""
    whole = copied.whole
    said = _PLACES.sub("", next((one.text for one in whole.messages if one.role == "user"), ""))
    if copied.checksum is not None or whole.title or not said.strip():
        return copied
    return replace(copied, whole=replace(whole, title=first_words(said), title_by="words"))


def _chats(file: BinaryIO, name: str) -> Iterator[Copied]:
    if is_zip(file):
        archive = Zip(file, name)
        for inside in chats_in(archive, name):
            with archive.open(inside) as entry:
                yield from _in_zip(entry, inside, f"{name}, {inside}")
        return
    file.seek(0)
    begin = file.read(4096)
    file.seek(0)
    text = begin.removeprefix(b"\xef\xbb\xbf").lstrip()
    for what, looks in _ONE_WAY.items():
        if looks.match(text):
            raise BadInput(f"{name} is {what}, which cannot be imported. Export the conversations as JSON or as a zip.")
    if begin.startswith(MAGIC):
        yield from read_llm_logs(file, name)
    elif is_markdown(begin):
        yield read_markdown(file, name)
    elif text[:1] != b"{":
        yield from _list(file, name)
    elif _OURS.match(text):
        yield from read_json(file, name)
    else:
        yield read_librechat_file(file, name)


def chats_in(archive: Zip, name: str) -> list[str]:
    """The files with chats in it, in their order; BadInput when there are none."""
    for wanted in (CHATS, _LISTS, r".*\.md"):
        found = [one for one in archive.names if re.fullmatch(wanted, one.rpartition("/")[2])]
        if found:
            return sorted(found)
    raise BadInput(
        f"{name} holds neither {CHATS} nor conversations.json nor Markdown. docs/formats.md says what can be imported."
    )


def _in_zip(entry: BinaryIO, inside: str, place: str) -> Iterator[Copied]:
    if inside.endswith(CHATS):
        yield from read_json(entry, place)
    elif inside.endswith(".md"):
        yield read_markdown(entry, place)
    else:
        yield from _list(entry, place)


def _list(file: BinaryIO, name: str) -> Iterator[Copied]:
    for number, (key, value) in enumerate(elements(file, name, ""), start=1):
        if key:
            raise BadInput(f"{name} is no list of conversations. Name an export as it came.")
        place = f"{name}, conversation {number}"
        read = next((read for whose, read in _APPS if whose(value)), None)
        if read is None:
            raise BadInput(
                f"{place}: it is of no app that ByteBot knows; it has none of mapping, chat, chat_messages and messages. "
                "docs/formats.md says what can be imported."
            )
        yield read(Checked(value, place))
