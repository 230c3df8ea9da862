"""Numbers and days as people and programs write them, read exactly or not at all.

A file is surveyed first: `1,234` or `03/04/2026` alone can be read in two ways, and another line may tell which is meant.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

MOST = 10**18  # nano-dollars of one line, a milliard dollars
_LONGEST = 80  # characters of an amount; a longer cell is something else
_EXACT = Context(prec=120, rounding=ROUND_HALF_EVEN)
_NOTHING = frozenset({"", "-", "—", "–", "null", "none", "n/a", "na", "nan"})
SIGNS = {
    "$": "USD",
    "US$": "USD",
    "US Dollar": "USD",
    "€": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "A$": "AUD",
    "C$": "CAD",
}
_MONEY = r"(?:[A-Za-z]{3}(?![A-Za-z])|(?:US|A|C)?\$|[€£¥₹])"
_AMOUNT = re.compile(
    rf"(?P<open>\()?\s*(?P<before>[-−+])?\s*(?P<unit>{_MONEY})?\s*(?P<after>[-−+])?\s*"
    r"(?P<number>\d[\d.,'’ \u00a0\u202f]{0,60}|[.,]\d{1,60})(?P<exponent>[eE][-+]?\d{1,2})?"
    rf"\s*(?P<unit_after>{_MONEY})?\s*(?P<close>\))?"
)
_PLAIN = re.compile(r"(-?)(\d{1,9})\.(\d{1,40})", re.ASCII)
_SLASHED = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?:[ T,].*)?")
_DOTTED = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ T,].*)?")
_YEAR_FIRST = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(.*)")
_WRITTEN = ("%b %d, %Y", "%B %d, %Y", "%d %b %Y", "%d %B %Y", "%b %d %Y")
_FIRST, _LAST = date(2015, 1, 1), date(2199, 12, 31)


class Unreadable(ValueError):
    """The rest of a sentence that begins with the value: "… is no day."."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """`nano` is in units of 10⁻⁹ of `currency`, "" where the cell names none."""

    nano: int
    currency: str = ""


def nothing(text: str) -> bool:
    return text.strip().lower() in _NOTHING


@dataclass(slots=True)
class Survey:
    """What the cells of a file tell of how it writes numbers and days. Unreadable where two of them disagree."""

    mark: str = ""
    """The decimal mark, "." or ","; "" when nothing told."""
    order: str = ""
    """"dmy" or "mdy"; "" when nothing told."""
    places: int = 0
    """Most decimals of an amount."""
    doubtful_number: tuple[str, str, int] | None = None
    doubtful_day: tuple[str, str, int] | None = None
    """The first cell that can be read in two ways, with its column and line."""

    def number(self, text: str, column: str, line: int, *, whole: bool) -> None:
        plain = _PLAIN.fullmatch(text)
        if plain is not None and len(plain[3]) > 3 and self.mark == ".":
            self.places = self.places if whole else max(self.places, len(plain[3]))
            return  # nothing new: most cells of most files
        found = _amount(text)
        if found is None:
            return  # reading it will say so
        number = found["number"]
        mark = _mark(number, whole=whole) if not found["exponent"] else next((c for c in ".," if c in number), "")
        if mark == "?":
            self.doubtful_number = self.doubtful_number or (text.strip(), column, line)
        elif mark and self.mark and mark != self.mark:
            raise Unreadable(f"writes its decimals with {mark!r}, other lines with {self.mark!r}.")
        elif mark:
            self.mark = mark
        if not whole and mark != "?":
            self.places = max(self.places, _decimals(found, mark or self.mark))

    def day(self, text: str, column: str, line: int) -> None:
        found = _SLASHED.fullmatch(text.strip()) if "/" in text else None
        if found is None:
            return
        one, two = int(found[1]), int(found[2])
        order = "dmy" if one > 12 else "mdy" if two > 12 else ""
        if order and self.order and order != self.order:
            raise Unreadable("has its day where other lines have the month.")
        self.order = self.order or order
        if not order and one != two:
            self.doubtful_day = self.doubtful_day or (text.strip(), column, line)


def _amount(text: str) -> re.Match[str] | None:
    text = text.strip()
    return _AMOUNT.fullmatch(text) if len(text) <= _LONGEST else None


def _mark(number: str, *, whole: bool) -> str:
    """The decimal mark that a number shows; "" for none and "?" where it could be either."""
    number = re.sub(r"[^\d.,]", "", number)
    points, commas = number.count("."), number.count(",")
    if not points and not commas:
        return ""
    if points and commas:
        return "." if number.rfind(".") > number.rfind(",") else ","
    mark, other = (".", ",") if points else (",", ".")
    if points + commas > 1:
        return other
    left, right = number.split(mark)
    if len(right) != 3 or len(left) > 3 or left in ("", "0"):
        return mark
    if whole:
        return "" if right == "000" else other
    return "?"


def _decimals(found: re.Match[str], mark: str) -> int:
    exponent = int(found["exponent"][1:]) if found["exponent"] else 0
    digits = found["number"].rpartition(mark)[2] if mark and mark in found["number"] else ""
    return max(0, len(digits) - exponent)


def read_amount(text: str, mark: str) -> Amount:
    """An amount with its sign and currency; Unreadable when it is none. `mark`: the decimal mark."""
    if mark == "." and (plain := _PLAIN.fullmatch(text)):
        return Amount(nano=_nano(plain))
    found = _amount(text)
    if found is None or bool(found["open"]) != bool(found["close"]) or (found["before"] and found["after"]):
        raise Unreadable("is no amount.")
    value = _decimal(found, mark)
    negative = bool(found["open"]) or (found["before"] or found["after"] or "+") in "-−"
    nano = int(_EXACT.to_integral_value(_EXACT.multiply(value, Decimal(10**9))))
    if nano > MOST:
        raise Unreadable("is more than anybody could be billed.")
    unit = found["unit"] or found["unit_after"] or ""
    return Amount(nano=-nano if negative else nano, currency=SIGNS.get(unit, unit.upper()))


def _nano(plain: re.Match[str]) -> int:
    """The same for what programs write, several times as quick."""
    sign, whole, part = plain.groups()
    value = int(whole + part.ljust(9, "0"))
    if len(part) > 9:
        unit = 10 ** (len(part) - 9)
        value, rest = divmod(value, unit)
        value += 2 * rest > unit or (2 * rest == unit and value % 2)
    return -value if sign else value


def read_count(text: str, mark: str) -> int:
    """A whole number that is not negative, however its thousands are grouped; Unreadable when it is none."""
    text = text.strip()
    if text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    found = _amount(text)
    plain = found is not None and not any(found[part] for part in ("open", "close", "before", "after", "unit"))
    if found is None or not plain or found["unit_after"]:
        raise Unreadable("is no whole number.")
    value = _decimal(found, mark)
    if value != value.to_integral_value() or value > MOST:
        raise Unreadable("is no whole number.")
    return int(value)


def _decimal(found: re.Match[str], mark: str) -> Decimal:
    other = "," if mark == "." else "."
    plain = re.sub(rf"[{other}'’ \u00a0\u202f]", "", found["number"]).replace(mark, ".")
    if plain.count(".") > 1:
        raise Unreadable("is no number.")
    return Decimal(plain + (found["exponent"] or ""))


@lru_cache(maxsize=4096)
def read_day(text: str, order: str) -> date:
    """The day in UTC. Times without a zone are taken for UTC. `order`: "dmy" or "mdy", of days with slashes.

    >>> read_day("1759622400", ""), read_day("2026-11-03T23:30:00-02:00", ""), read_day("3.11.2026", "")
    (datetime.date(2025, 10, 5), datetime.date(2026, 11, 4), datetime.date(2026, 11, 3))
    """
    text = text.strip()
    try:
        day = _day(text, order)
    except (ValueError, OverflowError, OSError):
        raise Unreadable("is no day. Days are written as 2026-11-25.") from None
    if not _FIRST <= day <= _LAST:
        raise Unreadable("is no day of which there could be a bill.")
    return day


def _day(text: str, order: str) -> date:
    if re.fullmatch(r"\d{10}(?:\.\d+)?|\d{13}", text, re.ASCII):
        seconds = int(text[:10])
        return datetime.fromtimestamp(seconds, UTC).date()
    if found := _SLASHED.fullmatch(text):
        one, two, year = map(int, found.groups())
        return date(year, one, two) if order == "mdy" else date(year, two, one)
    if found := _DOTTED.fullmatch(text):
        day, month, year = map(int, found.groups())
        return date(year, month, day)
    if found := _YEAR_FIRST.fullmatch(text):
        text = f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}{found[4]}"
    text = text.removesuffix(" UTC").strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _written(text)
    return (moment if moment.tzinfo is None else moment.astimezone(UTC)).date()


def _written(text: str) -> date:
    for form in _WRITTEN:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise ValueError
