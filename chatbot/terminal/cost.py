"""The command `chatbot cost`: what was spent, by day or by a name, and what it would have cost elsewhere."""

import json
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Literal

from chatbot.core.bill import Bill, in_full, made_of, short
from chatbot.core.errors import BadInput
from chatbot.terminal.screen import one_line

if TYPE_CHECKING:
    from chatbot.core.what_if import Repriced
    from chatbot.engine.what_if import Choice
    from chatbot.store.ledger import Ledger
    from chatbot.store.spending import By

    Named = By | Literal["conversation"]

Row = tuple[str | None, str, Bill]
"""A conversation's id, None for all else; what it is called, and what it cost."""
_SHORT = 8  # characters of an id


def cost(by: "Named", since: str | None, elsewhere: tuple[str, str | None] | None = None, *, as_json: bool) -> int:
    """Print the sums, the whole last; days are those of this machine's time zone.

    `elsewhere`: another model and its connection (None: the default one), for what the same usage would cost there.
    """
    from chatbot.engine.open import read_with
    from chatbot.home.home import Home

    begin = None if since is None else read_day(since)
    home = Home.open()
    choice = None
    if elsewhere is not None:
        from chatbot.engine.what_if import choice_of

        choice = choice_of(home, *elsewhere)
    with read_with(home) as engine:
        spent = _rows(engine.ledger, by, begin)
        whole = engine.ledger.total(since=begin)
        ever = engine.ledger.total() if begin and not spent else whole
        there = None
        if choice is not None:
            from chatbot.engine.what_if import used_since, what_if

            there = what_if(used_since(engine.ledger, begin), choice, engine.price)
    if as_json:
        sys.stdout.write(_json(by, spent, whole, choice, there))
    else:
        sys.stdout.write(_table(spent, whole) if spent else _nothing(since, ever))
    if choice is not None and there is not None and not as_json:
        sys.stdout.write(_instead(choice, there, whole))
    return 0


def read_day(text: str) -> datetime:
    """The midnight at which a day begins on this machine; BadInput names what was typed."""
    try:
        return midnight(date.fromisoformat(text))
    except (ValueError, OverflowError, OSError):
        raise BadInput(f"{text!r} is no day. Write it as 2026-11-25.") from None


def midnight(day: date) -> datetime:
    """When a day begins on this machine."""
    # Without a zone: the offset of that day holds, which need not be today's.
    return datetime.combine(day, time()).astimezone(UTC)


def _instead(choice: "Choice", there: "Repriced", whole: Bill) -> str:
    parts = made_of(there.bill)
    price = short(there.bill) or "nothing"
    words = f"\nOn {one_line(choice.model, 60)} at {one_line(choice.connection, 60)}: {price} instead of "
    words += f"{short(whole) or 'nothing'}" + (f" ({parts})" if parts else "") + ", at today's prices."
    return f"{words} {there.why}".rstrip() + "\n"


def _rows(ledger: "Ledger", by: "Named", since: datetime | None) -> list[Row]:
    if by == "conversation":
        return ledger.by_conversation(since=since)
    return [(None, name, bill) for name, bill in ledger.spend(by, zone=None, since=since).items()]


def _nothing(since: str | None, ever: Bill) -> str:
    """What is said instead of an empty table; `ever`: what all calls came to."""
    if since is None or not ever.calls:
        return "Nothing was spent yet.\n"
    return f"Nothing was spent since {since}. Before that: {_calls(ever)}, {short(ever)} in all.\n"


def _table(spent: Sequence[Row], whole: Bill) -> str:
    lines = _told_apart(spent)
    if len(lines) > 1:
        lines.append(("Together", whole))
    width = max(len(name) for name, _ in lines)
    money = max(len(short(bill)) for _, bill in lines)
    rows = (f"{name:<{width}}  {short(bill):>{money}}  {_calls(bill)}" for name, bill in lines)
    return "".join(f"{row}\n" for row in rows)


def _told_apart(spent: Sequence[Row]) -> list[tuple[str, Bill]]:
    """Rows as they are written: conversations that are called the same have the beginning of their ids behind it."""
    names = [one_line(name, 60) or "(no title)" for _, name, _ in spent]
    count = Counter(names)
    ids = {id for id, _, _ in spent if id is not None}
    most = _SHORT
    while len({id[:most] for id in ids}) < len(ids):
        most += 1
    return [
        (f"{name} ({id[:most]})" if id is not None and count[name] > 1 else name, bill)
        for name, (id, _, bill) in zip(names, spent, strict=True)
    ]


def _calls(bill: Bill) -> str:
    parts = made_of(bill)
    return f"{bill.calls:,} call{'' if bill.calls == 1 else 's'}" + (f", {parts}" if parts else "")


def _json(
    by: str, spent: Sequence[Row], whole: Bill, choice: "Choice | None" = None, there: "Repriced | None" = None
) -> str:
    named = by == "conversation"
    rows = [{by: name, **({"id": id} if named else {}), **_fields(bill)} for id, name, bill in spent]
    found: dict[str, object] = {"by": by, "rows": rows, "total": _fields(whole)}
    if choice is not None and there is not None:
        found["what_if"] = {"model": choice.model, "connection": choice.connection, **_fields(there.bill)}
    return json.dumps(found, ensure_ascii=False, indent=2) + "\n"


def _fields(bill: Bill) -> dict[str, int | str | None]:
    """`dollars` in full as a text, since a float would round it; None where nothing is known."""
    known = bill.known
    return {
        "dollars": in_full(bill.nanodollars) if known else None,
        "nanodollars": bill.nanodollars if known else None,
        "calls": bill.calls,
        "estimated": bill.estimated,
        "local": bill.local,
        "unpriced": bill.unpriced,
    }
