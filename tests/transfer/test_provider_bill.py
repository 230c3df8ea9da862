"""Providers' bills: every dialect is read exactly, and what cannot be read is named by line and field."""

import contextlib
import csv
import io
import random
import time
import tracemalloc
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbot.core.billed import Billed, statement
from chatbot.core.errors import BadInput
from chatbot.transfer.provider_bill import open_bill
from tests.transfer.bills import ANTHROPIC_COSTS, ANTHROPIC_USAGE, OPENAI_COSTS, OPENAI_USAGE, OPENROUTER

DAY = date(2025, 11, 3)
HAIKU = "claude-haiku-4-5-20251001"


def read(text: str | bytes, name: str = "bill.csv") -> list[Billed]:
    data = text.encode() if isinstance(text, str) else text
    return list(open_bill(io.BytesIO(data), name).lines())


def wrong(text: str | bytes) -> str:
    with pytest.raises(BadInput) as caught:
        read(text)
    return caught.value.sentence


# ── what providers write ─────────────────────────────────────────────────────────────────────────────────────────────


def test_openais_costs() -> None:
    lines = read(OPENAI_COSTS)
    assert [(line.model, line.amount) for line in lines[:3]] == [
        ("gpt-4o-2024-08-06", 133_600_000),
        ("gpt-4o-2024-08-06", 7_200_000),
        ("gpt-4o-2024-08-06", 106_460_000),
    ]
    assert lines[3] == Billed(day=date(2025, 11, 4)), "a day on which nothing was billed is a day that the bill covers"
    assert {line.unit for line in lines} == {1}


def test_openais_usage() -> None:
    usual, batch, nothing = read(OPENAI_USAGE)
    assert usual == Billed(
        day=DAY,
        model="gpt-4o-2024-08-06",
        unit=usual.unit,
        input_tokens=59_200,
        cached_tokens=5_760,
        output_tokens=10_646,
        requests=10,
    )
    assert (batch.tier, batch.requests) == ("batch", 1)
    assert nothing.day == date(2025, 11, 4)


def test_anthropics_usage_has_its_caches_inside_the_input() -> None:
    usual, batch = read(ANTHROPIC_USAGE)
    assert (usual.model, usual.input_tokens, usual.cached_tokens) == (HAIKU, 46_981 + 15_969 + 1000 + 50, 50)
    assert (usual.output_tokens, usual.tier, batch.tier) == (16_932, "", "batch")


def test_anthropics_costs() -> None:
    assert [(line.model, line.amount, line.tier) for line in read(ANTHROPIC_COSTS)] == [
        ("Claude Haiku 4.5", 50_000_000, ""),
        ("Claude Haiku 4.5", 20_000_000, ""),
    ]


def test_openrouters_activity() -> None:
    one, two = read(OPENROUTER)
    assert (one.day, one.amount, one.input_tokens, one.cached_tokens, one.output_tokens) == (DAY, 123_450, 120, 20, 40)
    assert (two.day, two.amount, two.cached_tokens, two.requests) == (DAY, 10_000, None, 1)


def test_with_ones_own_key_at_openrouter_the_vendors_part_counts_too() -> None:
    text = OPENROUTER.replace("0.00012345,0,0,0,", "0.00012345,0,0,0.002,")
    assert read(text)[0].amount == 2_123_450


def test_openrouters_activity_by_day() -> None:
    text = (
        "date,model,model_permaslug,provider_name,usage,byok_usage_inference,requests,prompt_tokens,completion_tokens\n"
    )
    (line,) = read(text + "2025-11-03,x/m,x/m-20250801,P,0.5,0,31,640000,30500\n")
    assert (line.amount, line.requests, line.input_tokens, line.output_tokens) == (500_000_000, 31, 640_000, 30_500)


@pytest.mark.parametrize(
    ("text", "vendor"),
    [
        (OPENAI_COSTS, "OpenAI"),
        (OPENAI_USAGE, "OpenAI"),
        (ANTHROPIC_COSTS, "Anthropic"),
        (ANTHROPIC_USAGE, "Anthropic"),
        (OPENROUTER, "OpenRouter"),
        ("day,model,usd\n2025-11-03,m,1\n", ""),
    ],
)
def test_whose_it_is(text: str, vendor: str) -> None:
    assert open_bill(io.BytesIO(text.encode()), "x").vendor == vendor


