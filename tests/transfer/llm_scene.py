"""A logs.db as `llm` writes it."""

import sqlite3
import struct
from pathlib import Path

SCHEMA = """
CREATE TABLE conversations (id TEXT PRIMARY KEY, name TEXT, model TEXT);
CREATE TABLE responses (
    id TEXT PRIMARY KEY, model TEXT, prompt TEXT, system TEXT, prompt_json TEXT, options_json TEXT, response TEXT,
    response_json TEXT, conversation_id TEXT REFERENCES conversations(id), duration_ms INTEGER, datetime_utc TEXT,
    input_tokens INTEGER, output_tokens INTEGER
);
CREATE TABLE fragments (id INTEGER PRIMARY KEY, hash TEXT, content TEXT);
CREATE TABLE prompt_fragments (response_id TEXT, fragment_id INTEGER, "order" INTEGER);
CREATE TABLE prompt_attachments (response_id TEXT, attachment_id TEXT, "order" INTEGER);
"""


def logs(path: Path, *more: str) -> bytes:
    """One conversation of two prompts, and one prompt by itself; `more`: statements that change it."""
    with sqlite3.connect(path) as made:
        made.executescript(SCHEMA)
        made.execute("INSERT INTO conversations VALUES ('01c', 'Two plus two', 'gpt-4o-mini')")
        rows = [
            (
                "01r",
                "gpt-4o-mini",
                "What is 2+2?",
                "Be brief.",
                "Four.",
                "01c",
                640,
                "2025-11-25T09:30:00.123456",
                11,
                3,
            ),
            ("02r", "gpt-4o-mini", "And 3+3?", None, "Six.", "01c", 500, "2025-11-25T09:31:00", None, None),
            ("03r", "local", "Alone?", None, "", None, None, "2025-11-25T09:32:00", None, None),
        ]
        made.executemany(
            "INSERT INTO responses (id, model, prompt, system, response, conversation_id, duration_ms, datetime_utc, "
            "input_tokens, output_tokens) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        made.execute("INSERT INTO fragments VALUES (1, 'h', 'A file of numbers.')")
        made.execute("INSERT INTO prompt_fragments VALUES ('02r', 1, 0)")
        made.execute("INSERT INTO prompt_attachments VALUES ('01r', 'a', 0)")
        for statement in more:
            made.execute(statement)
    made.close()
    return path.read_bytes()


THREADS = """
CREATE TABLE messages (hash TEXT PRIMARY KEY, parent_hash TEXT REFERENCES messages(hash), role TEXT, provider_metadata TEXT);
CREATE INDEX idx_messages_parent_hash ON messages (parent_hash);
CREATE TABLE parts (
    id INTEGER PRIMARY KEY, message_hash TEXT, position INTEGER, type TEXT, tool_name TEXT, text TEXT, payload TEXT
);
CREATE UNIQUE INDEX idx_parts_message_hash_position ON parts (message_hash, position);
CREATE TABLE threads (id TEXT PRIMARY KEY, name TEXT, tip_message_hash TEXT, forked_from TEXT, datetime_utc TEXT);
CREATE TABLE turns (
    id TEXT PRIMARY KEY, thread_id TEXT, parent_message_hash TEXT, tip_message_hash TEXT, model TEXT, resolved_model TEXT,
    options_json TEXT, schema_id TEXT, input_tokens INTEGER, output_tokens INTEGER, token_details TEXT, duration_ms INTEGER,
    datetime_utc TEXT, response_json TEXT
);
"""


def threads(path: Path, *more: str) -> bytes:
    """What version 0.36 made of those logs: the conversation goes on, with a tool; it was forked; there is a new one."""
    logs(path)
    # Hash, parent, role, parts: (type, text, payload). llm left the attachment out when it told the old ones again.
    messages: list[tuple[str, str | None, str, list[tuple[str, str | None, str | None]]]] = [
        ("s", None, "system", [("text", "Be brief.", None)]),
        ("a", "s", "user", [("text", "What is 2+2?", None)]),
        ("b", "a", "assistant", [("text", "Four.", None)]),
        ("c", "b", "user", [("text", "A file of numbers.\nAnd 3+3?", None)]),
        ("d", "c", "assistant", [("text", "Six.", None)]),
        ("e", "d", "user", [("text", None, '{"text_ref": [{"fragment": 1}, {"literal": "\\nAnd 4+4?"}]}')]),
        (
            "f",
            "e",
            "assistant",
            [("reasoning", "Hm.", None), ("text", "Let me add.", None), ("tool_call", None, '{"name": "add"}')],
        ),
        ("g", "f", "tool", [("tool_result", None, '{"name": "add", "output": "8"}')]),
        ("h", "g", "assistant", [("text", "Eight.", None)]),
        ("i", "b", "user", [("text", "In words?", None), ("attachment", None, '{"attachment": {"id": "a"}}')]),
        ("j", "i", "assistant", [("text", "2 + 2 = 4", None)]),
        ("k", None, "user", [("text", "New?", None)]),
        ("l", "k", "assistant", [("text", "New.", None)]),
    ]
    turns = [
        ("04u", "01c", "e", "f", "gpt-5", None, "{}", None, 40, 9, None, 900, "2026-11-25T09:30:00+00:00", None),
        ("05u", "01c", "g", "h", "gpt-5", None, None, None, 60, 2, None, 300, "2026-11-25T09:30:02+00:00", None),
        (
            "06u",
            "02t",
            "i",
            "j",
            "m",
            None,
            '{"seed": 1}',
            "x",
            None,
            None,
            None,
            None,
            "2026-11-25T09:31:00+00:00",
            None,
        ),
        ("07u", "03t", "k", "l", "m", None, None, None, None, None, None, 5, "2026-11-25T09:32:00+00:00", None),
    ]
    with sqlite3.connect(path) as made:
        made.executescript(THREADS)
        for hash, parent, role, parts in messages:
            made.execute("INSERT INTO messages VALUES (?, ?, ?, NULL)", (hash, parent, role))
            for position, (kind, text, payload) in enumerate(parts):
                made.execute(
                    "INSERT INTO parts (message_hash, position, type, text, payload) VALUES (?, ?, ?, ?, ?)",
                    (hash, position, kind, text, payload),
                )
        made.executemany(f"INSERT INTO turns VALUES ({', '.join('?' * 14)})", turns)
        made.execute("INSERT INTO threads VALUES ('01c', 'And 4+4?', 'h', NULL, NULL)")
        made.execute("INSERT INTO threads VALUES ('02t', 'In words?', 'j', '01c', NULL)")
        made.execute("INSERT INTO threads VALUES ('03t', 'New?', 'l', NULL, NULL)")
        for statement in more:
            made.execute(statement)
    made.close()
    return path.read_bytes()


def endless(path: Path, table: str) -> bytes:
    """The file with a table whose pages are chained so that each stands many times in the one above: it has no end."""
    with sqlite3.connect(path) as made:
        (root,) = made.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        (size,) = made.execute("PRAGMA page_size").fetchone()
    made.close()
    data = bytearray(path.read_bytes())
    at, depth, many = (root - 1) * size, 12, 60
    leaf = bytes(data[at : at + size])
    assert leaf[0] == 13

    def above(child: int) -> bytes:
        start = size - 5 * many
        head = struct.pack(">BHHHBI", 5, 0, many, start, 0, child)
        places = b"".join(struct.pack(">H", start + 5 * number) for number in range(many))
        return (head + places).ljust(start, b"\0") + struct.pack(">IB", child, 1) * many

    first = len(data) // size + 1
    data[at : at + size] = above(first)
    for number in range(depth):
        data += above(first + number + 1)
    data += leaf
    data[28:32] = struct.pack(">I", len(data) // size)
    return bytes(data)
