"""The guard itself: a test that leaves this machine fails, even when the code under test swallows the refusal."""

import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(folder: Path, body: str) -> str:
    file = folder / "test_sample.py"
    file.write_text("import socket\ndef test_it():\n" + textwrap.indent(textwrap.dedent(body), "    "))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", str(file)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90).stdout


def test_a_test_that_reaches_out_fails_even_when_it_does_not_notice(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        """
        for connect in (socket.socket.connect, socket.socket.connect_ex):
            try:
                connect(socket.socket(), ("192.0.2.1", 9))
            except Exception:
                pass
        """,
    )
    assert "reached beyond this machine" in said
    assert "('192.0.2.1', 9), ('192.0.2.1', 9)" in said


def test_this_machine_may_be_talked_to(tmp_path: Path) -> None:
    said = run(
        tmp_path,
        """
        listener = socket.create_server(("127.0.0.1", 0))
        socket.create_connection(listener.getsockname()).close()
        socket.create_connection(("localhost", listener.getsockname()[1])).close()
        """,
    )
    assert "1 passed" in said
