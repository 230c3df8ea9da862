"""A logs.db as `llm` writes it."""

import sqlite3
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
