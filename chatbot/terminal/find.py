"""The commands `chatbot search`, `list` and `show`: what was said, found, listed and read."""

import json
import math
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from chatbot.core.bill import in_full
from chatbot.core.errors import BadInput, StoreFull, StoreReadOnly
from chatbot.terminal.screen import one_line
from chatbot.terminal.streams import say

if TYPE_CHECKING:
    from datetime import datetime

    from chatbot.store.store import Store
    from chatbot.store.values import HistoryLine, Hit

COMMANDS = ("search", "list", "show")
NAMES = {"user": "You", "assistant": "ByteBot"}
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def add_to(commands: "object") -> None:
    """Their places on the command line; `commands` are argparse's subparsers."""
    parser: ArgumentParser = commands.add_parser(  # type: ignore[attr-defined]
        "search",
        help="find what was said",
        description="Where it was said: whole words first, the best on top, then parts of words. Words are found by "
        "their beginning; several in quotes as a phrase. The exit status is 1 when nothing is found.",
    )
    parser.add_argument("words", nargs="+", metavar="TEXT", help="what to find; all of it has to stand there")
    parser.add_argument("--role", choices=("user", "assistant"), help="who said it")
    parser.add_argument("--model", dest="by", metavar="ID", help="replies of this model")
    parser.add_argument("--since", metavar="DAY", help="from this day on, such as 2026-11-01")
    parser.add_argument("--until", metavar="DAY", help="to this day, that day too")
    parser.add_argument("--code", action="store_true", help="messages with code in them")
    parser.add_argument("--cost-over", type=_dollars, metavar="$", help="replies that cost more, such as 0.05")
    _add_narrowing(parser)
    parser.add_argument("--limit", type=_count, default=30, metavar="N", help="at most so many (%(default)s)")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser = commands.add_parser("list", help="list the conversations")  # type: ignore[attr-defined]
    parser.description = "The conversations, pinned ones first, then the last used: id, when, title, tags."
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--archived", dest="shelf", action="store_const", const="archived", help="those in the archive")
    where.add_argument("--trash", dest="shelf", action="store_const", const="trash", help="those that were deleted")
    parser.add_argument("--model", dest="by", metavar="ID", help="this model answered in them")
    parser.add_argument("--since", metavar="DAY", help="last used from this day on, such as 2026-11-01")
    parser.add_argument("--until", metavar="DAY", help="last used to this day, that day too")
    parser.add_argument("--cost-over", type=_dollars, metavar="$", help="they cost more, such as 0.50")
    _add_narrowing(parser)
    parser.add_argument("--limit", type=_count, default=30, metavar="N", help="at most so many (%(default)s)")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser = commands.add_parser("show", help="print a conversation")  # type: ignore[attr-defined]
    parser.description = "A conversation from its beginning, on the branch it stands on; --message says on which other."
    parser.add_argument(
        "id", metavar="ID", help="the conversation, as `chatbot list` or `search` names it; the beginning is enough"
    )
    parser.add_argument("--message", type=int, metavar="N", help="the branch that holds this message")
    parser.add_argument("--json", action="store_true", help="for programs")


def _add_narrowing(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--tag", action="append", default=[], metavar="NAME", help="with this tag; more of them: with all"
    )
    parser.add_argument("--starred", action="store_true", help="with a star")
    parser.add_argument("--begun-in", metavar="WHERE", help="browser, terminal, script, chatgpt")


def find(arguments: Namespace) -> int:
    """Print what was asked for; 1 when a search finds nothing."""
    if arguments.command == "show":
        from chatbot.terminal.show import show

        return show(arguments)
    return _search(arguments) if arguments.command == "search" else _list(arguments)


def _search(arguments: Namespace) -> int:
    from chatbot.home.styles import wants_styles
    from chatbot.store.values import Filters

    # A shell takes the quotes of a phrase away: what it gave as one argument with spaces is one.
    alone = len(arguments.words) == 1
    typed = " ".join(
        f'"{word}"' if " " in word.strip() and not alone and '"' not in word else word for word in arguments.words
    )
    if not typed.strip():
        raise BadInput("There are no words to search for. `chatbot list` shows every conversation.")
    with opened_store() as store:
        filters = Filters(role=arguments.role, has_code=arguments.code, **_narrowed(arguments, store))
        if not store.search.whole:
            say("Indexing the history once, so that all of it is found …")
            try:
                while store.search.catch_up():
                    pass
            except (StoreFull, StoreReadOnly) as error:
                say(f"{error} What is indexed already is searched.")
        hits = store.search.find(typed, filters, limit=arguments.limit)
    if arguments.json:
        print_json([_hit_fields(hit) for hit in hits])
    elif hits:
        sys.stdout.write("".join(_hit_lines(hits, bold=sys.stdout.isatty() and wants_styles())))
    else:
        say(f"Nothing was found for {one_line(typed, 60)!r}.")
    return 0 if hits else 1


