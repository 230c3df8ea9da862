"""The command `chatbot export`: conversations as a file."""

import json
import os
import secrets
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.core.errors import BadInput, ByteBotError
from chatbot.terminal.streams import say

if TYPE_CHECKING:
    from chatbot.engine.engine import Engine

FORMATS = {"json": "json", "zip": "zip", "jsonl": "jsonl", "html": "html", "md": "md", "csv": "csv"}
"""What a file's ending says."""
CHOICES = ("json", "zip", "chatgpt", "jsonl", "html", "md", "csv")
_WHOLE = ("json", "zip", "chatgpt")
_EXAMPLES = """\
examples:
  chatbot export chats.json                        everything, with branches, settings and what it cost
  chatbot export one.json 4f2a…                    one conversation, by its id; also: -o one.json 4f2a…
  chatbot export chats.zip                         everything in a zip; chatbot verify chats.zip proves it
  chatbot export conversations.json --format chatgpt    for Open WebUI, LibreChat and others
  chatbot export page.html                         one page to read or print; .md, .csv and .jsonl for others
  chatbot export notes.zip --format md             a Markdown file for each, as Obsidian likes them

docs/formats.md says what each format keeps. Deleted chats are in none."""


def add_to(commands: "object") -> None:
    """Its place on the command line; `commands` are argparse's subparsers."""
    from argparse import RawDescriptionHelpFormatter

    parser: ArgumentParser = commands.add_parser(  # type: ignore[attr-defined]
        "export",
        help="write conversations to a file",
        description="Write all conversations, or some, to a file. Its ending says the format.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.usage = "chatbot export [options] FILE [ID ...]\n       chatbot export [options] -o FILE [--all | ID ...]"
    parser.add_argument(
        "names", nargs="*", metavar="FILE [ID ...]", help="the file, and the conversations: all otherwise"
    )
    parser.add_argument("-o", "--output", dest="file", metavar="FILE", help="such as chats.json; - is standard output")
    parser.add_argument("--all", action="store_true", help="all conversations, as without an ID")
    parser.add_argument("--format", choices=CHOICES, help="where the ending does not say it")
    parser.add_argument("--all-branches", action="store_true", help="in md, html, csv, jsonl: not only the open one")
    parser.add_argument(
        "--raw", action="store_true", help="in csv: cells as they are, also those a spreadsheet would run"
    )
    parser.add_argument("--json", action="store_true", help="say what was written as JSON")
    parser.add_argument("--replace", action="store_true", help="write over a file that is there")


def export(arguments: Namespace) -> int:
    """Write the file; nothing is left of it when it could not be written to its end."""
    from chatbot.engine.exports import Contents, wholes_of, written
    from chatbot.engine.open import read_with
    from chatbot.home.home import Home

    _sort_out(arguments)
    format = arguments.format or _format_of(arguments.file)
    zipped = format == "md" and arguments.file.lower().endswith(".zip")
    if format == "md" and len(arguments.ids) != 1 and not zipped:
        raise BadInput(
            "Markdown holds one conversation in a file. Name it by its id, or write several to a zip: "
            "chatbot export notes.zip --format md."
        )
    if arguments.raw and format != "csv":
        raise BadInput(f"--raw is for the cells of CSV; {format} has none.")
    if arguments.all_branches and format in _WHOLE:
        raise BadInput(f"--all-branches is for what people read; {format} has all branches anyway.")
    to_screen = arguments.file == "-"
    if not to_screen and os.path.lexists(arguments.file) and not arguments.replace:
        raise BadInput(f"{arguments.file!r} is there already. Name another file, or write over it with --replace.")
    named = arguments.names[:1] == [arguments.file] and not to_screen
    into = Contents(format, branches=arguments.all_branches)
    with read_with(Home.open()) as engine:
        if named and not Path(arguments.file).suffix and _is_conversation(engine, arguments.file):
            raise BadInput(
                f"{arguments.file!r} is a conversation. Say where to: chatbot export {arguments.file} "
                f"--format {format} -o FILE"
            )
        ids = [engine.store.conversations.id_of(id) for id in arguments.ids]
        wholes = into.all(wholes_of(engine.store, ids))
        pieces = written(wholes, format, branches=arguments.all_branches, raw=arguments.raw, zipped=zipped)
        if to_screen:
            for piece in pieces:
                sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
        else:
            _save(Path(arguments.file), pieces)
    if arguments.json and not to_screen:
        told = {"conversations": into.conversations, "messages": into.messages, "left_out": into.left_out}
        print(json.dumps({"file": arguments.file, "format": format, **told}))
    else:
        words = f"Wrote {counted(into.conversations, 'conversation')}, {counted(into.messages, 'message')}"
        say(f"{words}{'' if to_screen else f' to {arguments.file}'}.{f' {into.limits}.' if into.limits else ''}")
    return 0


def _is_conversation(engine: "Engine", name: str) -> bool:
    try:
        return bool(engine.store.conversations.id_of(name))
    except ByteBotError:
        return False


def _sort_out(arguments: Namespace) -> None:
    """Which of the names is the file, and which are conversations."""
    arguments.ids = arguments.names
    if arguments.file is None:
        if not arguments.names:
            raise BadInput("Export needs a file, such as: chatbot export chats.json")
        arguments.file, *arguments.ids = arguments.names
    if arguments.all and arguments.ids:
        raise BadInput(f"All, or {arguments.ids[0]!r}: give one of them.")


def counted(number: int, what: str) -> str:
    """A number with its noun.

    >>> counted(1, "message"), counted(9412, "message")
    ('1 message', '9,412 messages')
    """
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _format_of(file: str) -> str:
    ending = Path(file).suffix.lower().lstrip(".")
    if ending not in FORMATS:
        raise BadInput(
            f"{file!r} does not say a format. Let the file end in {', '.join(f'.{one}' for one in FORMATS)}, or give "
            "--format. The file comes first, conversations after it: chatbot export one.md 4f2a…"
        )
    return FORMATS[ending]


def _save(path: Path, pieces: Iterable[bytes]) -> None:
    """Beside its place first, and into it in one step: who reads it never finds half a file. Only its owner may read it."""
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb", buffering=1 << 20) as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise BadInput(f"{str(path)!r} cannot be written: {error.strerror or error}.") from None
    finally:
        beside.unlink(missing_ok=True)
