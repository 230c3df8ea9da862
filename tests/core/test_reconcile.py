"""A bill beside the ledger: nothing is lost on either side, and each difference gets its likeliest cause."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.core.bill import Bill
from chatbot.core.billed import Billed, Statement, statement
from chatbot.core.cause import Explained, explained
from chatbot.core.reconcile import ALL_MODELS, Pair, Used, apart, here, paired

DAY = date(2026, 11, 3)
TODAY = date(2026, 11, 25)
DOLLAR = 10**9
GPT = "gpt-4o-2024-08-06"


def theirs(
    nano: int | None = DOLLAR,
    tokens: tuple[int, int, int] | None = (100, 20, 50),
    requests: int | None = 10,
    **more: object,
) -> Billed:
    sent, cached, said = tokens or (None, None, None)
    given: dict[str, object] = {"day": DAY, "model": GPT, "amount": nano, "requests": requests}
    given |= {"input_tokens": sent, "cached_tokens": cached, "output_tokens": said, **more}
    return Billed(**given)  # type: ignore[arg-type]


def ours(
    nano: int = DOLLAR,
    tokens: tuple[int, int, int] = (100, 20, 50),
    calls: int = 10,
    *,
    estimated: int = 0,
    unpriced: int = 0,
    **more: object,
) -> Used:
    bill = Bill(nanodollars=nano, calls=calls, estimated=estimated, unpriced=unpriced)
    given: dict[str, object] = {"day": DAY, "model": GPT, "bill": bill, **more}
    sent, cached, said = tokens
    return Used(input_tokens=sent, cached_tokens=cached, output_tokens=said, **given)  # type: ignore[arg-type]


def compared(bill: list[Billed], used: list[Used], today: date = TODAY) -> list[Explained]:
    return explained(paired(statement(bill), used), today)


def one(bill: list[Billed], used: list[Used], today: date = TODAY) -> tuple[str, str]:
    (row,) = compared(bill, used, today)
    return row.cause, row.sentence


# ── causes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("bill", "used", "cause", "words"),
    [
        ([theirs()], [ours()], "agrees", "Agrees."),
        ([theirs(None)], [ours(7)], "agrees", "Agrees."),
        ([theirs(tokens=None, requests=None)], [ours()], "agrees", "Agrees."),
        ([theirs(0)], [ours(0, unpriced=10)], "agrees", "Agrees."),
        (
            [theirs(2 * DOLLAR, (200, 20, 100), 12)],
            [ours()],
            "elsewhere",
            "They counted 12 requests, ByteBot made 10: the rest is not ours.",
        ),
        (
            [theirs(2 * DOLLAR, (200, 20, 100), None)],
            [ours()],
            "elsewhere",
            "They counted 150 tokens more: calls that ByteBot did not make.",
        ),
        (
            [theirs(DOLLAR + DOLLAR // 5, (100, 20, 60))],
            [ours(estimated=1)],
            "lower bound",
            "1 call of ours is estimated: a lower bound.",
        ),
        (
            [theirs(DOLLAR + DOLLAR // 5, (100, 20, 60))],
            [ours(uncertain=2)],
            "lower bound",
            "2 calls of ours stopped or broke off: what was counted is a lower bound.",
        ),
        ([theirs()], [ours(DOLLAR // 2, unpriced=3)], "unpriced", "3 calls of ours have no price here."),
        (
            [theirs(3 * DOLLAR, (1_000_000, 0, 1_000_000))],
            [ours(2 * DOLLAR, (1_000_000, 0, 1_000_000))],
            "price",
            "Same tokens, another price: $1.5000 a million on the bill, $1.0000 here.",
        ),
        (
            [theirs(2 * DOLLAR, (100, 0, 50))],
            [ours(DOLLAR)],
            "cached",
            "They counted 0 cached tokens, the answers said 20.",
        ),
        ([theirs(DOLLAR + 9, unit=10)], [ours()], "rounding", "Rounding in the bill's last digits."),
        ([theirs(DOLLAR + 5_000_000, unit=10**9)], [ours()], "rounding", "Rounding in the bill's last digits."),
        ([theirs(DOLLAR + 9_000_000)], [ours()], "rounding", "Rounding, below a cent."),
        (
            [theirs(DOLLAR // 2, tier="batch")],
            [ours()],
            "tier",
            "They billed some of it at another service tier: batch.",
        ),
        (
            [theirs(), theirs(-DOLLAR // 4, None, None)],
            [ours()],
            "credit",
            "They took $0.25 off as a credit.",
        ),
        ([theirs(-DOLLAR, None, None)], [], "credit", "A credit of $1.00."),
        (
            [theirs(DOLLAR // 2, (50, 10, 25), 5)],
            [ours()],
            "fewer",
            "They counted 5 of our 10 calls: perhaps another account or project has the rest.",
        ),
        (
            [theirs(2 * DOLLAR, None, None)],
            [ours()],
            "no tokens",
            "Perhaps calls from elsewhere or another price: this bill counts no tokens, the usage export would tell.",
        ),
        ([theirs()], [], "other model", "Used outside ByteBot: it made no calls to this model in this time."),
        ([theirs(model="")], [], "other model", "This line of the bill names no model: a fee, a tax or a credit."),
        ([theirs(DOLLAR, (90, 20, 60))], [ours()], "unknown", "Nothing that ByteBot knows explains this."),
    ],
)  # fmt: skip
def test_the_likeliest_cause(bill: list[Billed], used: list[Used], cause: str, words: str) -> None:
    if bill[0].model == "":
        bill = [*bill, theirs()]  # alone it would be a bill of whole days
        used = [ours()]
        assert [row.sentence for row in compared(bill, used)] == ["Agrees.", words]
        return
    assert one(bill, used) == (cause, words)


FAR = "Most of it was used outside ByteBot: it is over 10 times what our calls came to."


@pytest.mark.parametrize(
    ("bill", "used", "words"),
    [
        # Up to ten times of what was counted, an estimate may be the cause.
        ([theirs(11 * DOLLAR, None, None)], [ours(estimated=1)], "1 call of ours is estimated: a lower bound."),
        ([theirs(11 * DOLLAR + 1, None, None)], [ours(estimated=1)], FAR),
        ([theirs(1_234 * DOLLAR, (9_000, 0, 9_000))], [ours(4_392_000, estimated=1)], FAR),
        ([theirs(1_234 * DOLLAR, (9_000, 0, 9_000))], [ours(4_392_000, uncertain=1)], FAR),
        (
            [theirs(1_234 * DOLLAR, (9_000, 0, 9_000), None)],
            [ours(4_392_000, estimated=1)],
            "They counted 17,850 tokens more: calls that ByteBot did not make.",
        ),
        (
            [theirs(20 * DOLLAR)],
            [ours(estimated=1)],
            "Same tokens, another price: $133,333 a million on the bill, $6,667 here.",
        ),
        (
            [theirs(20 * DOLLAR, (10, 0, 10), 1)],
            [ours(estimated=1)],
            "They billed far more for fewer tokens: another price, or something that tokens do not count.",
        ),
        # No money was counted: the tokens tell, where there are any.
        ([theirs(DOLLAR, (1_000, 0, 500))], [ours(0, uncertain=10)], "10 calls of ours stopped or broke off: what was counted is a lower bound."),
        ([theirs(DOLLAR, (1_000, 0, 5_000))], [ours(0, uncertain=10)], FAR),
        ([theirs(DOLLAR)], [ours(0, (0, 0, 0), uncertain=10)], "10 calls of ours stopped or broke off: what was counted is a lower bound."),
        ([theirs(DOLLAR, None, None)], [ours(0, uncertain=10)], "10 calls of ours stopped or broke off: what was counted is a lower bound."),
        ([theirs(None, (1_000, 0, 5_000))], [ours(estimated=1)], FAR),
    ],
)  # fmt: skip
def test_an_estimate_explains_only_what_it_can(bill: list[Billed], used: list[Used], words: str) -> None:
    assert one(bill, used)[1] == words


def test_a_difference_from_what_nobody_knows_is_unknown() -> None:
    rest = theirs(model="other")
    mine = ours(0, calls=3, unpriced=3)
    pair = compared([rest], [mine])[0].pair
    assert (pair.over, pair.difference) == (0, None)
    assert (here(mine.bill), apart(pair.difference, mine.bill)) == ("—", "—")
    some = ours(DOLLAR // 4, unpriced=3)
    pair = compared([theirs()], [some])[0].pair
    assert (here(some.bill), apart(pair.difference, some.bill)) == ("> $0.25", "at most +$0.75")


def test_what_is_not_billed_yet_or_never() -> None:
    rest = theirs(model="other")
    for day, words in (
        (TODAY, "Not on the bill yet: bills can be a day late."),
        (TODAY - timedelta(days=1), "Not on the bill yet: bills can be a day late."),
        (DAY, "They billed none of these 10 calls: perhaps another account or project has them."),
    ):
        rows = compared([rest], [ours(day=day)])
        assert [row.sentence for row in rows if row.pair.ours] == [words]
    late = theirs(DOLLAR // 2, (50, 10, 25), 5, day=TODAY)
    assert one([late], [ours(day=TODAY)]) == ("pending", "Not all is on the bill yet: bills can be a day late.")
    rows = compared([rest], [ours(uncertain=10)])
    assert rows[0].sentence == "Not billed: 10 calls of ours stopped or broke off before an answer."


def test_a_call_near_midnight_is_on_the_day_beside() -> None:
    next_day = DAY + timedelta(days=1)
    bill = [theirs(DOLLAR // 2, (50, 10, 25), 5), theirs(3 * DOLLAR // 2, (150, 30, 75), 15, day=next_day)]
    first, second = compared(bill, [ours(), ours(day=next_day)])
    assert (first.cause, first.sentence) == ("border", "A call near midnight: it is on 2026-11-04 in the bill.")
    assert (second.cause, second.sentence) == ("border", "A call near midnight: it is on 2026-11-03 here.")


def test_a_model_of_another_day_is_known() -> None:
    rows = compared([theirs(), theirs(day=DAY + timedelta(days=2))], [ours()])
    assert rows[1].sentence == "Used outside ByteBot: it made no calls to this model that day."


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("names", "used", "rows"),
    [
        ([GPT], [GPT], [(GPT, 1, 1)]),
        ([GPT], ["gpt-4o"], [(GPT, 1, 1)]),
        (["gpt-4o"], [GPT], [("gpt-4o", 1, 1)]),
        ([GPT], [GPT, "gpt-4o"], [(GPT, 1, 2)]),
        ([GPT, "gpt-4o-2024-11-20"], [GPT], [(GPT, 1, 1), ("gpt-4o-2024-11-20", 1, 0)]),
        ([GPT, "gpt-4o-2024-11-20"], ["gpt-4o"], [(f"{GPT}, gpt-4o-2024-11-20", 2, 1)]),
        (["gpt-4o-mini"], ["gpt-4o"], [("gpt-4o", 0, 1), ("gpt-4o-mini", 1, 0)]),
        (["Claude Haiku 4.5"], ["claude-haiku-4-5-20251001"], [("Claude Haiku 4.5", 1, 1)]),
        (["anthropic/claude-4.8-opus-20260528"], ["anthropic/claude-opus-4.8"], [("anthropic/claude-4.8-opus-20260528", 1, 1)]),
        (["GPT-4o"], ["gpt-4o"], [("GPT-4o", 1, 1)]),
    ],
)  # fmt: skip
def test_aliases_and_snapshots(names: list[str], used: list[str], rows: list[tuple[str, int, int]]) -> None:
    bill = statement(theirs(model=name, requests=1) for name in names)
    found = paired(bill, [ours(model=name, calls=1) for name in used])
    counted = [
        (pair.model, (pair.theirs.requests or 0) if pair.theirs else 0, pair.ours.bill.calls if pair.ours else 0)
        for pair in found
    ]
    assert counted == rows


def test_money_that_names_no_model_is_compared_by_the_day() -> None:
    bill = [theirs(3 * DOLLAR, None, None, model=""), theirs(None, model="a"), theirs(None, model="b")]
    (row,) = compared(bill, [ours(model="a"), ours(2 * DOLLAR, model="b")])
    assert (row.pair.model, row.pair.difference, row.cause) == (ALL_MODELS, 0, "agrees")


def test_costs_and_usage_are_one_bill_and_two_bills_of_one_day_are_not() -> None:
    costs, usage = statement([theirs(DOLLAR, None, None)]), statement([theirs(None)])
    assert costs.twice(usage) is None
    costs.join(usage)
    assert one_of(costs).theirs is not None
    assert (one_of(costs).billed, one_of(costs).token_difference) == (DOLLAR, 150)
    assert costs.twice(usage) == (DAY, GPT)


def one_of(bill: Statement) -> Pair:
    (pair,) = paired(bill, [])
    return pair


# ── nothing is lost ──────────────────────────────────────────────────────────────────────────────────────────────────

NAMES = st.sampled_from(
    ["gpt-4o", GPT, "gpt-4o-2024-11-20", "gpt-4o-mini", "Claude Haiku 4.5", "claude-haiku-4-5", "", "x"]
)
DAYS = st.dates(DAY, DAY + timedelta(days=3))
COUNT = st.one_of(st.none(), st.integers(0, 1000))
BILLED = st.builds(
    Billed,
    day=DAYS,
    model=NAMES,
    amount=st.one_of(st.none(), st.integers(-(10**12), 10**12)),
    currency=st.sampled_from(["USD", "USD", "USD", "EUR"]),
    input_tokens=COUNT,
    cached_tokens=COUNT,
    output_tokens=COUNT,
    requests=COUNT,
    tier=st.sampled_from(["", "batch"]),
)
USED = st.builds(
    Used,
    day=DAYS,
    model=NAMES,
    bill=st.builds(
        Bill,
        nanodollars=st.integers(0, 10**12),
        calls=st.integers(3, 9),
        estimated=st.integers(0, 3),
        unpriced=st.integers(0, 3),
    ),
    uncertain=st.integers(0, 3),
    input_tokens=st.integers(0, 1000),
    cached_tokens=st.integers(0, 1000),
    output_tokens=st.integers(0, 1000),
)


@settings(max_examples=400, deadline=None)
@given(lines=st.lists(BILLED, max_size=12), used=st.lists(USED, max_size=12))
def test_the_differences_add_up_to_the_difference_of_the_sums(lines: list[Billed], used: list[Used]) -> None:
    bill = statement(lines)
    pairs = paired(bill, used)
    in_dollars = [line.amount for line in lines if line.amount is not None and line.currency == "USD"]
    assert sum(pair.counted for pair in pairs) == sum(one.bill.nanodollars for one in used)
    assert sum((pair.ours.bill.calls if pair.ours else 0) for pair in pairs) == sum(one.bill.calls for one in used)
    assert sum((pair.ours.tokens if pair.ours else 0) for pair in pairs) == sum(one.tokens for one in used)
    for name in ("input_tokens", "cached_tokens", "output_tokens", "requests"):
        there = sum((getattr(pair.theirs, name) or 0) for pair in pairs if pair.theirs)
        assert there == sum(getattr(line, name) or 0 for line in lines), name
    if any(in_dollars) or bill.has_money:
        assert sum(pair.billed or 0 for pair in pairs) == sum(in_dollars)
        counted = sum(one.bill.nanodollars for one in used)
        assert sum(pair.over or 0 for pair in pairs) == sum(in_dollars) - counted
    else:
        assert all(pair.over is None for pair in pairs)
    unknown = [pair for pair in pairs if pair.ours and not pair.ours.bill.known]
    assert all(pair.difference is None for pair in unknown), "what is unknown is never 0"
    assert all(pair.difference == pair.over for pair in pairs if pair not in unknown)
    places = [(pair.day, pair.model) for pair in pairs]
    assert len(places) == len(set(places)), "each day and model is one row"
    rows = explained(pairs, TODAY)
    assert [row.pair for row in rows] == pairs
    assert all(row.sentence.endswith(".") for row in rows)
    for row in rows:
        assert (row.cause == "agrees") <= (not row.pair.over)
