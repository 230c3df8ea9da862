"""Whether an export is whole: imported into a store of its own, and compared with what came out of there."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import BinaryIO

from chatbot.core.errors import BadInput
from chatbot.core.whole import Whole, digest
from chatbot.store.store import Store
from chatbot.transfer.chats import open_chats
from chatbot.transfer.values import Copied
from chatbot.transfer.zip_file import Zip, is_zip

_AT_ONCE = 50  # conversations in the scratch store


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """`wrong`: a sentence for each thing that is not as it was exported; empty when all is identical."""

    conversations: int
    messages: int
    wrong: tuple[str, ...]


def verify(file: BinaryIO, name: str) -> Verified:
    """Read it, store it, read that: BadInput when it cannot be read at all. Nothing of the person's is touched."""
    wrong = _manifest(file, name)
    conversations = messages = 0
    scratch = Store.temporary()
    try:
        for copied in open_chats(file, name):
            if copied.checksum is None:
                raise BadInput(
                    f"{name} holds no hashes, so there is nothing to compare. ByteBot's JSON and zip have them."
                )
            conversations += 1
            messages += copied.whole.count
            wrong += _compare(scratch, copied, conversations)
            if conversations % _AT_ONCE == 0:
                scratch.close()
                scratch = Store.temporary()
    finally:
        scratch.close()
    if not conversations and not wrong:
        raise BadInput(f"{name} holds no conversation, so there is nothing to compare.")
    return Verified(conversations=conversations, messages=messages, wrong=tuple(wrong))


def _compare(scratch: Store, copied: Copied, number: int) -> Iterable[str]:
    whole = copied.whole
    about = f"conversation {number}, {whole.title!r}"
    if not copied.intact:
        return [f"{about}: it was changed or damaged since it was exported."]
    if scratch.wholes.there([whole.source]):
        return [f"{about}: it is in the file twice."]
    return [] if comes_back(scratch, whole) else [f"{about}: it is not the same after it was imported."]


def comes_back(scratch: Store, whole: Whole) -> bool:
    """Whether a store that does not have it yet gives it back exactly as it was added."""
    kept = scratch.wholes.get(scratch.wholes.add(whole).id)
    if "connection" not in whole.options:  # the store gave it what to go on with
        kept = replace(kept, options=whole.options)
    return digest(kept) == digest(whole)


def _manifest(file: BinaryIO, name: str) -> list[str]:
    """What of a zip is not as its manifest says."""
    if not is_zip(file):
        return []
    archive = Zip(file, name)
    about = archive.manifest()
    if about is None:
        return []
    wrong = []
    for inside, told in about["files"].items():
        if inside not in archive.names:
            wrong.append(f"{inside!r} is in the manifest and not in the file.")
            continue
        hashed = sha256()
        with archive.open(inside) as entry:
            while piece := entry.read(1 << 20):
                hashed.update(piece)
        if not isinstance(told, dict) or told.get("sha256") != hashed.hexdigest():
            wrong.append(f"{inside!r} is not as the manifest says.")
    return wrong
