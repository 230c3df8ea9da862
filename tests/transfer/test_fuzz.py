"""Thousands of damaged files: each is read, or refused in a sentence; none does anything else."""

import io
import json
import random
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chatbot.core.errors import BadInput
from chatbot.core.whole import Whole
from chatbot.engine.exports import written
from chatbot.store.store import Store
from chatbot.transfer.chats import open_chats
from chatbot.transfer.json_file import to_json
from chatbot.transfer.zip_file import to_zip
from tests.engine.test_imports import a_life
from tests.transfer.llm_scene import logs, threads
from tests.transfer.wholes import NOON

DATA = Path(__file__).parents[1] / "data"
SAMPLE = (DATA / "conversations.json").read_bytes()
ODD = (
    None,
    True,
    0,
    -1,
    2**70,
    1e308,
    "",
    "x",
    "\ud800",
    [],
    {},
    [[]],
    {"a": []},
    "2026-11-25T09:30:00Z",
    1764063000.5,
)


@dataclass(frozen=True)
class Seeds:
    """Whole files. `json`: in which values can be changed as well; all of them can be damaged."""

    json: list[bytes]
    all: list[bytes]


def seeds(folder: Path) -> Seeds:
    store = Store.temporary()
    whole = store.wholes.get(a_life(store))
    store.close()
    ours = b"".join(to_json([whole, whole], now=NOON))
    others = [(DATA / name).read_bytes() for name in ("openwebui.json", "librechat.json", "claude.json")]
    markdown = b"".join(written([whole], "md", branches=True))
    found = [ours, SAMPLE, *others]
    return Seeds(
        found,
        [*found, markdown, b"".join(to_zip([whole], now=NOON)), logs(folder / "logs.db"), threads(folder / "new.db")],
    )


def read(text: bytes) -> list[Whole]:
    return [copied.whole for copied in open_chats(io.BytesIO(text), "file")]


def bytes_changed(text: bytes, dice: random.Random) -> bytes:
    changed = bytearray(text)
    for _ in range(dice.randint(1, 4)):
        at, kind = dice.randrange(len(changed)), dice.randrange(4)
        if kind == 0:
            changed[at] = dice.randrange(256)
        elif kind == 1:
            del changed[at : at + dice.randint(1, 40)]
        elif kind == 2:
            changed[at:at] = bytes(dice.choices(b'{}[]",:0e-\\u', k=dice.randint(1, 6)))
        else:
            start = dice.randrange(len(changed))
            changed[at:at] = changed[start : start + dice.randint(1, 200)]
        if not changed:
            break
    return bytes(changed)


def values_changed(text: bytes, dice: random.Random) -> bytes:
    """Still JSON, with values of another kind in a few places."""
    whole = json.loads(text)
    places: list[tuple[Any, Any]] = []
    open_ones = [whole]
    while open_ones:
        at = open_ones.pop()
        for key in list(at) if isinstance(at, dict) else range(len(at)):
            places.append((at, key))
            if isinstance(at[key], dict | list):
                open_ones.append(at[key])
    for _ in range(dice.randint(1, 2)):
        at, key = dice.choice(places)
        if isinstance(at, dict) and dice.random() < 0.2:
            at.pop(key, None)
        else:
            at[key] = dice.choice(ODD)
    return json.dumps(whole).encode()


def test_ten_thousand_damaged_files_are_refused_or_read_and_nothing_else(tmp_path: Path) -> None:
    """Of every format that is read, in turn; half of those in JSON are still JSON, with other values in it."""
    dice = random.Random(20261125)
    store = Store.temporary()
    whole_ones = seeds(tmp_path)
    refused, stored = list[str](), 0
    slowest = 0.0
    for number in range(10_000):
        if number % 2:
            text = values_changed(dice.choice(whole_ones.json), dice)
        else:
            text = bytes_changed(dice.choice(whole_ones.all), dice)
        began = time.monotonic()
        try:
            wholes = read(text)
        except BadInput as error:
            refused.append(str(error))
            continue
        finally:
            slowest = max(slowest, time.monotonic() - began)
        if stored < 150:
            for whole in wholes:
                store.wholes.add(whole)
                stored += 1
    # What was accepted can be kept, and all of it can be shown.
    assert len(refused) > 3000
    assert slowest < 5
    assert all(one.startswith("file") and len(one) < 500 and one.isprintable() for one in refused)
    assert stored >= 150
    assert store.integrity() == []
    for line in store.conversations.lines(limit=1000):
        tree = store.conversations.tree(line.id)
        rows = store.conversations.messages(tree.by_id)
        assert all(row.routed is None or row.routed.model for row in rows.values())
        store.wholes.get(line.id)
    assert all(call.cost for call in store.ledger.calls())
    store.close()


def test_zip_bombs_end_soon() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("bytebot.json", "w") as file:
        file.write(b'{"bytebot": 1, "conversations": [')
        for _ in range(9):
            file.write(b"[" * (1 << 20))
    with pytest.raises(BadInput, match=r"nested too deeply|parts"):
        read(out.getvalue())
