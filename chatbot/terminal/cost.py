"""The command `chatbot cost`: what was spent, by day, model, conversation or purpose."""

import json
import sys
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from chatbot.core.bill import Bill, made_of, short
from chatbot.core.errors import BadInput
from chatbot.terminal.screen import one_line

if TYPE_CHECKING:
    from chatbot.store.spending import By


def cost(by: "By", since: str | None, *, as_json: bool) -> int:
    """Print the sums, the whole last; days are those of this machine's time zone."""
    from chatbot.engine.open import open_engine
    from chatbot.home.home import Home

    begin = None if since is None else read_day(since)
    engine = open_engine(Home.open(), titles=False)
    try:
        engine.recover()  # the calls of a killed process are settled first
        spent = engine.ledger.spend(by, zone=None, since=begin)
        whole = engine.ledger.total(since=begin)
    finally:
        engine.close()
    sys.stdout.write(_json(by, spent, whole) if as_json else _table(spent, whole))
    return 0


def read_day(text: str) -> datetime:
    """The midnight at which a day begins on this machine; BadInput names what was typed."""
    try:
        # Without a zone: the offset of that day holds, which need not be today's.
        return datetime.combine(date.fromisoformat(text), time()).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise BadInput(f"{text!r} is no day. Write it as 2026-11-25.") from None


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


def _json(by: str, spent: dict[str, Bill], whole: Bill) -> str:
    rows = [{by: name, **_fields(bill)} for name, bill in spent.items()]
    return json.dumps({"by": by, "rows": rows, "total": _fields(whole)}, ensure_ascii=False, indent=2) + "\n"


def _fields(bill: Bill) -> dict[str, int | str | None]:
    """`dollars` in full as a text, since a float would round it; None where nothing is known."""
    known = bill.known
    return {
        "dollars": f"{bill.nanodollars // 10**9}.{bill.nanodollars % 10**9:09d}" if known else None,
        "nanodollars": bill.nanodollars if known else None,
        "calls": bill.calls,
        "estimated": bill.estimated,
        "local": bill.local,
        "unpriced": bill.unpriced,
    }
