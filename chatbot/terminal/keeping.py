"""The commands `chatbot backup`, `restore` and `doctor`: copies of everything, and whether all is well."""

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from chatbot.core.errors import BadInput, StoreError
from chatbot.terminal.export import counted
from chatbot.terminal.screen import one_line
from chatbot.terminal.streams import say

if TYPE_CHECKING:
    from chatbot.engine.backups import Backup, Backups
    from chatbot.engine.doctor import Report
    from chatbot.engine.engine import Engine
    from chatbot.home.home import Home

COMMANDS = ("backup", "restore", "doctor")
_BACKUP = """\
While the page is open, a backup is made each day by itself; seven days and four weeks of them are kept in the folder
`backups` of the data folder. A file named with -o is yours: nothing removes it. Each is read again before it gets its
name. On PostgreSQL it is a zip of all conversations and their bills, as `chatbot export` writes it; pg_dump has the rest.

exit status: 0 it is made; 1 it could not be; 2 wrong usage."""
_RESTORE = """\
FILE is a backup (.db), or a zip or JSON file that `chatbot backup` or `chatbot export` wrote. What it holds becomes a new
history beside yours: nothing is written over, and yours stays in use until you say otherwise. How, is printed. A form
that keeps less, such as ChatGPT's, comes back as it is: without bills, stars and replies that failed.

exit status: 0 it is restored; 1 FILE is damaged, or the new one could not be written; 2 wrong usage."""
_DOCTOR = """\
Looked at are the database (SQLite's own check, and what its rows say of each other), the search index, the bills' sums,
every conversation (read, hashed, put into a second database and compared), what had ended when the newest backup was made
(compared with it), the disk and the backups. Nothing is changed without --repair.

--repair makes a backup first, then puts right what can be put right without losing a word, and says what it did.

exit status: 0 all is well; 1 there are problems, or there still are after --repair."""
_MARKS = {"fine": "ok", "note": "--", "problem": "!!"}


def add_to(commands: "object") -> None:
    """Their places on the command line; `commands` are argparse's subparsers."""
    parser = _added(commands, "backup", "make a backup of everything", _BACKUP)
    parser.description = "Make a backup now, in the data folder or where -o says."
    parser.add_argument("-o", dest="out", metavar="FILE", help="another place; it must not be there yet. .zip: a zip")
    parser.add_argument("--list", action="store_true", help="list the backups there are")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser = _added(commands, "restore", "make a new history of a backup", _RESTORE)
    parser.description = "Make a backup a history again, in a new file beside the one in use."
    parser.add_argument("file", metavar="FILE")
    parser.add_argument("--to", metavar="NEW", help="the new file; otherwise one in the data folder")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser = _added(commands, "doctor", "check that all is well", _DOCTOR)
    parser.description = "Check the history, the disk and the backups."
    parser.add_argument("--repair", action="store_true", help="put right what can be, after a backup")
    parser.add_argument("--json", action="store_true", help="for programs")


def _added(commands: "object", name: str, help: str, epilog: str) -> ArgumentParser:
    from argparse import RawDescriptionHelpFormatter

    made: ArgumentParser = commands.add_parser(  # type: ignore[attr-defined]
        name, help=help, epilog=epilog, formatter_class=RawDescriptionHelpFormatter
    )
    return made


def keep(arguments: Namespace) -> int:
    """Do what was asked; gives the exit status."""
    acts = {"backup": _backup, "restore": _restore, "doctor": _doctor}
    return acts[arguments.command](arguments)


def _backup(arguments: Namespace) -> int:
    from chatbot.engine.backups import Backups, size
    from chatbot.engine.open import read_with
    from chatbot.home.home import Home

    if arguments.list and arguments.out:
        raise BadInput("--list lists what is in the data folder. Leave -o away.")
    home = Home.open()
    with read_with(home) as engine:
        backups = Backups.of(home, engine.store)
        if arguments.list:
            found = backups.all()
            if arguments.json:
                _print_json([_fields(one) for one in found])
            else:
                for one in found:
                    print(f"{one.made:%Y-%m-%d %H:%M}  {size(one.bytes):>9}  {one.why:<16}  {one_line(str(one.path))}")
            if not found:
                say("There is no backup yet. Make one with: chatbot backup")
            return 0
        if arguments.out:
            path = Path(arguments.out).absolute()
            backups.write(path)
        else:
            path = backups.make().path
    bytes = path.stat().st_size
    if arguments.json:
        _print_json({"path": str(path), "bytes": bytes})
    else:
        print(one_line(str(path), 4_000))
        say(f"Backed up, {size(bytes)}, and read again to its end.")
    return 0


