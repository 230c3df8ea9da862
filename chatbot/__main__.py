"""The command `chatbot`, the same as `python -m chatbot`."""

import argparse
import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from chatbot import __version__
from chatbot.core.errors import BadInput, ByteBotError, NoConnection, NotFound
from chatbot.terminal import budget, export, find, imports, keeping, stats
from chatbot.terminal.signals import INTERRUPTED, READER_LEFT, Terminated, ending_politely
from chatbot.terminal.streams import Unwritten, finish, prepare, say, silence
from chatbot.terminal.way_out import told

USAGE = 2
_SHORT = ("ask", "export")
BILLED_BY = ("day", "model", "conversation", "prompt", "purpose", "connection")
_EXIT = """\
exit status of ask: 0 a whole reply was stored; 1 it is partial or failed, or a limit, a setting or the history kept it
from being asked, and a sentence on standard error says how to go on; 2 wrong usage, or no such connection or conversation:
nothing was sent; 130 stopped by Ctrl-C, the part is kept; 141 standard output was closed (as by `| head -1`): the reply
is stopped, the part is kept; 143 asked to end (SIGTERM), the part is kept.

On a terminal, control characters in a reply are made visible; in a pipe or a file it is as the model sent it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run it, with the process's own arguments by default; gives the exit status."""
    prepare()
    try:
        status = _status(argv)
        finish()
        return status
    except BrokenPipeError:
        silence(sys.stdout)
        return READER_LEFT
    except Unwritten as error:
        silence(sys.stdout)
        say(f"chatbot: The output could not be written: {error.strerror}.")
        return 1


def _status(argv: Sequence[str] | None) -> int:
    arguments = None
    try:
        arguments = _read(argv)
        with ending_politely():
            if argv is None and arguments.command in _SHORT:
                with _short_life():
                    return _run(arguments)
            return _run(arguments)
    except SystemExit as leaving:  # argparse has said why
        return leaving.code if isinstance(leaving.code, int) else USAGE
    except KeyboardInterrupt:
        say("")
        return INTERRUPTED
    except Terminated as ended:
        return ended.status
    except ByteBotError as error:
        say(f"chatbot: {told(error, asking=arguments is None or arguments.command in (None, 'ask'))}")
        return USAGE if isinstance(error, BadInput | NoConnection | NotFound) else 1


