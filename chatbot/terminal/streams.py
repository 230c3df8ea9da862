"""Standard input, output and error, as they really are: closed, piped, full, or in an encoding that lacks letters."""

import contextlib
import io
import logging
import os
import sys
from typing import TYPE_CHECKING, BinaryIO, TextIO

from chatbot.core.errors import BadInput
from chatbot.core.text import LONGEST_MESSAGE
from chatbot.terminal.screen import visible

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Unwritten(OSError):
    """Standard output did not take what was printed, for another reason than that its reader left."""


class _Out(io.FileIO):
    """Standard output whose failures are told from those of any other file."""

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Unwritten(error.errno, error.strerror) from None


def prepare() -> None:
    """Let no closed stream and no letter that an encoding lacks end the program, and no log line get between words."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # Else the next file that is opened, perhaps the database, would get what is printed.
            os.open(os.devnull, os.O_RDWR)
    # Where a stream was closed, Python has None; `print(file=None)` would write errors into the output.
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    _guard_output()
    logging.getLogger("chatbot").addHandler(logging.NullHandler())
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _guard_output() -> None:
    out = sys.stdout
    if type(out) is not io.TextIOWrapper:
        return  # whoever put another one there keeps it
    buffer: object = out.buffer  # with PYTHONUNBUFFERED it is the file itself
    buffered = type(buffer) is io.BufferedWriter
    if type(buffer.raw if isinstance(buffer, io.BufferedWriter) else buffer) is not io.FileIO:
        return  # the console of Windows
    # A descriptor of its own: whatever still waits here at the end must never go to a file that got the old one's number.
    raw = _Out(os.dup(out.fileno()), "wb")
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(raw) if buffered else raw,
        encoding=out.encoding,
        line_buffering=out.line_buffering,
        write_through=out.write_through,
    )


def is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def say(sentence: str) -> None:
    """A sentence on standard error, whatever is in it; nothing happens when nobody can read it."""
    try:
        print(visible(sentence), file=sys.stderr, flush=True)
    except OSError:
        silence(sys.stderr)
    except ValueError:  # closed
        pass


def read_pipe() -> str:
    """What was piped in, "" when standard input is a terminal or closed. Bytes that are no UTF-8 are repaired."""
    if sys.stdin is None or is_terminal(sys.stdin):
        return ""
    most = LONGEST_MESSAGE * 4  # bytes of a letter at most
    read = sys.stdin.buffer.read(most + 1)
    if len(read) > most:
        raise BadInput(f"More than {LONGEST_MESSAGE:,} characters were piped in. Send them in parts.")
    return read.decode("utf-8-sig", errors="replace")


def finish() -> None:
    """Write out what waits in both streams: left to the end of the interpreter, what goes wrong there would be a traceback.

    OSError where standard output fails.
    """
    try:
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)
    sys.stdout.flush()


def silence(stream: TextIO | None) -> None:
    """Let the rest go nowhere: nobody reads it, and the interpreter's own flush at the end must not fail on it."""
    if stream is None:
        return
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def opened(name: str) -> BinaryIO:
    """The file; BadInput when it cannot be read, or not twice."""
    try:
        file = open(name, "rb")  # noqa: SIM115 - the caller's to close
    except (OSError, ValueError) as error:
        reason = (error.strerror or "cannot be read") if isinstance(error, OSError) else "is no file's name"
        raise BadInput(f"{name!r} cannot be read: {reason}.") from None
    if not file.seekable():
        file.close()
        raise BadInput(f"{name!r} can be read only once. Save it as a file first.")
    return file
