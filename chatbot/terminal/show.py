"""The command `chatbot show`: a conversation read to its end, what was cut and why included."""

import sys
from argparse import Namespace
from collections.abc import Collection
from typing import TYPE_CHECKING

from chatbot.core.endings import CLOSED, NOT_BEGUN
from chatbot.core.errors import BadInput
from chatbot.terminal.display import ended
from chatbot.terminal.find import NAMES, local, print_json
from chatbot.terminal.screen import one_line, visible

if TYPE_CHECKING:
    from chatbot.engine.engine import Engine
    from chatbot.engine.view import Shown

_ALL = sys.maxsize


def show(arguments: Namespace) -> int:
    """Print the open branch, or the one that holds a message."""
    from chatbot.engine.open import read_with
    from chatbot.home.home import Home

    with read_with(Home.open()) as engine:
        id = engine.store.conversations.id_of(arguments.id)
        tree = engine.store.conversations.tree(id)
        if arguments.message is not None and arguments.message not in tree.by_id:
            raise BadInput(f"There is no message {arguments.message} in conversation {arguments.id!r}.")
        head = None if arguments.message is None else tree.newest_below(arguments.message)
        view = engine.view(id, head, last=_ALL)
        left = engine.store.turns.left_behind(engine.process)  # where nothing can be written, they could not be ended
        messages = [(shown, _text(engine, shown), _ended(shown, left)) for shown in view.shown]
    if arguments.json:
        found = [_fields(shown, text, how) for shown, text, how in messages]
        print_json({"id": id, "title": view.conversation.title, "messages": found})
        return 0
    out = [f"# {one_line(view.conversation.title, 200) or '(no title)'}\n"]
    out += [_lines(shown, text, how, safe=sys.stdout.isatty()) for shown, text, how in messages]
    sys.stdout.write("".join(out))
    return 0


def _text(engine: "Engine", shown: "Shown") -> str:
    """Of a reply that another process is writing, what there is of it so far."""
    return shown.text + (engine.store.turns.drafted(shown.row.id)[0] if shown.live else "")


def _ended(shown: "Shown", left: Collection[int]) -> str | None:
    if shown.row.id not in left:
        return ended(shown)
    return NOT_BEGUN if shown.state == "waiting" else CLOSED


def _lines(shown: "Shown", text: str, how: str | None, *, safe: bool) -> str:
    parts = [text.strip("\n") if text.strip() else "", f"({how})" if how else ""]
    words = "\n\n".join(filter(None, parts)) or "(no words)"
    return f"\n{NAMES.get(shown.role, shown.role)}  {local(shown.first.created)}\n{visible(words) if safe else words}\n"


def _fields(shown: "Shown", text: str, how: str | None) -> dict[str, object]:
    return {
        "id": shown.id,
        "role": shown.role,
        "state": shown.state,
        "ended": how,
        "text": text,
        "created": shown.first.created.isoformat(),
        "model": shown.row.model_answered or shown.row.model_asked,
    }