# ── how people's programs save it ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("cell", "amount", "currency"),
    [
        ("1234.56", 1_234_560_000_000, "USD"),
        ('"1,234.56"', 1_234_560_000_000, "USD"),
        ('"1.234,56"', 1_234_560_000_000, "USD"),
        ('"1.234.567,5"', 1_234_567_500_000_000, "USD"),
        ("1 234.56", 1_234_560_000_000, "USD"),
        ("1'234.56", 1_234_560_000_000, "USD"),
        ("$0.50", 500_000_000, "USD"),
        ("-$0.50", -500_000_000, "USD"),
        ("$-0.50", -500_000_000, "USD"),
        ("−0.50", -500_000_000, "USD"),
        ("($0.50)", -500_000_000, "USD"),
        ('"0,50 €"', 500_000_000, "EUR"),
        ("USD 0.5", 500_000_000, "USD"),
        ("0.5 gbp", 500_000_000, "GBP"),
        ("1e-05", 10_000, "USD"),
        ("5.0E-7", 500, "USD"),
        ("0.0000000005", 0, "USD"),
        ("0.0000000015", 2, "USD"),
        (".25", 250_000_000, "USD"),
        ("0.5617712500000000", 561_771_250, "USD"),
        ("", None, "USD"),
        ("-", None, "USD"),
    ],
)
def test_amounts(cell: str, amount: int | None, currency: str) -> None:
    (line,) = read(f"date,model,cost\n2025-11-03,m,{cell}\n")
    assert (line.amount, line.currency) == (amount, currency)


@pytest.mark.parametrize(
    "cell",
    [
        "2025-11-03",
        "2025/11/3",
        "20251103",
        "1762128000",
        "1762128000000",
        "2025-11-03 18:54:30.040",
        "2025-11-03T00:00:00Z",
        "2025-11-02T23:00:00-02:00",
        "2025-11-04T01:00:00+02:00",
        "2025-11-03 00:00 UTC",
        "3.11.2025",
        '"Nov 3, 2025"',
        "3 November 2025",
        "11/3/2025 4:00 PM",
    ],
)
def test_days_are_in_utc(cell: str) -> None:
    other = "11/30/2025" if "/3/" in cell else "2025-11-30"
    lines = read(f"date,model,cost\n{cell},m,1.5\n{other},m,1.5\n")
    assert [line.day for line in lines] == [DAY, date(2025, 11, 30)]


