"""What was spent, in lines: this chat, today, this month, and the limits; the same beside a chat and in a terminal. Pure."""

from collections.abc import Mapping

from chatbot.core.bill import Bill, dollars, made_of, short
from chatbot.core.budgets import Standing, limit_words

THIS_CHAT = "This chat"
_WHERE = {"month": "this month", "day": "today", "conversation": "in this chat"}


def sum_lines(sums: Mapping[str, Bill], more: Bill | None = None) -> list[str]:
    """Each sum behind its name, `more` counted in; nothing of those in which there is no call.

    >>> sum_lines({"This chat": Bill(calls=1, local=1), "Today": Bill(calls=1, local=1)})
    ['This chat: local']
    >>> sum_lines({"Today": Bill(nanodollars=12_345_678, calls=2, unpriced=1), "This month": Bill()})
    ['Today > $0.0123 (1 unpriced)']
    """
    more = more or Bill()
    # Of days on which nobody billed anything there is nothing to say.
    shown = {name: sum + more for name, sum in sums.items() if sum.local < sum.calls or more.calls}
    if chat := sums.get(THIS_CHAT):
        shown = {THIS_CHAT: chat + more, **shown}
    return [_line(name, sum) for name, sum in shown.items() if sum.calls]


def of_limit(standing: Standing, more: int = 0) -> str:
    """How far a limit is used up, with so many nano-dollars more.

    >>> from chatbot.core.budgets import Budget
    >>> of_limit(Standing(budget=Budget(id=1, kind="month", limit=10**10), period="2026-11", spent=400_000_000))
    '$0.4000 of $10 this month'
    """
    budget = standing.budget
    where = _WHERE.get(budget.kind) or f"for {budget.subject} this month"
    return f"{dollars(standing.spent + more)} of {limit_words(budget.limit)} {where}"


def _line(name: str, bill: Bill) -> str:
    parts = made_of(bill)
    return named(name, short(bill)) + (f" ({parts})" if parts and bill.known else "")


def named(name: str, figure: str) -> str:
    """A figure behind its name; a word takes a colon.

    >>> named("Today", "$0.05"), named("This chat", "local")
    ('Today $0.05', 'This chat: local')
    """
    return f"{name}{':' if figure.isalpha() else ''} {figure}"
