"""A data folder, an environment and the command in it: in this process, as a child, and on a terminal of its own."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import pytest

from chatbot.__main__ import main
from chatbot.home.home import Home
from chatbot.store.store import Store
from chatbot.store.values import Conversation, StoredMessage
from tests.fake_openai import FakeOpenAI
from tests.template import new_database
from tests.terminal.pty_child import PtyChild

ROOT = Path(__file__).parent.parent.parent
KEY = "sk-canary-0f1e2d3c4b5a69788796"
COMMAND = (sys.executable, "-m", "chatbot")


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


class House:
    def __init__(self, folder: Path, server: FakeOpenAI) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.server = server
        new_database(self.data / "bytebot.db")
        self.environ = {
            "BYTEBOT_DATA_DIR": str(self.data),
            "BYTEBOT_CACHE_DIR": str(folder / "cache"),
            "OPENAI_API_KEY": KEY,
            "OPENAI_BASE_URL": server.base_url,
        }

    command = COMMAND

    @property
    def home(self) -> Home:
        return Home.open(self.environ, cwd=self.folder)

    def settings(self, text: str) -> None:
        self.data.mkdir(exist_ok=True)
        (self.data / "settings.toml").write_text(text)

    def run(self, *argv: str, piped: bytes | None = None, into: TextIO | None = None) -> Ran:
        """The command in this process. Without `piped`, standard input is closed; `into`: what standard output is."""
        out, err = io.StringIO(), io.StringIO()
        caught = contextlib.redirect_stdout(into or out), contextlib.redirect_stderr(err)
        with pytest.MonkeyPatch.context() as patch, caught[0], caught[1]:
            self._enter(patch)
            patch.setattr(sys, "stdin", None if piped is None else io.TextIOWrapper(io.BytesIO(piped)))
            status = main(argv)
        return Ran(status, out.getvalue(), err.getvalue())

    def _enter(self, patch: pytest.MonkeyPatch) -> None:
        patch.chdir(self.folder)
        for name in [name for name in os.environ if name.startswith(("OPENAI_", "BYTEBOT_"))]:
            patch.delenv(name)
        for name, value in self.environ.items():
            patch.setenv(name, value)

    @property
    def child_environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "BYTEBOT_"))}
        kept.pop("PYTHONUNBUFFERED", None)  # a person's shell has no such thing, and it hides what a flush does
        return {**kept, "TERM": "xterm-256color", **self.environ, "PYTHONPATH": str(ROOT)}

    def child(self, *argv: str, stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
        """The command as a process of its own."""
        return subprocess.Popen(
            [*COMMAND, *argv],
            cwd=self.folder,
            env=self.child_environ,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def terminal(self, *argv: str, rows: int = 40) -> PtyChild:
        """The command as a process on a terminal of its own."""
        return PtyChild([*COMMAND, *argv], self.child_environ, self.folder, rows=rows)

    # — what is kept —

    @contextlib.contextmanager
    def store(self) -> Iterator[Store]:
        opened = Store.open(self.home.database_url)
        try:
            yield opened
        finally:
            opened.close()

    def latest(self) -> tuple[Conversation, list[StoredMessage]]:
        """The newest conversation and every message of it, as they were made."""
        with self.store() as store:
            conversation = store.conversations.latest()
            assert conversation is not None, "nothing was stored"
            ids = list(store.conversations.tree(conversation.id).by_id)
            rows = store.conversations.messages(ids)
            return conversation, [rows[id] for id in ids]

    def everything_written(self) -> bytes:
        """The bytes of every file below the folder."""
        return b"".join(path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file())
