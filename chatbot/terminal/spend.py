"""The REPL's /cost: what was spent, the limits, and how the last reply's figure came to be."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chatbot.core.arithmetic import BUCKETS, per_million, plain, who_says
from chatbot.core.bill import bill, short
from chatbot.core.spend import named, of_limit, sum_lines
from chatbot.engine.spend import sums
from chatbot.terminal.cost import midnight
from chatbot.terminal.screen import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatbot.store.values import Call
    from chatbot.terminal.session import Session


def tell(session: "Session") -> None:
    """Write all of it; days and months are this machine's, those of a limit its own."""
    engine, known = session.engine, session.conversation
    ledger, anonymous = engine.ledger, engine.anonymous
    view = engine.view(known, session.head, last=1) if known else None
    branch = view.replies if anonymous is None and view and view.branches else ()
    today = datetime.now(UTC).astimezone().date()
    spent = sums(
        ledger, known, branch, today=midnight(today), month=midnight(today.replace(day=1)), anonymous=anonymous
    )
    for line in sum_lines(spent) or ["Nothing was spent this month."]:
        session.display.line(line)
    for standing in ledger.budgets.standings(conversation=None if anonymous else known, model=session.options.model):
        session.display.line(of_limit(standing))
    if view and view.shown and view.shown[-1].calls:
        _detail(session, view.shown[-1].calls)


def _detail(session: "Session", calls: "Sequence[Call]") -> None:
    """Every call of the last reply, bucket by bucket, and who says so."""
    figure = short(bill(call.cost for call in calls))
    session.display.line(named("The last reply", figure) if figure else "The last reply used nothing")
    for number, call in enumerate(calls, 1):
        if len(calls) > 1:
            session.display.dim(f"Call {number} of {len(calls)}: {call.outcome}")
        for line in call.cost.lines:
            price = f"{line.tokens:>9,} tokens at ${per_million(line.rate)} per million"
            session.display.line(f"  {BUCKETS[line.bucket]:<11} {price}  ${plain(line.nanodollars)}")
        session.display.dim(f"  {one_line(who_says(call.cost, call.started, call.held), 1_000)}")
