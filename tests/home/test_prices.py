"""prices.toml: read whatever is wrong in it, with file and line; changed without losing what a person wrote."""

import random
import re
import timeit
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from chatbot.core.errors import SettingsError
from chatbot.home.home import Home
from chatbot.home.prices import PRICES_FILE, PriceChange, Row, change_prices, prices_in, read_prices

URL = "https://llm.example.com/v1"
AT = datetime(2026, 11, 25, tzinfo=UTC)
BY_HAND = """\
# Agreed with sales in October.

[[price]]
url = "https://llm.example.com"   # ours
model = "our-*"
input = 0.20
output = 0.80
note = '''
[[price]]
input = "no field"
'''

# The old model.
[[price]]
model = "old"
from = 2026-11-01
input = 1
output = 2.5
"""


@pytest.fixture
def file(data: Path) -> Path:
    data.mkdir()
    return data / PRICES_FILE


def say(home: Home, model: str, url: str = URL) -> str | None:
    found = home.prices().prices.find(url, [model], tier=None, at=AT)
    return None if found is None else found.at if found.rates else f"open: {found.wrong[0].at}"


def test_no_file_is_no_price_and_no_problem(open_home: Callable[..., Home]) -> None:
    home = open_home()
    assert say(home, "our-model") is None
    assert home.problems() == ()


def test_what_a_person_wrote_holds_exactly(file: Path, open_home: Callable[..., Home]) -> None:
    file.write_text(BY_HAND.replace("'''\n[[price]]\ninput = \"no field\"\n'''", "'x'"))
    home = open_home()
    assert home.problems() == ()
    found = home.prices().prices.find(URL, ["our-model"], tier=None, at=AT)
    assert found is not None
    assert found.rates is not None
    assert found.rates.input is not None
    assert found.rates.input.base == Decimal("0.20")
    assert found.rates.origin == "your prices.toml, line 3"
    assert (say(home, "old"), say(home, "new")) == ("line 11", None)


def test_a_change_of_the_file_is_noticed(file: Path, open_home: Callable[..., Home]) -> None:
    home = open_home()
    assert say(home, "m") is None
    file.write_text('[[price]]\nmodel = "m"\ninput = 1\noutput = 1\n')
    assert say(home, "m") == "line 1"
    file.unlink()
    assert say(home, "m") is None


def test_a_price_is_found_in_far_less_than_a_millisecond(file: Path, open_home: Callable[..., Home]) -> None:
    file.write_text("".join(f'[[price]]\nmodel = "model-{n}*"\ninput = 1\noutput = 1\n' for n in range(500)))
    home = open_home()
    assert say(home, "model-499x") == "line 1997"
    took = timeit.repeat(lambda: say(home, "model-499x"), number=100, repeat=10)
    assert min(took) / 100 < 0.0005  # seconds; the best of ten, since machines may be busy


WRONG_FILES = [
    ('[[price]]\nmodel = "m"\ninput = -1\noutput = 1\n', "line 3: input is -1; it must be dollars per million tokens"),
    (
        '[[price]]\nmodel = "m"\n\nouput = 1\ninput = 1\n',
        "line 4: 'ouput' is no field of a price; did you mean 'output'?",
    ),
    ('[[price]]\nmodel = "m"\ninput = 1\n', "line 1: output is missing"),
    ('[[price]]\nmodel = "m"\ninput = inf\noutput = 1\n', "line 3: input is no finite number"),
    ('[[price]]\nmodel = "m"\ninput = nan\noutput = 1\n', "line 3: input is no finite number"),
    ('[[price]]\nmodel = "m"\ninput = 1e99999999999999999999\noutput = 1\n', "line 3: input is"),
    ('[[price]]\nmodel = "m"\ninput = 5e6\noutput = 1\n', "line 3: input is 5E+6"),
    ('[[price]]\nmodel = "m"\ninput = "1"\noutput = 1\n', "line 3: input is '1'"),
    ('[[price]]\nmodel = "m"\nfrom = "x"\ninput = 1\noutput = 1\n', "line 3: from is 'x'; it must be a day"),
    (
        '[[price]]\nmodel = "m"\nfrom = 2026-02-02\nuntil = 2026-01-01\ninput = 1\noutput = 1\n',
        "line 4: until is 2026-01-01, which is not after from, 2026-02-02",
    ),
    (
        '[[price]]\nmodel = "m"\ninput = 1\noutput = 1\n[[price]]\nmodel = "m"\ninput = 2\noutput = 1\n',
        "line 5: this price and that of line 1 can hold for the same call",
    ),
    ("[[price]]\nmodel = m\n", "line 2, is not TOML; nothing in the file is used until that is mended."),
    ('x = 0\n[price]\nmodel = "m"\n', "line 2: price is no list of prices; each must begin with the line [[price]]"),
    ('[[prices]]\nmodel = "m"\ninput = 1\noutput = 1\n', "line 1: 'prices' is nothing here; did you mean [[price]]?"),
    ('# hello\nurl = "https://x"\n', "line 2: 'url' is nothing here; each price begins with the line [[price]]."),
    ('price = [{model = "m", input = 1}]\n', "price 1: output is missing"),
    ("price = 5\n", "line 1: price is no list of prices"),
    (f"[[price]]\ninput = {'9' * 5000}\n", "is not TOML"),
    (f"a = {'[' * 5000}\n", "is not TOML"),
]