@contextmanager
def _short_life() -> Iterator[None]:
    """No search for garbage in a process that ends soon: there is none in what was imported, nor in what an export reads.
    It takes a quarter of a one shot's time, half of that when the interpreter ends, and a sixth of an export's.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()


def _run(arguments: argparse.Namespace) -> int:
    # Each face is imported only when it is wanted: `--help` and one shots are to be quick.
    if arguments.command == "serve":
        from chatbot.terminal.serve import serve

        return serve(arguments.port)
    if arguments.command == "cost":
        from chatbot.terminal.cost import cost

        elsewhere = (arguments.what_if, arguments.connection) if arguments.what_if else None
        return cost(arguments.by, arguments.since, elsewhere, as_json=arguments.json)
    if arguments.command == "budget":
        return budget.budget(arguments)
    if arguments.command == "stats":
        return stats.stats(arguments)
    if arguments.command == "export":
        return export.export(arguments)
    if arguments.command == "import":
        return imports.import_(arguments)
    if arguments.command == "verify":
        return imports.verify_(arguments)
    if arguments.command in keeping.COMMANDS:
        return keeping.keep(arguments)
    if arguments.command in find.COMMANDS:
        return find.find(arguments)
    if arguments.command == "reconcile":
        from chatbot.terminal.reconcile import reconcile

        days = (arguments.since, arguments.until)
        return reconcile(arguments.files, arguments.of, *days, admin=arguments.admin, as_json=arguments.json)
    from chatbot.terminal.opening import Chosen

    chosen = Chosen(
        latest=arguments.latest,
        conversation=arguments.conversation,
        connection=arguments.connection,
        model=arguments.model,
        system=arguments.system,
        temperature=arguments.temperature,
        max_output=arguments.max_output,
        temporary=arguments.temporary,
        allow_unpriced=arguments.allow_unpriced or None,
    )
    if arguments.command == "ask":
        from chatbot.terminal.ask import ask

        return ask(chosen, arguments.words)
    from chatbot.terminal.repl import repl

    return repl(chosen)


class _Parser(argparse.ArgumentParser):
    def _check_value(self, action: argparse.Action, value: object) -> None:
        # argparse would speak of an invalid choice for an argument without a name.
        if action.dest == "command" and action.choices is not None and value not in action.choices:
            raise BadInput(f"There is no command {value!r}. There are: {', '.join(map(str, action.choices))}.")
        super()._check_value(action, value)


def _read(argv: Sequence[str] | None) -> argparse.Namespace:
    parser, commands = _parsers()
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        # argparse would show the options of `chatbot` itself, whatever the command was.
        commands.get(arguments.command, parser).error(f"unrecognized arguments: {' '.join(unknown)}")
    return arguments


def _parsers() -> tuple[argparse.ArgumentParser, Mapping[str, argparse.ArgumentParser]]:
    """The whole command, and each of its commands by name."""
    parser = _Parser(
        prog="chatbot",
        description="A chat app that you own. Without a command: a conversation in this terminal.",
    )
    parser.add_argument("--version", action="version", version=f"chatbot {__version__}")
    _add_choices(parser)
    commands = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")
    one_shot = commands.add_parser(
        "ask",
        help="ask once and print the reply",
        description="Ask once and print the reply as it comes. What is piped in is joined to the words by a blank line. "
        "With --continue or --conversation and no words, a reply that is not whole is continued or tried again.",
        epilog=_EXIT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    # What was given before `ask` holds too: without SUPPRESS its own defaults would take it back.
    _add_choices(one_shot, default=argparse.SUPPRESS)
    one_shot.add_argument("words", nargs="*", metavar="WORDS", help="what to ask")
    cost = commands.add_parser(
        "cost", help="show what was spent", description="What was spent, as the page shows it. Days are this machine's."
    )
    cost.add_argument("--by", choices=BILLED_BY, default="day", help="(%(default)s)")
    cost.add_argument("--since", metavar="DAY", help="from this day on, such as 2026-11-01")
    cost.add_argument("--what-if", metavar="MODEL", help="what the same usage would cost on this model today")
    cost.add_argument(
        "--connection",
        metavar="NAME",
        default=argparse.SUPPRESS,
        help="whose model that is: a connection of yours, or a vendor such as openai, which needs no key for this; your "
        "default one otherwise",
    )
    cost.add_argument("--json", action="store_true", help="for programs; dollars as text, in full")
    budget.add_to(commands)
    find.add_to(commands)
    _add_reconcile(commands.add_parser("reconcile", help="compare a provider's bill with what is here"))
    stats.add_to(commands)
    export.add_to(commands)
    imports.add_to(commands)
    imports.add_verify_to(commands)
    keeping.add_to(commands)
    serve = commands.add_parser("serve", help="serve the chat page in a browser")
    serve.add_argument("--port", type=_port, default=8501, help="where, on 127.0.0.1 (%(default)s)")
    return parser, commands.choices


def _add_reconcile(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "A provider's bill beside the ledger, by day and model, with the likely cause of each difference. Days are in "
        "UTC, as providers bill. The exit status is 0 whether they differ or not, 1 when the provider or the history "
        "does not answer, 2 when the file cannot be read or compared."
    )
    parser.add_argument("files", nargs="*", metavar="FILE", help="a cost or usage export (CSV); both together are best")
    parser.add_argument(
        "--admin", action="store_true", help="ask OpenAI instead; the key is OPENAI_ADMIN_KEY or piped in"
    )
    parser.add_argument("--since", metavar="DAY", help="with --admin: from this day on (the first of the month)")
    parser.add_argument("--until", metavar="DAY", help="with --admin: to this day (today)")
    # A destination of its own: the option of the same name before the command is another.
    parser.add_argument("--connection", dest="of", metavar="NAME", help="the connection that the bill is of")
    parser.add_argument("--json", action="store_true", help="for programs; dollars as text, in full")


def _port(text: str) -> int:
    if text.isdecimal() and 1 <= int(text) <= 65_535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text[:20]!r} is no port; it must be a number from 1 to 65535")


def _add_choices(parser: argparse.ArgumentParser, default: str | None = None) -> None:
    def add(name: str, metavar: str, help: str) -> None:
        parser.add_argument(name, metavar=metavar, default=default, help=help)

    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--continue",
        dest="latest",
        action="store_true",
        default=default or False,
        help="go on with the newest conversation, wherever it was held",
    )
    which.add_argument("--conversation", metavar="ID", default=default, help="go on with this one")
    add("--connection", "NAME", "the connection to use")
    add("--model", "ID", "the model to ask")
    add("--system", "TEXT", 'the system prompt; "" sends none')
    add("--temperature", "N", 'from 0 to 2, or "off"')
    add("--max-output", "N", 'the longest reply in tokens, or "off"')
    parser.add_argument(
        "--allow-unpriced",
        action="store_true",
        default=default or False,
        help="ask also where no price is known and a limit is set",
    )
    parser.add_argument("--temporary", action="store_true", default=default or False, help="keep no words of this chat")


if __name__ == "__main__":
    sys.exit(main())
