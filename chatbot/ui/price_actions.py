"""What the settings' tab about prices does: keep a table as it was drawn, save what was typed into it, add a price."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import streamlit as st

from chatbot.core.errors import BadInput
from chatbot.core.price_entries import FIELDS, RATES
from chatbot.core.text import typed
from chatbot.engine.prices import Prices, Refreshed
from chatbot.home.home import Home
from chatbot.home.prices import PriceChange, Row, change_prices
from chatbot.ui import saving
from chatbot.ui.beside import Beside

WHERE = "own_prices"
ADDING = "price_form"  # where a refusal of the form is told; in the session: whether it is open
_DRAWN = "own_prices_drawn"
_REFRESH = "price_refresh"
_DAYS = ("from", "until")
FORM = "price_"  # and the field: the keys of the form's widgets
_QUICK = 0.6  # seconds that a page waits for a quick answer


@dataclass(slots=True)
class Drawn:
    """The prices as the table shows them. `version` makes a new table: what was typed into the old one is gone."""

    tables: tuple[Mapping[str, Any], ...]
    version: int = 0

    @property
    def key(self) -> str:
        return f"own_prices_{self.version}"

    @property
    def typed(self) -> bool:
        """Whether something stands in the table that is not saved."""
        return any(_typed(self).values())


def drawn(home: Home) -> Drawn:
    """What the table shows: the file as it is, unless something was typed over an earlier one."""
    known: Drawn | None = st.session_state.get(_DRAWN)
    tables = home.prices().tables
    if known is None or (known.tables != tables and not known.typed):
        known = st.session_state[_DRAWN] = Drawn(tables, known.version + 1 if known else 0)
    return known


def _typed(shown: Drawn) -> Mapping[str, Any]:
    found: Mapping[str, Any] = st.session_state.get(shown.key) or {}
    return {name: found.get(name) or {} for name in ("edited_rows", "added_rows", "deleted_rows")}


def discard(home: Home) -> None:
    """Show the file as it is now; what was typed is dropped."""
    before: Drawn | None = st.session_state.get(_DRAWN)
    st.session_state[_DRAWN] = Drawn(home.prices().tables, before.version + 1 if before else 0)
    saving.never_mind(WHERE)


def save(home: Home) -> None:
    """Write what was typed into the table: all of it, or nothing."""
    shown = drawn(home)
    typed = _typed(shown)
    change = PriceChange(
        edited={int(number): read_row(row) for number, row in dict(typed["edited_rows"]).items()},
        added=[read_row(row) for row in typed["added_rows"]],
        deleted=[int(number) for number in typed["deleted_rows"]],
    )

    def work() -> str:
        home.folders.make_data()
        change_prices(home.prices().path, shown.tables, change)
        discard(home)
        return "Your prices are saved."

    saving.attempt(WHERE, work)


def read_row(row: Mapping[str, Any]) -> Row:
    """A row as the table's widget has it. What is no day stays as it is, for the sentence about it."""
    return {name: _read(name, value) for name, value in row.items() if name in FIELDS}


def _read(name: str, value: Any) -> str | int | Decimal | date | None:
    if name in RATES and isinstance(value, int | float) and not isinstance(value, bool):
        return int(value) if float(value).is_integer() else Decimal(str(value))
    if isinstance(value, date):
        return value
    text = "" if value is None else str(value).strip() if name == "note" else typed(str(value))
    if name in _DAYS:
        with suppress(ValueError):
            return date.fromisoformat(text[:10])
    return text or None


# Adding one


def open_form(home: Home, prices: Prices) -> None:
    """A new price, filled in for the chat that is open, with what its model costs now."""
    chat = st.session_state.get("chat")
    options = chat.options if chat is not None else home.default_options()
    connection = home.connections().get(options.connection)
    url = connection.base_url if connection else ""
    rates = prices.rates(url, options.model) if url and options.model else None
    values: dict[str, object] = {name: None if name in _DAYS else "" for name in FIELDS}
    values |= {"url": url, "model": options.model if url else ""}
    for name in RATES:
        rate = getattr(rates, name, None)
        values[name] = float(rate.base) if rate is not None else None
    saving.fill({FORM + name: value for name, value in values.items()})
    st.session_state[ADDING] = True
    saving.never_mind(ADDING)


def close_form() -> None:
    st.session_state[ADDING] = False
    saving.never_mind(ADDING)


def add(home: Home) -> None:
    """Write the price in the form."""
    row = read_row({name: saving.entered(FORM + name) for name in FIELDS})

    def work() -> str:
        shown: Drawn | None = st.session_state.get(_DRAWN)
        if shown is not None and shown.typed:
            raise BadInput(
                "The table above has changes that are not saved. Save or discard them first, then this price."
            )
        home.folders.make_data()
        file = home.prices()
        change_prices(file.path, file.tables, PriceChange(added=[row]), name="The new price")
        close_form()
        return f"The price of {row.get('model')!r} is saved."

    saving.attempt(ADDING, work)


# Public prices


def refresh(prices: Prices) -> None:
    """Fetch the public prices, beside the page."""
    begun = Beside("price-refresh", prices.refresh, Refreshed(sentence="The refresh broke. The log names the cause."))
    begun.wait(_QUICK)
    st.session_state[_REFRESH] = begun


def refreshing() -> Beside[Refreshed] | None:
    """The last refresh of this session."""
    return st.session_state.get(_REFRESH)
