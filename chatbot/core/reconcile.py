"""A provider's bill beside ours, by day and model: what they billed, what the ledger has, and the difference. Pure.

Nothing is lost and nothing counted twice: every sum of either side stands in exactly one row.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from chatbot.core.bill import Bill
from chatbot.core.billed import Statement, Sum
from chatbot.core.family import family

ALL_MODELS = "all models"
AT_LEAST, AT_MOST = "> ", "at most "
"""Before what is here, and before what they billed more than that, where calls of ours have no price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What the ledger has of one model on one day in UTC, tokens inclusive.

    `uncertain`: calls that were stopped, broke off or may have been billed unseen. `model`: the name that answered, else
    the one that was asked.
    """

    day: date
    model: str
    bill: Bill
    uncertain: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    tiers: frozenset[str] = frozenset()

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def __add__(self, other: "Used") -> "Used":
        return Used(
            day=self.day,
            model=self.model,
            bill=self.bill + other.bill,
            uncertain=self.uncertain + other.uncertain,
            input_tokens=self.input_tokens + other.input_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            tiers=self.tiers | other.tiers,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One day and model: theirs (None: the bill does not name it) and ours (None: the ledger does not)."""

    day: date
    model: str
    theirs: Sum | None
    ours: Used | None
    money: bool
    """The bill speaks of money at all; else there is no difference in dollars."""

    @property
    def billed(self) -> int | None:
        """Nano-dollars; 0 for what a bill with money does not name."""
        if not self.money:
            return None
        return (self.theirs.nanodollars if self.theirs else None) or 0

    @property
    def counted(self) -> int:
        """Nano-dollars in the ledger; unpriced calls are in no sum."""
        return self.ours.bill.nanodollars if self.ours else 0

    @property
    def over(self) -> int | None:
        """Nano-dollars that they billed over what is counted. Those of all rows add up to that of the whole."""
        return None if self.billed is None else self.billed - self.counted

    @property
    def difference(self) -> int | None:
        """The same where it can be known: at most so much where a call of ours has no price, None where none has one."""
        return self.over if self.ours is None or self.ours.bill.known else None

    @property
    def token_difference(self) -> int | None:
        """Tokens that they counted more than we have; None where the bill counts none."""
        if self.theirs is None or self.theirs.tokens is None:
            return None
        return self.theirs.tokens - (self.ours.tokens if self.ours else 0)

    @property
    def request_difference(self) -> int | None:
        if self.theirs is None or self.theirs.requests is None:
            return None
        return self.theirs.requests - (self.ours.bill.calls if self.ours else 0)


def paired(bill: Statement, used: Iterable[Used]) -> list[Pair]:
    """Every day and model of either side, in order. Names are matched by the snapshot first, then by the family."""
    money = bill.has_money
    theirs: dict[date, dict[str, Sum]] = defaultdict(dict)
    for (day, model), sum in bill.by.items():
        theirs[day][model] = sum
    ours: dict[date, list[Used]] = defaultdict(list)
    for one in used:
        ours[one.day].append(one)
    found: list[Pair] = []
    for day in sorted(theirs.keys() | ours.keys()):
        rows = _one_row(theirs[day], ours[day]) or _by_model(theirs[day], ours[day])
        pairs = [Pair(day=day, model=row.name, theirs=row.theirs, ours=row.ours, money=money) for row in rows]
        found += sorted(pairs, key=lambda pair: (pair.model == "", pair.model.lower()))
    return found


@dataclass(slots=True)
class _Row:
    names: list[str] = field(default_factory=list)
    theirs: Sum | None = None
    ours: Used | None = None

    @property
    def name(self) -> str:
        return ", ".join(dict.fromkeys(self.names))

    def bill(self, name: str, sum: Sum) -> None:
        self.names.append(name)
        if self.theirs is None:
            self.theirs = Sum()
        self.theirs.join(sum)

    def use(self, used: Used) -> None:
        if self.theirs is None:  # their name stands for the row; ours only where they have none
            self.names.append(used.model)
        self.ours = used if self.ours is None else self.ours + used


def _one_row(theirs: dict[str, Sum], ours: Sequence[Used]) -> list[_Row] | None:
    """A day whose money names no model can only be compared as a whole; None for every other day."""
    with_money = [name for name, sum in theirs.items() if sum.nanodollars is not None]
    if with_money != [""]:
        return None
    row = _Row()
    for sum in theirs.values():
        row.bill(ALL_MODELS, sum)
    for used in ours:
        row.use(used)
    return [row]


def _by_model(theirs: dict[str, Sum], ours: Sequence[Used]) -> list[_Row]:
    families: dict[str, tuple[list[str], list[Used]]] = defaultdict(lambda: ([], []))
    for name in theirs:
        families[family(name)[0]][0].append(name)
    for used in ours:
        families[family(used.model)[0]][1].append(used)
    rows: list[_Row] = []
    for names, uses in families.values():
        by_snapshot: dict[str, _Row] = defaultdict(_Row)
        both = {family(name)[1] for name in names}, {family(used.model)[1] for used in uses}
        # An alias may stand for any snapshot of its family: where only one side has it, they cannot be told apart.
        together = bool(names and uses) and ("" in both[0]) != ("" in both[1])
        for name in sorted(names):
            by_snapshot["" if together else family(name)[1]].bill(name, theirs[name])
        for used in sorted(uses, key=lambda one: one.model):
            by_snapshot["" if together else family(used.model)[1]].use(used)
        rows += by_snapshot.values()
    return rows


def here(bill: Bill | None) -> str:
    """What the ledger has, said as every sum is: "> " where a call has no price, "—" where none has one.

    >>> here(Bill(nanodollars=1_169_200, calls=2, unpriced=1)), here(Bill(calls=1, unpriced=1)), here(None)
    ('> $0.0011692', '—', '—')
    """
    if bill is None or not bill.known:
        return "—"
    return (AT_LEAST if bill.unpriced else "") + in_full(bill.nanodollars)


def apart(difference: int | None, ours: Bill | None) -> str:
    """What they billed more, beside what `here` says: less than that where there is more here than is said.

    >>> apart(20_000_000, Bill(calls=2, unpriced=1)), apart(-20, None), apart(None, Bill(calls=1, unpriced=1))
    ('at most +$0.02', '−$0.00000002', '—')
    """
    bounded = difference is not None and ours is not None and ours.unpriced
    return (AT_MOST if bounded else "") + in_full(difference, signed=True)


def in_full(nanodollars: int | None, *, signed: bool = False) -> str:
    """Dollars with every digit that says something, two at least; "—" for None.

    >>> in_full(1_169_200), in_full(5_000_000_000), in_full(-20), in_full(20_000_000, signed=True), in_full(None)
    ('$0.0011692', '$5.00', '−$0.00000002', '+$0.02', '—')
    """
    if nanodollars is None:
        return "—"
    whole, part = divmod(abs(nanodollars), 10**9)
    digits = f"{part:09d}".rstrip("0").ljust(2, "0")
    sign = "−" if nanodollars < 0 else "+" if signed and nanodollars else ""
    return f"{sign}${whole:,}.{digits}"