def test_other_lines_tell_what_one_means() -> None:
    lines = read('date,model,cost,input_tokens,output_tokens\n03/11/2025,m,"1,234","2.345",1\n25/11/2025,m,"0,5",7,1\n')
    assert [(line.day, line.amount, line.input_tokens) for line in lines] == [
        (DAY, 1_234_000_000, 2345),
        (date(2025, 11, 25), 500_000_000, 7),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_encodings_line_endings_and_separators(encoding: str, ending: str, separator: str) -> None:
    heading = separator.join(("Date", "Model", "Cost", "note"))
    row = separator.join(("2025-11-03", '"m"', "0.5", f'"a{ending}b{separator}"'))
    (line,) = read(ending.join(("", heading, "", row, "")).encode(encoding))
    assert (line.day, line.model, line.amount) == (DAY, "m", 500_000_000)


def test_excels_own_line_and_fields_left_empty_at_the_end() -> None:
    assert read("sep=;\nday;model;usd\n2025-11-03;m;1.5;;\n")[0].amount == 1_500_000_000


def test_other_currencies_are_named_and_not_mixed_in() -> None:
    lines = "2025-11-03,m,1.5,usd\n2025-11-03,m,2.5,eur\n2025-11-03,m,0.5,$\n2025-11-03,m,1,US Dollar\n"
    found = statement(read(f"date,model,amount,currency\n{lines}"))
    assert found.by[DAY, "m"].nanodollars == 3_000_000_000
    assert found.others == {"EUR": 2_500_000_000}


# ── what cannot be read ──────────────────────────────────────────────────────────────────────────────────────────────

HEAD = "date,model,cost,input_tokens,output_tokens,batch\n"
FINE = "2025-11-03,m,1.5,10,5,FALSE\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", ["bill.csv is empty"]),
        (b"\xef\xbb\xbf\r\n \r\n", ["is empty"]),
        (HEAD, ["a heading and no lines"]),
        (b"PK\x03\x04rest", ["a spreadsheet or a zip file", "Export it as CSV"]),
        (b"\xd0\xcf\x11\xe0\xa1", ["old spreadsheet"]),
        (b"%PDF-1.7", ["a PDF"]),
        ('{"data": []}', ["is JSON"]),
        ("<!doctype html>", ["a web page"]),
        (bytes(range(256)) * 8, ["is no text"]),
        (HEAD.encode() + FINE.encode() + b"2025-11-04,caf\xe9,1,1,1,\n", ["line 3", "not UTF-8"]),
        ((HEAD + FINE).encode("utf-16")[:-1], ["line 2", "cut off"]),
        (HEAD + FINE + "2025-11-04,m,1\x00.5,1,1,\n" + FINE * 400, ["is no text"]),
        ("name,age\nAda,36\n", ["line 1", "no column says the day", "It has: name, age", "Looked for: start_time_iso"]),
        ("date,weather\n2025-11-03,fine\n", ["no column says money or tokens", "date, weather", "amount_value"]),
        ("date,input_tokens,output_tokens\n2025-11-03,1,1\n", ["no column says the model"]),
        ("date,date,cost\n2025-11-03,2025-11-03,1\n", ["two columns are named 'date'"]),
        (HEAD + FINE + "yesterday,m,1,1,1,\n", ["line 3, date", "'yesterday' is no day"]),
        (HEAD + FINE + ",m,1,1,1,\n", ["line 3, date", "'' is no day"]),
        (HEAD + FINE + "2025-02-30,m,1,1,1,\n", ["line 3, date", "'2025-02-30' is no day"]),
        (HEAD + FINE + "9999-12-31,m,1,1,1,\n", ["line 3, date", "no day of which"]),
        (HEAD + "03/04/2025,m,1,1,1,\n", ["line 2, date", "'03/04/2025' can be two days", "2026-11-25"]),
        (HEAD + "03/14/2025,m,1,1,1,\n14/03/2025,m,1,1,1,\n", ["line 3, date", "has its day where other lines"]),
        (HEAD + FINE + "2025-11-04,m,free,1,1,\n", ["line 3, cost", "'free' is no amount"]),
        (HEAD + FINE + "2025-11-04,m,1.2.3,1,1,\n", ["line 3, cost"]),
        (HEAD + FINE + "2025-11-04,m,(1.5,1,1,\n", ["line 3, cost", "'(1.5' is no amount"]),
        (HEAD + FINE + "2025-11-04,m,1e99,1,1,\n", ["line 3, cost", "more than anybody"]),
        (HEAD + FINE + "2025-11-04,m,$" + " " * 90_000 + "1,1,1,\n", ["line 3, cost", "is no amount"]),
        ('date,cost\n2025-11-03,"1,234"\n', ["line 2, cost", "'1,234' can be two numbers", "1234.56"]),
        ("date;cost\n2025-11-03;1.234\n", ["line 2, cost", "'1.234' can be two numbers"]),
        ('date,cost\n2025-11-03,0.5\n2025-11-03,"0,5"\n', ["line 3, cost", "writes its decimals with ','"]),
        (HEAD + FINE + "2025-11-04,m,1,1.5,1,\n", ["line 3, input_tokens", "'1.5' is no whole number"]),
        (HEAD + FINE + "2025-11-04,m,1,1,-4,\n", ["line 3, output_tokens", "'-4' is no whole number"]),
        (HEAD + FINE + "2025-11-04,m,1,1,1,perhaps\n", ["line 3, batch", "neither true nor false"]),
        (HEAD + FINE + "2025-11-04,m,1.", ["line 3", "3 of 6 fields", "looks cut off"]),
        (HEAD + FINE + '2025-11-04,"m,1.5,1', ["line 3", "never closed", "cut off"]),
        (HEAD + FINE + "2025-11-04,m,1,1,1,,surplus\n", ["line 3", "7 fields where the heading has 6", "in quotes"]),
        (HEAD + FINE + '2025-11-04,"m"x,1,1,1,\n', ["line 3", "a quote stands in the middle"]),
        (HEAD + FINE + '2025-11-04,"' + "x" * 200_000 + "\n", ["line 3", "has no end"]),
        (HEAD + FINE + "x" * 1_100_000, ["line 3", "longer than 1,000,000 characters"]),
        ("date,cost,currency\n2025-11-03,€5,usd\n", ["line 2, cost", "'€5' is not in USD"]),
    ],
    ids=lambda value: None if isinstance(value, list) else str(value)[:30].encode().hex()[:24],
)
def test_what_is_wrong_is_named(text: str | bytes, said: list[str]) -> None:
    sentence = wrong(text)
    for words in said:
        assert words in sentence
    assert "\n" not in sentence


def test_the_file_stays_open_and_can_be_read_again() -> None:
    file = io.BytesIO(OPENAI_COSTS.encode())
    bill = open_bill(file, "x")
    assert list(bill.lines()) == list(bill.lines())
    assert not file.closed