def _restore(arguments: Namespace) -> int:
    from chatbot.engine.restore import new_place, restore
    from chatbot.home.home import Home

    home = Home.open()
    to = Path(arguments.to) if arguments.to else new_place(home)
    made = restore(Path(arguments.file), to, home.default_options())
    if arguments.json:
        counts = {"conversations": made.conversations, "messages": made.messages, "notes": list(made.notes)}
        _print_json({"path": str(made.path), "database_url": made.url, **counts})
        return 0
    print(one_line(str(made.path), 4_000))
    for note in made.notes:
        say(f"    {one_line(note)}")
    held = f"{counted(made.conversations, 'conversation')} with {counted(made.messages, 'message')}"
    say(f"Restored {held}. Your history is as it was.")
    say(f"To look at it:   BYTEBOT_DATABASE_URL={_quoted(made.url)} chatbot list")
    say(f"To use it from now on, in settings.toml under [storage]:   database_url = {json.dumps(made.url)}")
    fixed = home.value("storage", "database_url").variable
    if fixed:
        say(f"{fixed} is set and goes before settings.toml: change it there.")
    return 0


def _doctor(arguments: Namespace) -> int:
    from chatbot.engine.backups import FOLDER
    from chatbot.engine.doctor import examine, repair, unopened
    from chatbot.home.home import Home

    done: tuple[str, ...] = ()
    backup: Backup | None = None
    try:
        with _opened() as (home, engine, backups):
            report = examine(engine.store, backups, settings=home.problems())
            if arguments.repair:
                repaired = repair(engine.store, backups, report, engine.price)
                done, backup, report = repaired.done, repaired.backup, repaired.report
    except StoreError as error:
        folder = Home.open().folders.data / FOLDER
        report = unopened(error, [one for one in folder.iterdir() if one.suffix == ".db"] if folder.is_dir() else [])
    if arguments.json:
        points = [
            {"about": one.about, "state": one.state, "sentence": one.sentence, "can_be_repaired": bool(one.mend)}
            for one in report.points
        ]
        kept = str(backup.path) if backup else None
        _print_json({"fine": not report.problems, "points": points, "repaired": list(done), "backup": kept})
    else:
        _print_report(report, done, backup, repairing=arguments.repair)
    return 1 if report.problems else 0


def _print_report(report: "Report", done: tuple[str, ...], backup: "Backup | None", *, repairing: bool) -> None:
    for sentence in done:
        print(f"done  {one_line(sentence, 500)}")
    for point in report.points:
        print(f"{_MARKS[point.state]:<4}  {one_line(point.sentence, 500)}")
    sys.stdout.flush()
    if backup:
        say(f"Before anything was changed, a backup was made: {backup.path}")
    elif repairing:
        say("There was nothing to repair.")
    if report.problems:
        how = " Put right what can be with: chatbot doctor --repair" if report.mends and not repairing else ""
        say(f"{len(report.problems)} problem{'' if len(report.problems) == 1 else 's'}.{how}")
    else:
        say("All is well.")


@contextmanager
def _opened() -> "Iterator[tuple[Home, Engine, Backups]]":
    from chatbot.engine.backups import Backups
    from chatbot.engine.open import open_engine
    from chatbot.home.home import Home

    home = Home.open()
    engine = open_engine(home, titles=False)
    try:
        engine.recover()  # what a killed process left behind has its end first
        yield home, engine, Backups.of(home, engine.store)
    finally:
        engine.close()


def _fields(backup: "Backup") -> dict[str, object]:
    return {"path": str(backup.path), "made": backup.made.isoformat(), "bytes": backup.bytes, "why": backup.why}


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def _quoted(text: str) -> str:
    import shlex

    return shlex.quote(text)
