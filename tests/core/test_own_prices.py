"""Which of a person's own prices holds for a call, and what becomes of mistakes in them."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbot.core.money import Usage
from chatbot.core.own_prices import Entry, OwnPrices
from chatbot.core.price_entries import FIELDS, read_entry
from chatbot.core.pricing import cost

D = Decimal
URL = "https://llm.example.com/v1"
AT = datetime(2026, 11, 25, 12, tzinfo=UTC)


def entry(at: str = "line 1", **raw: Any) -> Entry:
    """As a person writes it; from is `since`, since Python keeps the word."""
    if "since" in raw:
        raw["from"] = raw.pop("since")
    return read_entry({"input": 1, "output": 2, **raw}, at, lambda field: f"{at} ({field})")


def prices(*raw: Mapping[str, Any]) -> OwnPrices:
    return OwnPrices(entry(f"line {number}", **one) for number, one in enumerate(raw, 1))


def at_of(found: Entry | None) -> str | None:
    if found is None:
        return None
    return found.at if found.rates else f"open: {found.wrong[0].at}"


def ask(own: OwnPrices, *models: str, url: str = URL, tier: str | None = None, at: datetime = AT) -> str | None:
    return at_of(own.find(url, models, tier=tier, at=at))


@pytest.mark.parametrize(
    ("first", "second", "models", "holds"),
    [
        ({"model": "*"}, {"model": "gpt-*"}, ["gpt-9"], "line 2"),
        ({"model": "gpt-*"}, {"model": "gpt-9-*"}, ["gpt-9-mini"], "line 2"),
        ({"model": "gpt-9"}, {"model": "gpt-9*"}, ["gpt-9"], "line 1"),
        ({"model": "GPT-9"}, {"model": "*"}, ["gpt-9"], "line 1"),
        # The address goes before the model.
        ({"model": "gpt-9"}, {"model": "*", "url": "https://llm.example.com"}, ["gpt-9"], "line 2"),
        ({"model": "*", "url": "https://llm.example.com/v1"}, {"model": "*", "url": "https://*"}, ["m"], "line 1"),
        ({"model": "*", "url": "https://other.example.com"}, {"model": "*"}, ["m"], "line 2"),
        # What answered goes before what was asked, a full name before a pattern.
        ({"model": "auto"}, {"model": "big"}, ["big", "auto"], "line 2"),
        ({"model": "*"}, {"model": "auto"}, ["big", "auto"], "line 2"),
        ({"model": "au*"}, {"model": "*"}, ["big", "auto"], "line 1"),
        # A later first day goes before an earlier one, and both before none.
        ({"model": "m"}, {"model": "m", "since": date(2026, 11, 1)}, ["m"], "line 2"),
        ({"model": "m", "since": date(2026, 11, 26)}, {"model": "m"}, ["m"], "line 2"),
        ({"model": "m", "until": date(2026, 11, 25)}, {"model": "m", "since": date(2026, 1, 1)}, ["m"], "line 2"),
        ({"model": "m"}, {"model": "m", "tier": "flex"}, ["m"], "line 1"),
        ({"model": "m", "tier": "default"}, {"model": "m"}, ["m"], "line 1"),
        ({"model": "other"}, {"model": "n*"}, ["m"], None),
    ],
)
def test_the_most_specific_price_holds(
    first: dict[str, Any], second: dict[str, Any], models: list[str], holds: str | None
) -> None:
    assert ask(prices(first, second), *models) == holds


def test_a_price_holds_from_its_first_day_to_the_day_before_until() -> None:
    own = prices({"model": "m", "since": "2026-11-01", "until": "2026-12-01"})
    ahead = timezone(timedelta(hours=14))
    for moment, holds in [
        (datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC), None),
        (datetime(2026, 11, 1, tzinfo=UTC), "line 1"),
        (datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), "line 1"),
        (datetime(2026, 12, 1, tzinfo=UTC), None),
        (datetime(2026, 12, 1, 13, tzinfo=ahead), "line 1"),  # still November in UTC
    ]:
        assert ask(own, "m", at=moment) == holds


def test_a_tier_of_its_own_has_a_price_of_its_own() -> None:
    own = prices({"model": "m"}, {"model": "m", "tier": "flex"})
    assert [ask(own, "m", tier=tier) for tier in (None, "default", "flex", "priority")] == [
        "line 1",
        "line 1",
        "line 2",
        "line 1",
    ]


def test_this_machine_costs_nothing_unless_an_address_says_so() -> None:
    def ask_here(**raw: Any) -> str | None:
        return at_of(prices(raw).find("http://localhost:4000/v1", ["m"], tier=None, at=AT, local=True))

    assert ask_here(model="*") is None
    assert ask_here(model="*", url="*") is None
    assert ask_here(model="*", url="http://localhost:4000") == "line 1"
    assert ask_here(model="*", url="http://localhost:*") == "line 1"
    assert prices({"model": "*"}).find("", ["m"], tier=None, at=AT) is None, "the offline model has no address"


def test_prices_that_nothing_tells_apart_are_both_mistakes() -> None:
    own = prices({"model": "ab*"}, {"model": "*ab"}, {"model": "abc"})
    assert ask(own, "ab") == "open: line 1"
    assert ask(own, "abx") == "open: line 1"
    assert ask(own, "abc") == "line 3", "a price that is fine still holds"
    assert "that of line 2" in own.wrong[0].said
    assert "that of line 1" in own.wrong[1].said
    apart = prices({"model": "ab*"}, {"model": "cd*"}, {"model": "m", "url": "https://a*"}, {"model": "m", "url": "*a"})
    assert not apart.wrong
    assert prices({"model": "m", "url": "https://a*b"}, {"model": "m", "url": "https://*ab"}).wrong
    assert not prices({"model": "m"}, {"model": "m", "since": "2026-11-01"}).wrong


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    ({"input": -1}, "input", "input is -1; it must be dollars per million tokens, from 0 to 1,000,000."),
    ({"output": D("-0.5")}, "output", "output is -0.5"),
    ({"input": D("inf")}, "input", "input is no finite number"),
    ({"cached": D("nan")}, "cached", "cached is no finite number"),
    ({"cache_write": 1_000_001}, "cache_write", "cache_write is 1000001"),
    ({"input": D("1e999999")}, "input", "input is 1E+999999"),
    ({"input": 1 << 40_000}, "input", "input is a number of more than 30 digits"),
    ({"input": D("0.12345678901")}, "input", "finer than 9 digits"),
    ({"input": D("0.1" + "0" * 60 + "1")}, "input", "finer than 9 digits"),
    ({"input": "0.15"}, "input", "input is '0.15'"),
    ({"input": True}, "input", "input is true"),
    ({"input": None}, "", "input is missing"),
    ({"output": None}, "", "output is missing"),
    ({"model": None}, "", "model is missing"),
    ({"model": ""}, "model", "model is ''"),
    ({"model": 4}, "model", "model is 4"),
    ({"model": "a\x00b"}, "model", "model is"),
    ({"url": "llm.example.com"}, "url", "url is 'llm.example.com'; it must begin with http://"),
    ({"url": "https://me:pw@example.com"}, "url", "no @"),
    ({"url": ["https://example.com"]}, "url", "it must be a text"),
    ({"since": "soon"}, "from", "from is 'soon'; it must be a day such as 2026-11-25."),
    ({"until": AT}, "until", "it must be a day"),
    ({"since": date(2026, 2, 1), "until": date(2026, 2, 1)}, "until", "until is 2026-02-01, which is not after from"),
    ({"tier": 1}, "tier", "tier is 1"),
    ({"note": "x" * 501}, "note", "at most 500 characters"),
    ({"ouput": 1}, "ouput", "'ouput' is no field of a price; did you mean 'output'?"),
    ({"modle": "m", "model": None}, "modle", "did you mean 'model'?"),
    ({"zzz": 1}, "zzz", "known are url, model, from"),
]


def test_a_misspelt_field_is_not_told_as_missing_too() -> None:
    entry = read_entry({"model": "m", "inptu": 1, "output": 1}, "line 1", lambda field: f"line 1, {field}")
    assert [wrong.said for wrong in entry.wrong] == ["'inptu' is no field of a price; did you mean 'input'?"]
    assert entry.rates is None


@pytest.mark.parametrize(("change", "field", "said"), MISTAKES, ids=[said for _, _, said in MISTAKES])
def test_a_mistake_is_named_with_its_place_and_leaves_the_price_open(
    change: dict[str, Any], field: str, said: str
) -> None:
    raw = {key: value for key, value in {"model": "m", **change}.items() if value is not None}
    raw = {"input": 1, "output": 2} | raw
    raw = {key: value for key, value in raw.items() if change.get(key, 0) is not None}
    if "since" in raw:
        raw["from"] = raw.pop("since")
    made = read_entry(raw, "line 1", lambda name: f"line 1 ({name})")
    assert made.rates is None
    told = [one for one in made.wrong if said in one.said]
    assert told, made.wrong
    assert told[0].at == (f"line 1 ({field})" if field else "line 1")
    found = OwnPrices([made]).find(URL, ["m"], tier=None, at=AT)
    assert found is made, "a call it is about, or may be about, is not priced by others"


def test_a_mistake_stays_with_what_it_is_about() -> None:
    own = prices({"model": "gpt-*", "input": -1}, {"model": "gpt-9"}, {"model": "llama"})
    assert [ask(own, name) for name in ("gpt-8", "gpt-9", "llama", "other")] == [
        "open: line 1 (input)",
        "line 2",
        "line 3",
        None,
    ]
    for both in ([{"model": "m", "input": -1}, {"model": "m"}], [{"model": "m"}, {"model": "m", "input": -1}]):
        assert str(ask(prices(*both), "m")).startswith("open")
    # Where it cannot be told what it is about, it goes before all.
    assert ask(prices({"model": "m"}, {"model": "*", "url": 5}), "m") == "open: line 2 (url)"
    assert ask(prices({"model": "m"}, {"modell": "m"}), "m") == "open: line 2 (modell)"
    assert ask(prices({"model": "m"}, {"model": "x", "url": 5}), "m") == "line 1"


pattern = st.text("ab*", min_size=1, max_size=5)
address = st.sampled_from(["*", "https://a*", "https://*", "https://ab.example", "https://a", "http*", "https://ab*"])
day = st.one_of(st.none(), st.dates(date(2026, 11, 20), date(2026, 11, 30)))
written = st.fixed_dictionaries(
    {
        "model": pattern,
        "url": address,
        "since": day,
        "tier": st.sampled_from([None, "flex", "default"]),
        "input": st.decimals(-1, 9, places=2),
    }
)
calls = st.tuples(
    st.sampled_from(["https://ab.example/v1", "https://a/b", "http://x"]),
    st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=2),
    st.sampled_from([None, "flex", "priority"]),
)


def made(raw: list[dict[str, Any]]) -> list[Entry]:
    return [
        entry(f"line {number:03}", **{key: value for key, value in one.items() if value is not None})
        for number, one in enumerate(raw)
    ]


@given(st.lists(written, max_size=6), st.randoms(use_true_random=False), calls)
def test_the_order_of_prices_says_nothing(raw: list[dict[str, Any]], random: Any, call: Any) -> None:
    entries = made(raw)
    url, names, tier = call
    first = OwnPrices(entries).find(url, names, tier=tier, at=AT)
    shuffled = list(entries)
    random.shuffle(shuffled)
    own = OwnPrices(shuffled)
    found = [own.find(url, names, tier=tier, at=AT) for _ in range(2)]
    assert found[0] is found[1]
    assert (first is None) == (found[0] is None)
    if first is not None and found[0] is not None:
        assert (first.at, first.rates) == (found[0].at, found[0].rates)


@given(st.lists(written, max_size=6), calls)
def test_what_holds_is_about_the_call(raw: list[dict[str, Any]], call: Any) -> None:
    """Held against the patterns by another way of matching: regular expressions."""
    url, names, tier = call
    found = OwnPrices(made(raw)).find(url, names, tier=tier, at=AT)

    def about(one: Entry) -> bool:
        def fits(pattern: str, text: str) -> bool:
            return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None

        return (
            (fits(one.url, url) or fits(one.url + "/*", url))
            and any(fits(one.model, name) for name in names)
            and (one.since is None or one.since <= AT.date())
            and (one.tier is None or one.tier == (tier or "default"))
        )

    assert (found is None) == (not any(about(one) for one in made(raw)))
    if found is not None:
        assert about(found)


count = st.integers(0, 10**7)
dollars = st.decimals(0, 10**6, places=9)


@given(count, count, count, count, dollars, dollars, dollars, dollars)
def test_a_price_of_ones_own_is_exact(
    plain: int, cached: int, written: int, output: int, a: Decimal, b: Decimal, c: Decimal, d: Decimal
) -> None:
    own = entry(model="m", input=a, cached=b, cache_write=c, output=d)
    usage = Usage(
        input_tokens=plain + cached + written, cached_tokens=cached, cache_write_tokens=written, output_tokens=output
    )
    found = cost(usage, own.rates)
    # In whole numbers: 1e-9 dollars per million tokens is 1e-6 nano-dollars a token.
    exact = sum(tokens * int(rate.scaleb(9)) for tokens, rate in ((plain, a), (cached, b), (written, c), (output, d)))
    if exact > 10**15 * 10**6:
        assert found.source == "unknown"
        return
    assert found.source == "override"
    assert found.nanodollars == int((D(exact) / 10**6).to_integral_value(ROUND_HALF_EVEN))
    assert found.origin == "your prices.toml, line 1"


def test_a_model_that_is_free_costs_nothing_by_your_word() -> None:
    own = entry(model="m", input=0, output=0)
    found = cost(Usage(input_tokens=5, output_tokens=5), own.rates)
    assert (found.nanodollars, found.source) == (0, "override")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.text(max_size=8) | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=3,
)


@given(st.dictionaries(st.sampled_from([*FIELDS, "modell", "x", ""]), anything))
def test_nothing_that_is_written_raises(raw: dict[str, Any]) -> None:
    found = read_entry(raw, "line 1", lambda field: "line 1")
    assert (found.rates is None) == bool(found.wrong)
    OwnPrices([found, found]).find(URL, ["m"], tier=None, at=AT)