# ── any bill, in any dialect ─────────────────────────────────────────────────────────────────────────────────────────

MODELS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12).filter(
    lambda text: text.strip() == text
)
LINES = st.lists(
    st.tuples(
        st.dates(date(2015, 1, 1), date(2199, 12, 31)),
        MODELS,
        st.integers(-(10**15), 10**15),
        st.integers(0, 10**10),
        st.integers(0, 10**10),
    ),
    min_size=1,
    max_size=8,
)


def grouped(digits: str, thousands: str) -> str:
    return f"{int(digits):,}".replace(",", thousands)


@settings(max_examples=200, deadline=None)
@given(
    lines=LINES,
    separator=st.sampled_from(",;\t|"),
    ending=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    marks=st.sampled_from([(".", ""), (".", ","), (",", "."), (",", " "), (".", "'")]),
    sign=st.sampled_from(["", "$", "USD "]),
    day_form=st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%Y-%m-%dT12:00:00+00:00"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    blanks=st.booleans(),
)
def test_what_was_written_is_read(
    lines: list[tuple[date, str, int, int, int]],
    separator: str,
    ending: str,
    encoding: str,
    marks: tuple[str, str],
    sign: str,
    day_form: str,
    quoting: int,
    blanks: bool,
) -> None:
    point, thousands = marks
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=ending, quoting=quoting)  # type: ignore[arg-type]
    writer.writerow(["Model", "Input tokens", "DATE", "Cost", "Output tokens"])
    for day, model, nano, sent, said in lines:
        whole, part = divmod(abs(nano), 10**9)
        amount = f"{'-' if nano < 0 else ''}{sign}{grouped(str(whole), thousands)}{point}{part:09d}"
        counts = (grouped(str(count), thousands) for count in (sent, said))
        # %Y has no leading zeros on some systems; no year here needs one.
        writer.writerow([model, next(counts), day.strftime(day_form), amount, next(counts)])
        if blanks:
            text.write(ending)
    found = read(text.getvalue().encode(encoding))
    assert [(one.day, one.model, one.amount, one.input_tokens, one.output_tokens) for one in found] == [
        (day, model, nano, sent, said) for day, model, nano, sent, said in lines
    ]


@settings(max_examples=400, deadline=None)
@given(
    text=st.sampled_from([OPENAI_COSTS, OPENAI_USAGE, ANTHROPIC_COSTS, ANTHROPIC_USAGE, OPENROUTER]),
    cuts=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), st.binary(max_size=6)), max_size=4),
)
def test_a_damaged_file_is_read_or_named_and_nothing_else(text: str, cuts: list[tuple[float, int, bytes]]) -> None:
    data = text.encode()
    for at, length, instead in cuts:
        place = int(at * len(data))
        data = data[:place] + instead + data[place + length :]
    with contextlib.suppress(BadInput):
        read(data)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
def test_any_bytes_are_read_or_named(data: bytes) -> None:
    for head in (b"", b"date,model,cost,input_tokens,output_tokens\n2025-11-03,", b"date;cost\n"):
        with contextlib.suppress(BadInput):
            read(head + data)


def test_a_sum_is_exact() -> None:
    random.seed(7)
    cells = [f"{random.random():.9f}" for _ in range(500)]
    found = statement(read("date,model,cost\n" + "".join(f"2025-11-03,m,{cell}\n" for cell in cells)))
    assert found.by[DAY, "m"].nanodollars == int(sum(map(Decimal, cells)) * 10**9)


@pytest.fixture
def large(tmp_path: Path) -> Iterator[BinaryIO]:
    heading, first, *_ = OPENAI_COSTS.splitlines(keepends=True)
    with (tmp_path / "large.csv").open("w+b") as file:
        file.write(heading.encode())
        for number in range(100_000):
            file.write(first.replace("0.1336", f"0.{number:05d}1").encode())
        yield file


def test_a_hundred_thousand_lines_take_no_room(large: BinaryIO) -> None:
    began = time.process_time()
    found = statement(open_bill(large, "large.csv").lines())
    assert time.process_time() - began < 15, "a few seconds where nothing else runs"
    assert found.lines == 100_000
    assert found.by[DAY, "gpt-4o-2024-08-06"].nanodollars == sum(number * 10_000 + 1000 for number in range(100_000))
    tracemalloc.start()  # this makes everything slow: a part is enough
    try:
        for _, line in zip(range(20_000), open_bill(large, "large.csv").lines(), strict=False):
            assert line.day == DAY
        assert tracemalloc.get_traced_memory()[1] < 4 << 20
    finally:
        tracemalloc.stop()