@pytest.mark.parametrize(("text", "said"), WRONG_FILES, ids=[said for _, said in WRONG_FILES])
def test_a_mistake_is_told_with_file_and_line_and_prices_nothing(
    text: str, said: str, file: Path, open_home: Callable[..., Home]
) -> None:
    file.write_text(text)
    home = open_home()
    told = [str(problem) for problem in home.problems()]
    assert any(said in one and str(file) in one for one in told), told
    found = say(home, "m")
    assert found is not None
    assert found.startswith("open"), "the public prices must not speak for it"
    why = home.prices().prices.find(URL, ["m"], tier=None, at=AT)
    assert why is not None
    assert "prices.toml" in why.why
    assert str(file.parent) not in why.why, "the ledger keeps no folder's name"


def test_the_settings_page_is_not_flooded(file: Path, open_home: Callable[..., Home]) -> None:
    file.write_text('[[price]]\nmodel = "m"\n' * 50)
    told = open_home().problems()
    assert len(told) == 11
    assert str(told[-1]) == f"{file} has 90 more mistakes."


def test_a_file_that_is_no_text_is_told(file: Path, open_home: Callable[..., Home]) -> None:
    file.write_bytes(b'[[price]]\nmodel = "\xff"\n')
    home = open_home()
    assert "line 2, is not UTF-8 text" in str(home.problems()[0])
    assert say(home, "m") == "open: "


def test_nothing_in_a_file_raises(tmp_path: Path) -> None:
    """Ten thousand texts, each a sound one with some of it broken: told, or sound; and no call priced by a mistake."""
    file, dice = tmp_path / PRICES_FILE, random.Random(20261125)
    words = re.split(r"(\s+|=|\[\[price\]\])", BY_HAND)
    pieces = ["[[price]]", "[", '"', "'''", "=", "\n", "#", "\0", "-1", "inf", "1e9", "{}", "[1]", "2026-13-45", "true"]
    pieces += [
        "input",
        "model",
        '"*"',
        "0x" + "f" * 50,
        "ü",
        "\r",
        "",
        " ",
        "'a'",
        "nan",
        "1979-05-27T07:32:00Z",
        "07:32:00",
    ]
    told = parsed = 0
    for _ in range(10_000):
        broken = list(words)
        for _ in range(dice.randint(1, 3)):
            broken[dice.randrange(len(broken))] = dice.choice(pieces)
        read = prices_in(file, "".join(broken))
        assert all(str(problem).startswith(str(file)) for problem in read.problems)
        told += bool(read.problems)
        parsed += "not TOML" not in read.error
        for model in ("our-model", "old"):
            found = read.prices.find(URL, [model], tier=None, at=AT)
            assert found is None or found.rates or found.why
        assert read.problems or all(entry.rates for entry in read.prices.entries)
    assert told > 5000
    assert parsed > 1500, "the parser alone was tried"


