"""One price of prices.toml, read from its table: what a field may be, and the sentence for what it may not. Pure."""

import difflib
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal

from chatbot.core.own_prices import ANY, Entry, Wrong
from chatbot.core.pricing import Rate, Rates

RATES = ("input", "output", "cached", "cache_write")
FIELDS = ("url", "model", "from", "until", *RATES, "tier", "note")
_ABOUT = ("url", "model", "tier", "from", "until")
"""The fields that say which calls a price is about."""
DEAREST = 1_000_000  # dollars per million tokens
_FINEST = 9  # digits after the point
_LONGEST = {"url": 300, "model": 256, "tier": 40, "note": 500}  # characters
_SHOWN = 60


def read_entry(raw: Mapping[str, object], at: str, place: Callable[[str], str]) -> Entry:
    """The entry at `at` ("line 7"); with a mistake in it, it has `wrong` and no rates. Never raises.

    `place`: where one of its fields is, for the sentence about it. Numbers must come as int or Decimal.
    """
    wrong: list[Wrong] = []
    unread: set[str] = set()
    meant: set[str] = set()

    def refuse(field: str, said: str) -> None:
        wrong.append(Wrong(at=place(field), said=said))
        if field in _ABOUT:
            unread.add(field)

    for name in raw:
        if name not in FIELDS:
            close = difflib.get_close_matches(name, FIELDS, n=1)
            help_ = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(FIELDS)}."
            wrong.append(Wrong(at=place(name), said=f"{_short(name)} is no field of a price; {help_}"))
            unread.update(name for name in close if name in _ABOUT and name not in raw)
            meant.update(close)

    def text(field: str) -> str | None:
        found = raw.get(field)
        if found is None:
            return None
        most = _LONGEST[field]
        lines = found.split("\n") if field == "note" and isinstance(found, str) else [found]
        if not isinstance(found, str) or not found.strip() or len(found) > most or not all(map(_printable, lines)):
            refuse(field, f"{field} is {_short(found)}; it must be a text of at most {most} characters.")
            return None
        return found.strip()

    def day(field: str) -> date | None:
        found = raw.get(field)
        if isinstance(found, str):
            with suppress(ValueError):
                found = date.fromisoformat(found.strip())
        if found is None:
            return None
        if not isinstance(found, date) or isinstance(found, datetime):
            refuse(field, f"{field} is {_short(found)}; it must be a day such as 2026-11-25.")
            return None
        return found

    def rate(field: str) -> Decimal | None:
        found = raw.get(field)
        if found is None:
            if field in ("input", "output") and field not in meant:
                said = f"{field} is missing; it must be {_ALLOWED}, 0 where nothing is charged."
                wrong.append(Wrong(at=at, said=said))
            return None
        if said := _no_rate(found):
            refuse(field, f"{field} is {said}; it must be {_ALLOWED}.")
            return None
        exact = Decimal(found)  # type: ignore[arg-type]
        return Decimal(int(exact)) if exact == exact.to_integral_value() else exact.normalize()

    url, model = text("url") or ANY, text("model")
    if said := _no_address(url):
        refuse("url", f"url is {_short(url)}; {said}")
        url = ANY
    if model is None and not unread & {"model"}:
        unread.add("model")
        wrong.append(Wrong(at=at, said='model is missing; it must be a model\'s name, in which * may stand, or "*".'))
    since, until = day("from"), day("until")
    if since and until and since >= until:
        said = f"until is {until}, which is not after from, {since}; it must be the first day without this price."
        refuse("until", said)
        since = until = None
    held = {field: None if (dollars := rate(field)) is None else Rate(dollars) for field in RATES}
    tier, note = text("tier"), text("note")
    if wrong:
        return Entry(
            at=at,
            url=url,
            model=model or ANY,
            tier=tier,
            since=None if "from" in unread else since,
            until=None if "until" in unread else until,
            wrong=tuple(wrong),
            unread=frozenset(unread),
        )
    return Entry(
        at=at,
        url=url,
        model=model or ANY,
        tier=tier,
        since=since,
        until=until,
        note=note or "",
        rates=Rates(
            input=held["input"],
            output=held["output"],
            cached=held["cached"],
            cache_write=held["cache_write"],
            source="override",
            origin=f"your prices.toml, {at}",
            model=model or ANY,
            tier=tier,
        ),
    )


_ALLOWED = f"dollars per million tokens, from 0 to {DEAREST:,}"


def _no_rate(found: object) -> str:
    """What is wrong with a rate, to stand after "is"; empty when nothing is.

    >>> _no_rate(Decimal("0.15")), _no_rate(-1), _no_rate("cheap"), _no_rate(Decimal("1e-10"))
    ('', '-1', "'cheap'", '1E-10, finer than 9 digits after the point')
    """
    if isinstance(found, bool) or not isinstance(found, int | Decimal):
        return _short(found)
    if isinstance(found, Decimal) and not found.is_finite():
        return "no finite number"
    if not 0 <= found <= DEAREST:
        return _short(found)
    if isinstance(found, Decimal) and _digits_after_the_point(found) > _FINEST:
        return f"{_short(found)}, finer than {_FINEST} digits after the point"
    return ""


def _digits_after_the_point(number: Decimal) -> int:
    """Not by `normalize`, which rounds."""
    _, digits, exponent = number.as_tuple()
    written = "".join(map(str, digits)).rstrip("0")
    zeros = len(digits) - len(written)
    return -(int(exponent) + zeros) if written else 0


def _printable(line: object) -> bool:
    return isinstance(line, str) and line.strip().isprintable()


def _no_address(url: str) -> str:
    """What is wrong with a pattern for base URLs; empty when nothing is."""
    if not url.lower().startswith(("http://", "https://", ANY)):
        return "it must begin with http://, https:// or *, since it is held against a whole base URL."
    if any(letter.isspace() for letter in url) or any(letter in url for letter in "@?#"):
        return "it must have no white space and no @, ? or #, since no base URL has."
    return ""


def _short(found: object) -> str:
    """A value as a person wrote it, cut where it would fill the page."""
    if isinstance(found, int) and not isinstance(found, bool) and abs(found) > 10**30:
        return "a number of more than 30 digits"
    if isinstance(found, bool):
        return str(found).lower()
    shown = str(found) if isinstance(found, int | Decimal | date) else repr(found)
    return shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
