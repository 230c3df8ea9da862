"""The REPL's commands, in one table."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.core.errors import BadInput
from chatbot.engine.choose import read_number

if TYPE_CHECKING:
    from chatbot.terminal.session import Session

# A path, such as /etc/hosts, is none: it goes on with another slash.
_COMMAND = re.compile(r"/([A-Za-z?][\w?-]*)(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """`run` gets the session and what followed the name, without outer white space. `bare`: works without its slash."""

    name: str
    argument: str
    about: str
    run: Callable[["Session", str], None]
    bare: bool = False


def _help(session: "Session", _: str) -> None:
    for command in COMMANDS:
        left = f"/{command.name} {command.argument}".strip()
        session.display.line(f"{left:<20} {command.about}")
    session.display.dim(
        "Enter sends, Alt+Enter breaks the line. Ctrl-C stops a reply and keeps the part; twice leaves."
    )
    session.display.dim(
        "quit, exit and reset work without a slash. To send a line that begins with one: put a space first."
    )


def _connection(session: "Session", name: str) -> None:
    if name:
        session.change(connection=name)
        session.display.line(f"Now on {name}, with {session.model}.")
        return
    for each in session.home.connections():
        mark = "*" if each == session.options.connection else " "
        session.display.line(f"{mark} {each}")


def _model(session: "Session", id: str) -> None:
    if id:
        session.change(model=id)
    session.display.line(f"{'Now ' if id else ''}{session.model} on {session.options.connection}.")


def _models(session: "Session", _: str) -> None:
    for model in session.engine.provider(session.options.connection).models():
        context = f"  {model.context:,} tokens" if model.context else ""
        mark = "*" if model.id == session.options.model else " "
        session.display.line(f"{mark} {model.id}{context}")


def _system(session: "Session", text: str) -> None:
    if text:
        session.change(system="" if text.lower() in ("off", '""', "''") else text)
    session.display.line(session.options.system or "No system prompt is sent.")


def _temperature(session: "Session", number: str) -> None:
    if number:
        session.change(temperature=read_number("temperature", number))
    now = session.options.temperature
    session.display.line("No temperature is sent." if now is None else f"Temperature {now:g}.")
    refused = session.engine.provider(session.options.connection).refusals(session.options.model)
    if now is not None and "temperature" in refused:
        session.display.dim(refused["temperature"])


def _max(session: "Session", number: str) -> None:
    if number:
        session.change(max_output=read_number("max_output", number))
    now = session.options.max_output
    session.display.line("No limit is sent." if now is None else f"At most {now:,} tokens a reply.")


def _unpriced(session: "Session", choice: str) -> None:
    if choice:
        if choice.lower() not in ("on", "off"):
            raise BadInput(f"/unpriced {choice[:40]!r}: it is on or off.")
        session.change(allow_unpriced=choice.lower() == "on")
    asked = (
        "asked although no limit can hold them" if session.options.allow_unpriced else "not asked while a limit is set"
    )
    session.display.line(f"Models without a known price are {asked}.")


def _history(session: "Session", _: str) -> None:
    earlier, shown = session.history()
    if not shown:
        session.display.line("Nothing has been said yet.")
    if earlier:
        session.display.dim(f"{earlier} earlier messages; the browser shows them all.")
    for message in shown:
        session.display.message(message)


def _cost(session: "Session", _: str) -> None:
    from chatbot.terminal.spend import tell

    tell(session)


def _continue(session: "Session", _: str) -> None:
    session.go_on()


def _retry(session: "Session", _: str) -> None:
    session.try_again()


def _stop(session: "Session", _: str) -> None:
    asked = session.stop_elsewhere()
    session.display.line("Asked it to stop; the part is kept." if asked else "Nothing is being written here.")


def _reset(session: "Session", _: str) -> None:
    session.reset()
    session.display.line("A new conversation begins with your next message.")


def _quit(session: "Session", _: str) -> None:
    session.leaving = True


COMMANDS: tuple[Command, ...] = (
    Command("help", "", "this list", _help),
    Command("model", "[ID]", "show or change the model of this chat", _model),
    Command("models", "", "list what the connection offers", _models),
    Command("connection", "[NAME]", "list the connections or change to one", _connection),
    Command("system", "[TEXT|off]", "show or change the system prompt of this chat", _system),
    Command("temperature", "[N|off]", "show or change it: 0 to 2, off leaves it to the server", _temperature),
    Command("max", "[N|off]", "show or change the longest reply, in tokens", _max),
    Command("unpriced", "[on|off]", "ask models without a known price although a limit is set", _unpriced),
    Command("history", "", "show this conversation", _history),
    Command("cost", "", "what this chat, today and this month have cost, and the last reply in detail", _cost),
    Command("continue", "", "go on with a reply that was cut, stopped or limited", _continue),
    Command("retry", "", "ask for the last reply again; the old one is kept", _retry),
    Command("stop", "", "stop a reply that another window is having written", _stop),
    Command("reset", "", "begin a new conversation; the old one is kept", _reset, bare=True),
    Command("quit", "", "leave", _quit, bare=True),
    Command("exit", "", "leave", _quit, bare=True),
)
_BY_NAME = {command.name: command for command in COMMANDS}


def read_command(line: str) -> tuple[Command, str] | None:
    """The command that a line is, with its argument; None for a message. BadInput for a command there is none of.

    >>> command, argument = read_command("/model gpt-6-luna ")
    >>> command.name, argument
    ('model', 'gpt-6-luna')
    >>> read_command("quit")[0].name, read_command(" Quit ")[0].name, read_command("/QUIT")[0].name
    ('quit', 'quit', 'quit')
    >>> read_command("reset the router, please"), read_command("/usr/bin/env is missing"), read_command(" /help")
    (None, None, None)
    >>> read_command("/quit\\nis what I typed there"), read_command("/system Be kind.\\nBe brief.")[1]
    (None, 'Be kind.\\nBe brief.')
    """
    line = line.rstrip()
    bare = _BY_NAME.get(line.strip().lower())
    if bare is not None and bare.bare:
        return bare, ""
    found = _COMMAND.fullmatch(line)
    name, argument = (found[1].lower(), (found[2] or "").strip()) if found else ("", "")
    # Several lines are a message that was pasted, whatever its first line looks like; only a prompt has as many.
    if found is None or ("\n" in line and name != "system"):
        return None
    command = _BY_NAME.get(name)
    if command is None:
        raise BadInput(f"There is no command '/{found[1]}'; /help lists them. A message may begin with a space.")
    if argument and not command.argument:
        raise BadInput(f"/{name} takes nothing after it. A message may begin with a space.")
    return command, argument
