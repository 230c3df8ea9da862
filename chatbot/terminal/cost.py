"""The command `chatbot cost`: what was spent, by day or by a name, and what it would have cost elsewhere."""

import json
import sys
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from chatbot.core.bill import Bill, in_full, made_of, short
from chatbot.core.errors import BadInput
from chatbot.terminal.screen import one_line

if TYPE_CHECKING:
    from chatbot.core.what_if import Repriced
    from chatbot.engine.what_if import Choice
    from chatbot.home.home import Home
    from chatbot.store.spending import By


def cost(by: "By", since: str | None, elsewhere: tuple[str, str | None] | None = None, *, as_json: bool) -> int:
    """Print the sums, the whole last; days are those of this machine's time zone.

    `elsewhere`: another model and its connection (None: the default one), for what the same usage would cost there.
    """
    from chatbot.engine.open import open_engine
    from chatbot.home.home import Home

    begin = None if since is None else read_day(since)
    home = Home.open()
    choice = None if elsewhere is None else _choice(home, *elsewhere)
    engine = open_engine(home, titles=False)
    try:
        engine.recover()  # the calls of a killed process are settled first
        spent = engine.ledger.spend(by, zone=None, since=begin)
        whole = engine.ledger.total(since=begin)
        there = None
        if choice is not None:
            from chatbot.engine.what_if import used_since, what_if

            there = what_if(used_since(engine.ledger, begin), choice, engine.price)
    finally:
        engine.close()
    sys.stdout.write(_json(by, spent, whole, choice, there) if as_json else _table(spent, whole))
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


def _choice(home: "Home", model: str, connection: str | None) -> "Choice":
    from chatbot.engine.what_if import Choice

    name = connection or home.default_connection()
    return Choice(name, home.connection(name).base_url, model)


def _instead(choice: "Choice", there: "Repriced", whole: Bill) -> str:
    parts = made_of(there.bill)
    price = short(there.bill) or "nothing"
    words = f"\nOn {one_line(choice.model, 60)} at {one_line(choice.connection, 60)}: {price} instead of "
    words += f"{short(whole) or 'nothing'}" + (f" ({parts})" if parts else "") + ", at today's prices."
    return f"{words} {there.why}".rstrip() + "\n"


def _table(spent: dict[str, Bill], whole: Bill) -> str:
    if not spent:
        return "Nothing was spent yet.\n"
    lines = [(one_line(name, 60), bill) for name, bill in spent.items()]
    if len(lines) > 1:
        lines.append(("Together", whole))
    width = max(len(name) for name, _ in lines)
    money = max(len(short(bill)) for _, bill in lines)
    rows = (f"{name:<{width}}  {short(bill):>{money}}  {_calls(bill)}" for name, bill in lines)
    return "".join(f"{row}\n" for row in rows)


def _calls(bill: Bill) -> str:
    parts = made_of(bill)
    return f"{bill.calls:,} call{'' if bill.calls == 1 else 's'}" + (f", {parts}" if parts else "")


def _json(
    by: str, spent: dict[str, Bill], whole: Bill, choice: "Choice | None" = None, there: "Repriced | None" = None
) -> str:
    rows = [{by: name, **_fields(bill)} for name, bill in spent.items()]
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