def _narrowed(arguments: Namespace, store: "Store") -> dict[str, Any]:
    """What `search` and `list` are both narrowed by."""
    from datetime import timedelta

    from chatbot.terminal.cost import read_day

    known = {tag.name.casefold(): tag.id for tag in store.tags.all()} if arguments.tag else {}
    for name in arguments.tag:
        if name.casefold() not in known:
            there = f"There are: {', '.join(known)}" if known else "Tags are given on the History page"
            raise BadInput(f"There is no tag {name!r}. {there}.")
    return {
        "model": arguments.by,
        "since": read_day(arguments.since) if arguments.since else None,
        "until": read_day(arguments.until) + timedelta(days=1) if arguments.until else None,
        "tags": tuple(known[name.casefold()] for name in arguments.tag),
        "begun_in": arguments.begun_in,
        "starred": arguments.starred,
        "cost_over": arguments.cost_over,
    }


def _hit_lines(hits: "list[Hit]", *, bold: bool) -> Iterator[str]:
    on, off = (_BOLD, _PLAIN) if bold else ("", "")
    before = None
    for hit in hits:
        if hit.conversation != before:
            yield ("" if before is None else "\n") + f"{hit.conversation}  {one_line(hit.title, 80) or '(no title)'}\n"
        before = hit.conversation
        words = "".join(f"{on}{_line(part.text)}{off}" if part.found else _line(part.text) for part in hit.snippet)
        if hit.where in ("tag", "prompt"):
            yield f"          {'system prompt' if hit.where == 'prompt' else 'tag'}: {words.strip()}\n"
        if hit.message is not None:
            yield f"  {hit.message:>6}  {local(hit.when)}  {NAMES.get(hit.role or '', '')}: {words.strip()}\n"


def _line(text: str) -> str:
    """A piece of a line, with the spaces at its ends."""
    inside = one_line(text)
    return f"{' ' if text[:1].isspace() else ''}{inside}{' ' if inside and text[-1:].isspace() else ''}"


def _hit_fields(hit: "Hit") -> dict[str, object]:
    return {
        "conversation": hit.conversation,
        "title": hit.title,
        "where": hit.where,
        "message": hit.message,
        "role": hit.role,
        "when": hit.when.isoformat(),
        "snippet": [{"text": part.text, "found": part.found} for part in hit.snippet],
    }


def _list(arguments: Namespace) -> int:
    from chatbot.store.values import Wanted

    with opened_store() as store:
        wanted = Wanted(shelf=arguments.shelf or "listed", **_narrowed(arguments, store))
        lines = store.history.lines(wanted, limit=arguments.limit)
        tags = store.tags.of([line.id for line in lines])
    if arguments.json:
        print_json([_line_fields(line, [tag.name for tag in tags.get(line.id, ())]) for line in lines])
    elif not lines:
        narrowed = wanted != Wanted()
        nothing = "There is none like that." if narrowed else "There is no conversation yet. Begin one with: chatbot"
        say(nothing)
    else:
        for line in lines:
            marks = [*(["pinned"] if line.pinned else []), *(f"#{tag.name}" for tag in tags.get(line.id, ()))]
            more = f"  ({one_line(', '.join(marks), 80)})" if marks else ""
            sys.stdout.write(f"{line.id}  {local(line.updated)}  {one_line(line.title, 80) or '(no title)'}{more}\n")
    return 0


def _line_fields(line: "HistoryLine", tags: list[str]) -> dict[str, object]:
    bill = line.bill
    return {
        "id": line.id,
        "title": line.title,
        "pinned": line.pinned,
        "tags": tags,
        "begun_in": line.tag,
        "model": line.model,
        "messages": line.messages,
        "starred": line.starred,
        "cost": in_full(bill.nanodollars) if bill.calls and bill.known else None,
        "created": line.created.isoformat(),
        "updated": line.updated.isoformat(),
        "archived": line.archived and line.archived.isoformat(),
        "deleted": line.deleted and line.deleted.isoformat(),
    }


@contextmanager
def opened_store() -> "Iterator[Store]":
    """The store of this process's settings, to be read, closed at the end."""
    from chatbot.home.home import Home
    from chatbot.store.store import Store

    store = Store.open(Home.open().database_url, to_read=True)
    try:
        yield store
    finally:
        store.close()


def local(moment: "datetime") -> str:
    """As this machine's clock has it, to the minute."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def print_json(found: object) -> None:
    """For programs that read what a command prints."""
    sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")


def _count(text: str) -> int:
    number = int(text)  # argparse names what is none
    if number < 1:
        raise BadInput(f"{text!r} is no number of lines. Write 1 or more.")
    return number


def _dollars(text: str) -> int:
    try:
        amount = float(text.removeprefix("$"))
    except ValueError:
        amount = math.nan
    if not 0 <= amount <= 10**6:
        raise BadInput(f"{text!r} is no amount. Write dollars, such as 0.05.")
    return round(amount * 10**9)
