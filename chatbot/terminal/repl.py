"""A conversation in a terminal: read a line, do what it says, until there are no more."""

import io
import sys
import threading

from chatbot.core.errors import ByteBotError
from chatbot.terminal.commands import read_command
from chatbot.terminal.display import Coloured, Display, Plain
from chatbot.terminal.opening import Chosen, about_the_model, daily, opened
from chatbot.terminal.prompt import Read, piped, typed
from chatbot.terminal.screen import one_line
from chatbot.terminal.session import Leave, Session
from chatbot.terminal.signals import INTERRUPTED
from chatbot.terminal.streams import is_terminal
from chatbot.terminal.way_out import told


def repl(chosen: Chosen) -> int:
    """Talk until the end of input, `quit`, or Ctrl-C twice; gives the exit status.

    Where input is no terminal, each line is a message, and the status is 1 when the last reply was not whole or the last
    line was refused.
    """
    interactive = is_terminal(sys.stdin) and is_terminal(sys.stdout)
    display: Display = Coloured() if is_terminal(sys.stdout) else Plain()
    if not interactive and isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    # The SDK loads while the person types.
    threading.Thread(target=_warm, name="warm-up", daemon=True).start()
    with opened(chosen, titles=True) as house:
        house.engine.watch(daily(house))
        session = Session(house, display)
        _greet(session, about_the_model(house))
        read = typed(session.said_before) if interactive else piped
        if not _talk(session, read):
            return INTERRUPTED
    return 0 if interactive or session.whole else 1


def _warm() -> None:
    import chatbot.providers.chat_completions  # noqa: F401


def _greet(session: Session, about: str | None) -> None:
    session.display.dim(f"ByteBot · {session.model} on {session.options.connection} · /help lists the commands")
    if about:
        session.display.dim(about)
    if session.conversation is None:
        return
    session.display.dim(one_line(session.engine.store.conversations.get(session.conversation).title))
    _, shown = session.history()
    for message in shown[-2:]:
        if not message.live:
            session.display.message(message)
    session.attach()


def _talk(session: Session, read: Read) -> bool:
    """True when the person left by a word, false by Ctrl-C."""
    back, warned = "", False
    while not session.leaving:
        try:
            line = read(back)
        except EOFError:
            return True
        except KeyboardInterrupt:
            if warned:
                return False
            session.display.dim("Ctrl-C again leaves.")
            warned = True
            continue
        back, warned = "", False
        try:
            _obey(session, line)
        except Leave:
            return False
        except KeyboardInterrupt:
            session.display.dim("Interrupted.")
        except ByteBotError as error:
            session.display.tell(told(error, asking=True))
            session.whole = False
            # Nothing was done with it. A message stays where it can be mended and sent again; a command is an arrow-up away,
            # and what is typed next would join on to it.
            back = "" if line.startswith("/") else line
    return True


def _obey(session: Session, line: str) -> None:
    command = read_command(line)
    if command is not None:
        command[0].run(session, command[1])
    elif line.strip():
        session.say(line)
