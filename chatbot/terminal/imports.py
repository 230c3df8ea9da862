"""The command `chatbot import`: conversations out of files, with a receipt."""

import contextlib
import json
import sys
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from chatbot.terminal.export import counted
from chatbot.terminal.screen import one_line
from chatbot.terminal.signals import INTERRUPTED
from chatbot.terminal.streams import opened, say

if TYPE_CHECKING:
    from chatbot.engine.imports import Line
    from chatbot.store.store import Store

_A_WHILE = 1.0  # seconds

_WORDS = {
    "added": "imported",
    "there": "already there",
    "back": "already there, taken back out of the trash",
    "passed": "passed by",
}
_TOLD = """\
Files are read to their ends before anything is stored: a damaged one changes nothing. Each conversation is stored whole
or not at all, and one that is there already is left as it is, so importing a file again is safe. Ctrl-C stops; what is
stored stays, and the same command goes on.

exit status: 0 all is there; 1 the history cannot be written; 2 a file cannot be read, and nothing was stored; 130 stopped."""


def add_to(commands: "object") -> None:
    """Its place on the command line; `commands` are argparse's subparsers."""
    from argparse import RawDescriptionHelpFormatter

    parser: ArgumentParser = commands.add_parser(  # type: ignore[attr-defined]
        "import",
        help="read conversations from files",
        description="Add the conversations of files: exports of ByteBot, ChatGPT, Open WebUI, LibreChat or Claude as they "
        "came, the logs.db of llm, or Markdown that ByteBot wrote.",
        epilog=_TOLD,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--preview", action="store_true", help="say what would happen, and store nothing")
    parser.add_argument("--json", action="store_true", help="for programs: a line of JSON for each conversation")


def import_(arguments: Namespace) -> int:
    """Print a line for every conversation, and the sum last."""
    from chatbot.engine.imports import import_files, look
    from chatbot.home.home import Home
    from chatbot.store.store import Store

    home = Home.open()
    with contextlib.ExitStack() as stack:
        files = [(name, stack.enter_context(opened(name))) for name in arguments.files]
        store = Store.open(home.database_url)
        stack.callback(store.close)
        looked = look(store, files)
        show = _print_json if arguments.json else _print
        if arguments.preview:
            for line in looked.lines:
                show(line, "would be imported" if line.how == "added" else _WORDS[line.how])
            would = f"{counted(looked.count('added'), 'conversation')} would be imported. Nothing was stored."
            say(f"{_whose(looked.lines)} {would}".strip())
            return 0
        done: list[Line] = []
        try:
            for line in import_files(store, files, home.default_options()):
                done.append(line)
                show(line, _WORDS[line.how])
        except KeyboardInterrupt:
            say(f"Stopped after {len(done):,} of {looked.chats:,}. What is stored stays; import again to go on.")
            return INTERRUPTED
        say(_sum(done))
        _index(store)
    return 0


def _index(store: "Store") -> None:
    """Everything is stored; searching finds it when it is indexed, too."""
    began = time.monotonic()
    told = False
    try:
        while store.search.catch_up():
            if not told and time.monotonic() - began > _A_WHILE:
                say("Indexing it for the search … (Ctrl-C leaves that to the next start)")
                told = True
    except KeyboardInterrupt:
        say("The rest is indexed when ByteBot starts.")


def add_verify_to(commands: "object") -> None:
    """The place of `chatbot verify`."""
    parser: ArgumentParser = commands.add_parser(  # type: ignore[attr-defined]
        "verify",
        help="prove that an export is whole",
        description="Import an export into a store in memory and compare what comes out of it with the hashes in the file. "
        "Nothing of yours is touched. The exit status is 0 when all is identical, 1 when not, 2 when it cannot be read.",
    )
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="for programs")


def verify_(arguments: Namespace) -> int:
    """Print what is wrong, and the sum last."""
    from chatbot.engine.verify import verify

    with opened(arguments.file) as file:
        found = verify(file, arguments.file)
    if arguments.json:
        told = {"conversations": found.conversations, "messages": found.messages, "wrong": list(found.wrong)}
        print(json.dumps({**told, "identical": not found.wrong}, ensure_ascii=False))
        return 1 if found.wrong else 0
    for sentence in found.wrong:
        print(one_line(sentence))
    words = f"{counted(found.conversations, 'conversation')}, {counted(found.messages, 'message')}"
    print(f"{words}, {'NOT identical' if found.wrong else 'identical'}")
    return 1 if found.wrong else 0


def _print(line: "Line", what: str) -> None:
    if line.how == "passed":  # a file: the end of its path tells more than the beginning
        print(f"{one_line(line.title, 400)}: {what}: {one_line('; '.join(line.notes))}")
        return
    title = one_line(line.title, 60) or "(no title)"
    print(f"{title}: {counted(line.messages, 'message')}, {what}")
    for note in line.notes:
        print(f"    {one_line(note)}")
    sys.stdout.flush()


def _print_json(line: "Line", what: str) -> None:
    told = {"title": line.title, "messages": line.messages, "what": what, "from": line.app, "id": line.id}
    print(json.dumps({**told, "notes": list(line.notes)}, ensure_ascii=False), flush=True)


def _whose(lines: "Iterable[Line]") -> str:
    """Whose files they are: "Claude: 3 conversations."."""
    found = Counter(line.app for line in lines if line.how != "passed")
    return " ".join(f"{app}: {counted(count, 'conversation')}." for app, count in found.items())


def _sum(done: "list[Line]") -> str:
    new = [line for line in done if line.how == "added"]
    words = f"Imported {counted(len(new), 'conversation')} with {counted(sum(one.messages for one in new), 'message')}"
    there, back = (sum(line.how == how for line in done) for how in ("there", "back"))
    words += f"; {there:,} {'was' if there == 1 else 'were'} already there" if there else ""
    return f"{words}; {back:,} taken back out of the trash." if back else f"{words}."
