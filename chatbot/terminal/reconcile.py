"""The command `chatbot reconcile`: a provider's bill beside the ledger, by day and model."""

import getpass
import json
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from chatbot.core.bill import made_of
from chatbot.core.errors import BadInput
from chatbot.core.reconcile import Pair, apart, here, in_full
from chatbot.terminal.screen import one_line
from chatbot.terminal.streams import is_terminal, opened, read_pipe

if TYPE_CHECKING:
    from chatbot.core.settings import Secret
    from chatbot.engine.reconcile import ReadBill, Reconciled
    from chatbot.home.home import Home

_HEADING = ("Day (UTC)", "Model", "Billed", "Here", "Difference", "Tokens", "Of ours", "Why")
_RIGHT = (2, 3, 4, 5)


def reconcile(
    files: Sequence[str], connection: str | None, since: str | None, until: str | None, *, admin: bool, as_json: bool
) -> int:
    """Print the table, the whole last. 0 also where they differ: each difference has its reason beside it."""
    from chatbot.engine.open import read_with
    from chatbot.engine.reconcile import WhoseBill, reconcile_bills
    from chatbot.home.home import Home

    if admin == bool(files):
        raise BadInput("Name a provider's CSV, or give --admin to ask OpenAI with an admin key.")
    if (since or until) and not admin:
        raise BadInput("--since and --until belong to --admin; a file says its own days.")
    home = Home.open()
    bills = _read(files)
    with read_with(home) as engine:
        if admin:
            found = _online(home, engine.ledger, connection, since, until)
        else:
            try:
                found = reconcile_bills(engine.ledger, bills, connection=connection)
            except WhoseBill as error:
                raise BadInput(f"{error.sentence} Say it with: --connection {shlex.quote(error.names[0])}") from None
    sys.stdout.write(_json(found) if as_json else _table(found))
    return 0


def _read(files: Sequence[str]) -> "list[ReadBill]":
    """Every file, read to its end; BadInput has a line for each that cannot be."""
    from chatbot.engine.reconcile import read_bill

    bills, wrong = [], []
    for name in files:
        try:
            with opened(name) as file:
                bills.append(read_bill(file, name))
        except BadInput as error:
            wrong.append(error.sentence)
    if wrong:
        raise BadInput("\n".join(wrong))
    return bills


def _online(home: "Home", ledger: Any, connection: str | None, since: str | None, until: str | None) -> "Reconciled":
    from chatbot.engine.reconcile import reconcile_online
    from chatbot.home.connections import OPENAI_USUAL

    known = home.connections()
    chosen = home.connection(connection) if connection else known.get(OPENAI_USUAL.name, OPENAI_USUAL)
    today = datetime.now(UTC).date()
    first = _day(since) if since else today.replace(day=1)
    last = _day(until) if until else today
    key = home.admin_key() or _asked_for_key()
    return reconcile_online(ledger, chosen, key, first=first, last=last, alone=connection is not None)


def _asked_for_key() -> "Secret":
    """The key from a pipe, or typed unseen."""
    from chatbot.home.keys import read_key

    if not is_terminal(sys.stdin):
        return read_key(read_pipe())
    try:
        return read_key(getpass.getpass("Admin key (not shown, not kept): "))
    except EOFError:
        raise BadInput("The key is empty.") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{text!r} is no day. Write it as 2026-11-25.") from None


def _table(found: "Reconciled") -> str:
    about = f"{found.vendor or 'The bill'}, {found.first} to {found.last}, beside the calls over {_names(found)}."
    rows = [_cells(row.pair, row.sentence) for row in found.rows]
    if len(rows) > 1:
        whole = (in_full(found.billed), here(found.counted), apart(found.difference, found.counted))
        rows.append(("Together", "", *whole, "", "", _summary(found)))
    widths = [max(len(row[at]) for row in (_HEADING, *rows)) for at in range(len(_HEADING))]
    lines = [about, ""]
    for row in (_HEADING, *rows):
        cells = (
            f"{cell:>{width}}" if at in _RIGHT else f"{cell:<{width}}"
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(cells).rstrip())
    lines += [_not_compared(found)] if found.others else []
    return "".join(f"{line}\n" for line in lines)


def _names(found: "Reconciled") -> str:
    return one_line(", ".join(found.connections), 120)


def _cells(pair: Pair, sentence: str) -> tuple[str, ...]:
    tokens, ours = pair.token_difference, pair.ours.bill if pair.ours else None
    return (
        str(pair.day),
        one_line(pair.model or "—", 60),
        in_full(pair.billed) if pair.theirs or pair.billed else "—",
        here(ours),
        apart(pair.difference, ours),
        "" if tokens is None else f"{tokens:+,}" if tokens else "0",
        made_of(ours) if ours else "",
        one_line(sentence, 300),
    )


def _summary(found: "Reconciled") -> str:
    count, parts = len(found.rows), made_of(found.counted)
    agree = "All agree." if found.agreeing == count else f"{found.agreeing} of {count} rows agree."
    return f"{agree} Of ours, {parts}." if parts else agree


def _not_compared(found: "Reconciled") -> str:
    sums = ", ".join(f"{_decimal(amount)} {one_line(name, 20)}" for name, amount in found.others.items())
    return f"Not compared, since it is not in dollars: {sums}."


def _decimal(nano: int) -> str:
    whole, part = divmod(abs(nano), 10**9)
    return f"{'-' if nano < 0 else ''}{whole}.{part:09d}"


def _json(found: "Reconciled") -> str:
    whole = found.counted
    value = {
        "vendor": found.vendor or None,
        "connections": list(found.connections),
        "first": str(found.first),
        "last": str(found.last),
        "zone": "UTC",
        "rows": [
            {
                "day": str(row.pair.day),
                "model": row.pair.model or None,
                "billed": _billed(row.pair),
                "here": _ours(row.pair),
                "difference": _money(row.pair.difference)
                | {"tokens": row.pair.token_difference, "requests": row.pair.request_difference},
                "cause": row.cause,
                "sentence": row.sentence,
            }
            for row in found.rows
        ],
        "total": {
            "billed": _money(found.billed),
            "here": _money(whole.nanodollars if whole.known else None)
            | {"calls": whole.calls, "estimated": whole.estimated, "unpriced": whole.unpriced},
            "difference": _money(found.difference),
            "agreeing": found.agreeing,
        },
        "other_currencies": {name: _decimal(amount) for name, amount in found.others.items()},
    }
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def _money(nanodollars: int | None) -> dict[str, Any]:
    """`dollars` in full as a text, since a float would round it."""
    return {"dollars": None if nanodollars is None else _decimal(nanodollars), "nanodollars": nanodollars}


def _billed(pair: Pair) -> dict[str, Any] | None:
    if pair.theirs is None:
        return None
    counts = ("input_tokens", "cached_tokens", "output_tokens", "requests")
    return _money(pair.billed) | {name: getattr(pair.theirs, name) for name in counts}


def _ours(pair: Pair) -> dict[str, Any] | None:
    if pair.ours is None:
        return None
    bill, used = pair.ours.bill, pair.ours
    counts = {"calls": bill.calls, "estimated": bill.estimated, "unpriced": bill.unpriced, "uncertain": used.uncertain}
    tokens = {name: getattr(used, name) for name in ("input_tokens", "cached_tokens", "output_tokens")}
    return _money(bill.nanodollars if bill.known else None) | counts | tokens
