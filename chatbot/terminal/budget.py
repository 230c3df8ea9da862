"""The command `chatbot budget`: limits on what is spent, and where they stand."""

import json
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from chatbot.core.bill import dollars, in_full
from chatbot.core.errors import BadInput, NotFound
from chatbot.terminal.screen import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from chatbot.core.budgets import Budget, Kind, Standing
    from chatbot.store.budgets import Budgets

_KINDS = ("month", "day", "conversation", "model")
_KIND_HELP = f"what it is for: {', '.join(_KINDS[:-1])} or {_KINDS[-1]}"
_FOR_HELP = "the model (* stands for any characters), or the conversation's id, of which the beginning is enough"
_EXAMPLES = """\
examples:
  chatbot budget set month 10                      ten dollars a month, whatever is asked
  chatbot budget set conversation 0.50             fifty cents for each conversation
  chatbot budget set model 5 --for 'gpt-6-*'       five dollars a month for these models
  chatbot budget remove day

A reply that might pass a limit is not asked for: what it can cost at most is set aside before it leaves, and the rest
comes back when it has ended. The limits hold for browser, terminal and scripts together. Days and months are those of
the time zone in which a limit was first set."""


def add_to(commands: "object") -> None:
    """Its place on the command line; `commands` are argparse's subparsers."""
    from argparse import RawDescriptionHelpFormatter

    parser: ArgumentParser = commands.add_parser(  # type: ignore[attr-defined]
        "budget",
        help="show or set limits on what is spent",
        description="Limits on what is spent. Without a word: each limit and where it stands.",
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="for programs; dollars as text, in full")
    acts = parser.add_subparsers(dest="act", title="what to do", metavar="ACTION")
    put = acts.add_parser("set", help="set a limit, or another amount for one that is set")
    put.add_argument("kind", choices=_KINDS, metavar="KIND", help=_KIND_HELP)
    put.add_argument("limit", metavar="DOLLARS", help="such as 10 or 2.50")
    put.add_argument(
        "--for",
        dest="subject",
        metavar="NAME",
        default="",
        help=_FOR_HELP,
    )
    take = acts.add_parser("remove", help="take a limit away")
    take.add_argument("kind", choices=_KINDS, metavar="KIND", help=_KIND_HELP)
    take.add_argument("--for", dest="subject", metavar="NAME", default="", help=_FOR_HELP)
    acts.add_parser("log", help="every limit that was set, newest first")


def budget(arguments: Namespace) -> int:
    """Do what was asked, then show where the limits stand."""
    from chatbot.core.budgets import read_limit, read_subject
    from chatbot.engine.open import read_with
    from chatbot.home.home import Home
    from chatbot.home.zone import zone_name

    kind: Kind | None = getattr(arguments, "kind", None)
    subject = read_subject(kind, arguments.subject) if kind else ""
    limit = read_limit(arguments.limit) if arguments.act == "set" else 0
    with read_with(Home.open()) as engine:
        budgets = engine.ledger.budgets
        before: dict[int, int | None] = {}
        if arguments.act == "set" and kind:
            if kind == "conversation" and subject:
                subject = engine.store.conversations.id_of(subject)
            known = _known(budgets, kind, subject)
            made = budgets.set(kind, limit, subject=subject, zone=zone_name())
            before[made.id] = known.limit if known else None
        elif arguments.act == "remove" and kind:
            budgets.remove(_find(budgets, kind, subject).id)
        sys.stdout.write(_log(budgets) if arguments.act == "log" else _shown(budgets, before, as_json=arguments.json))
    return 0


def _find(budgets: "Budgets", kind: "Kind", subject: str) -> "Budget":
    known = _known(budgets, kind, subject)
    if known is None and kind == "conversation" and subject:
        # Looked for among the limits: the conversation itself may be gone.
        begun = [one for one in budgets.all() if one.kind == kind and one.subject.startswith(subject)]
        if len(begun) > 1:
            raise BadInput(f"{subject!r} begins several conversations; give more of the id.")
        known = begun[0] if begun else None
    if known is None:
        about = f"{kind} {subject!r}" if subject else kind
        raise NotFound(f"There is no limit for {about}. `chatbot budget` lists them.")
    return known


def _known(budgets: "Budgets", kind: "Kind", subject: str) -> "Budget | None":
    return next((one for one in budgets.all() if (one.kind, one.subject) == (kind, subject)), None)


def _shown(budgets: "Budgets", before: "Mapping[int, int | None]", *, as_json: bool) -> str:
    """Every limit and where it stands; `before`: what the one that was just set had been, None where there was none."""
    from chatbot.core.budgets import about, limit_words

    rows = [(one, _now(budgets, one)) for one in budgets.all()]
    if as_json:
        found = [
            _fields(one, standing) | ({"was": _full(before[one.id])} if one.id in before else {})
            for one, standing in rows
        ]
        return json.dumps(found, ensure_ascii=False, indent=2) + "\n"
    if not rows:
        return "There is no limit. Set one with: chatbot budget set month 10\n"
    lines = []
    for one, standing in rows:
        line = f"{one_line(about(one), 60)}: {limit_words(one.limit)}"
        if (was := before.get(one.id)) is not None:
            line += f" (was {limit_words(was)})"
        if standing is not None:
            held = f", {dollars(standing.held)} held" if standing.held else ""
            line += f", {dollars(standing.spent)} spent ({standing.percent} %){held}"
        lines.append(f"{line}  [{one.zone}]\n")
    return "".join(lines)


def _now(budgets: "Budgets", one: "Budget") -> "Standing | None":
    """Where it stands in the period that is now; None for a limit of each conversation, which has none of its own."""
    if one.kind == "conversation":
        return budgets.standing(one, one.subject) if one.subject else None
    return budgets.standing(one, one.current(_moment()))


def _moment() -> "datetime":
    from datetime import UTC, datetime

    return datetime.now(UTC)


def _fields(one: "Budget", standing: "Standing | None") -> dict[str, object]:
    return {
        "kind": one.kind,
        "for": one.subject or None,
        "limit": _full(one.limit),
        "zone": one.zone,
        "period": standing.period if standing else None,
        "spent": _full(standing.spent if standing else None),
        "held": _full(standing.held if standing else None),
    }


def _full(nanodollars: int | None) -> str | None:
    return None if nanodollars is None else in_full(nanodollars)


def _log(budgets: "Budgets") -> str:
    from chatbot.core.budgets import limit_words

    def words(limit: int | None) -> str:
        return "none" if limit is None else limit_words(limit)

    lines = [
        f"{change.moment.astimezone():%Y-%m-%d %H:%M}  {one_line(' '.join(filter(None, (change.kind, change.subject))), 60)}: "
        f"{words(change.before)} -> {words(change.after)}\n"
        for change in budgets.changes()
    ]
    return "".join(lines) or "No limit was ever set.\n"