def test_a_change_keeps_comments_order_and_spelling(file: Path) -> None:
    file.write_text(BY_HAND)
    seen = read_prices(file).tables
    change_prices(
        file,
        seen,
        PriceChange(
            edited={1: {"input": Decimal("1.5"), "until": date(2027, 1, 1)}},
            added=[
                {
                    "url": "https://new.example.com",
                    "model": "new",
                    "input": Decimal("0.123456789"),
                    "output": Decimal(0),
                }
            ],
        ),
    )
    text = file.read_text()
    assert text.startswith(BY_HAND.partition("input = 1\n")[0])
    assert "input = 0.20\n" in text
    read = read_prices(file)
    assert not read.problems
    assert read.tables[1]["input"] == Decimal("1.5")
    assert read.tables[1]["until"] == date(2027, 1, 1)
    assert read.tables[2]["input"] == Decimal("0.123456789")
    change_prices(file, read.tables, PriceChange(deleted=[1, 2]))
    assert "# Agreed with sales" in file.read_text()
    assert len(read_prices(file).tables) == 1
    change_prices(file, read_prices(file).tables, PriceChange(deleted=[0]))
    assert read_prices(file).tables == ()
    change_prices(file, (), PriceChange(added=[{"model": "m", "input": Decimal(1), "output": Decimal(1)}]))
    assert len(read_prices(file).tables) == 1


@pytest.mark.parametrize(
    "text",
    [
        '[[price]]\nmodel = "m"\ninput = 1.0\noutput = 2e1\n',
        'price = [{model = "m", input = 1.0, output = 2}]\n',
        '[["price"]]\n"model" = "m"\ninput = 1\noutput = 0.10\r\n',
        '[[price]]\nmodel = "m"\ninput = 1e999999\noutput = 1\n',
        f'[[price]]\nmodel = "m"\ninput = 0x{"f" * 9000}\noutput = 1\n',
        '[[price]]\nmodel = "m"\ninput = nan\noutput = {a = [1.0, 1979-05-27]}\n',
    ],
    ids=["float", "inline", "quoted", "huge", "long", "odd"],
)
def test_whatever_it_is_written_like_it_can_be_put_right(text: str, file: Path) -> None:
    file.write_text(text)
    right: Row = {"input": Decimal("0.5"), "output": Decimal(3)}
    change_prices(file, read_prices(file).tables, PriceChange(edited={0: right}))
    read = read_prices(file)
    assert not read.problems
    assert read.tables == ({"model": "m", "input": Decimal("0.5"), "output": 3},)
    added: Row = {"model": "n", "input": 0, "output": 0}
    change_prices(file, read.tables, PriceChange(added=[added]))
    assert [one["model"] for one in read_prices(file).tables] == ["m", "n"]
    change_prices(file, read_prices(file).tables, PriceChange(deleted=[0]))
    assert [one["model"] for one in read_prices(file).tables] == ["n"]


def test_a_wrong_row_saves_nothing(file: Path) -> None:
    file.write_text(BY_HAND)
    seen = read_prices(file).tables
    with pytest.raises(SettingsError, match=r"Row 2: input is -1; it must be .* Row 3: output is missing"):
        change_prices(
            file,
            seen,
            PriceChange(
                edited={0: {"input": Decimal(9)}, 1: {"input": Decimal(-1)}}, added=[{"model": "x", "input": 1}]
            ),
        )
    with pytest.raises(SettingsError, match="Row 3: this price and that of row 2 can hold for the same call"):
        change_prices(
            file, seen, PriceChange(added=[{"model": "old", "from": date(2026, 11, 1), "input": 1, "output": 1}])
        )
    assert file.read_text() == BY_HAND


def test_what_another_wrote_meanwhile_is_not_overwritten(file: Path) -> None:
    file.write_text(BY_HAND)
    seen = read_prices(file).tables
    file.write_text(BY_HAND.replace("input = 0.20", "input = 0.30"))
    with pytest.raises(SettingsError, match="has been changed elsewhere"):
        change_prices(file, seen, PriceChange(edited={1: {"input": Decimal(9)}}))
    assert "input = 0.30" in file.read_text()
    file.write_text("# A comment is no other price.\n" + BY_HAND)
    change_prices(file, seen, PriceChange(edited={1: {"input": Decimal(9)}}))
    assert "# A comment" in file.read_text()


def test_a_file_that_is_no_list_is_not_changed(file: Path) -> None:
    file.write_text("[[price]\n")
    with pytest.raises(SettingsError, match="is not TOML"):
        change_prices(file, (), PriceChange(added=[{"model": "m", "input": 1, "output": 1}]))
    assert file.read_text() == "[[price]\n"
