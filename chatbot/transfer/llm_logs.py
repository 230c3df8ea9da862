"""The logs.db of the command `llm` read: a SQLite file of a stranger's, of which nothing is run and nothing written.

It has tables of two kinds: `responses`, a row for each prompt and its reply, up to version 0.35; from then on `threads` and
`turns` over a tree of `messages`. A conversation that was begun in the old ones and goes on in the new ones is one.
"""

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from chatbot.core.errors import BadInput
from chatbot.core.whole import Whole
from chatbot.transfer.growing import EPOCH, title_of
from chatbot.transfer.llm_responses import Responses
from chatbot.transfer.llm_tables import Tables
from chatbot.transfer.llm_talk import APP, Talk
from chatbot.transfer.llm_threads import Threads
from chatbot.transfer.values import Copied

MAGIC = b"SQLite format 3\x00"


def read_llm_logs(file: BinaryIO, name: str) -> Iterator[Copied]:
    """Its conversations, one at a time, the oldest first; BadInput when it is another database, or a damaged one."""
    with tempfile.TemporaryDirectory(prefix="bytebot-") as folder:
        path = Path(folder) / "logs.db"
        file.seek(0)
        with path.open("wb") as copy:
            shutil.copyfileobj(file, copy)
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as logs:
            try:
                yield from _read(Tables(logs, name, size=path.stat().st_size))
            except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
                raise BadInput(f"{name} cannot be read to its end: {_short(error)}. Copy it again.") from None


def _read(tables: Tables) -> Iterator[Copied]:
    responses, threads = Responses(tables), Threads(tables)
    if tables.has("conversations", "owner", "title_by", "pinned"):
        raise BadInput(
            f"{tables.name} is a history of ByteBot's, or a backup of one, and no export: chatbot restore {tables.name}"
        )
    if not (responses.there or threads.there):
        raise BadInput(
            f"{tables.name} is a database, but no logs.db of llm. docs/formats.md says what can be imported."
        )
    chats = {**dict.fromkeys(responses.chats(), None), **dict.fromkeys(threads.chats(), None)}
    for chat in sorted(chats, key=lambda chat: min(responses.began(chat), threads.began(chat))):
        talk = Talk(tables.name)
        responses.tell(chat, talk)
        threads.tell(chat, talk)
        yield _copied(chat, talk, responses.name(chat) or threads.name(chat))


def _copied(chat: str, talk: Talk, name: str) -> Copied:
    growing = talk.growing
    created: datetime = min(talk.times, default=EPOCH)
    whole = Whole(
        source=f"llm:{chat}",
        title=title_of(name) or title_of(growing.messages[0].text if growing.messages else ""),
        title_by="words",
        tag="llm",
        created=created,
        updated=max(talk.times, default=created),
        options={"system": talk.system} if talk.system else {},
        head=talk.head or growing.head,
        messages=tuple(growing.messages),
    )
    return Copied(whole=whole, lost=growing.told(), app=APP)


def _short(error: Exception) -> str:
    text = " ".join(str(error).split())[:200]
    return "".join(char if char.isprintable() else "?" for char in text) or type(error).__name__
