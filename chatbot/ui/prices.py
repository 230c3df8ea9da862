"""The settings' section on prices: the person's own, in a table that is saved whole, and the public ones with their age."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import streamlit as st

from chatbot.core.arithmetic import aged
from chatbot.core.pricing import Rate, Rates
from chatbot.engine.prices import Prices, prices_of
from chatbot.home.home import Home
from chatbot.providers.address import host, is_loopback
from chatbot.ui import price_actions as actions
from chatbot.ui import saving
from chatbot.ui.words import sentence

_TEXTS = ("url", "model", "tier", "note")
_ORDER = ("model", "url", "input", "output", "cached", "cache_write", "from", "until", "tier", "note")


def draw(home: Home) -> None:
    prices = prices_of(home)
    _own(home, prices)
    _public(home, prices)


def _own(home: Home, prices: Prices) -> None:
    st.subheader("Your own prices")
    file = home.prices()
    if file.error:
        st.error("prices.toml must be mended by hand first; the top of this page says where.", icon=":material/error:")
        return
    shown = actions.drawn(home)
    if not shown.tables and not shown.typed:
        st.markdown(
            "None yet. You need one where a contract, a proxy or your own server costs something else than the vendor "
            "publishes, or where nobody publishes a price. Until then the public prices hold."
        )
    else:
        st.caption(
            "Dollars per million tokens; \\* stands for any characters. The most specific price that fits a call holds, "
            "for calls from now on."
        )
        _table(home, shown)
    saving.refusal(actions.WHERE)
    if st.session_state.get(actions.ADDING):
        _form(home)
    else:
        st.button(
            "Add a price",
            icon=":material/add:",
            key="add_price",
            help="Filled in for the model you use now.",
            on_click=actions.open_form,
            args=(home, prices),
        )


def _table(home: Home, shown: actions.Drawn) -> None:
    number = st.column_config.NumberColumn
    st.data_editor(
        _frame(shown.tables),
        key=shown.key,
        num_rows="dynamic",
        placeholder="",
        alt="Your own prices, one a row, in dollars per million tokens",
        width="stretch",
        column_config={
            "model": st.column_config.TextColumn("Model", required=True, pinned=True),
            "url": st.column_config.TextColumn("Address", help="Empty: every address but those of this machine."),
            "input": number("Input", required=True),
            "output": number("Output", required=True),
            "cached": number("Cached", help="Input read from a cache. Empty: what input costs."),
            "cache_write": number("Cache write", help="Input written to a cache. Empty: what input costs."),
            "from": st.column_config.DateColumn("From", help="The first day it holds, UTC."),
            "until": st.column_config.DateColumn("Until", help="The first day it no longer holds, UTC."),
            "tier": st.column_config.TextColumn("Tier", help="Empty: every service tier."),
            "note": st.column_config.TextColumn("Note"),
        },
    )
    if shown.tables != home.prices().tables:
        st.warning("prices.toml has been changed elsewhere since this table was drawn.", icon=":material/sync_problem:")
    if not shown.typed:
        return
    with st.container(horizontal=True):
        st.button("Save prices", type="primary", key="save_prices", on_click=actions.save, args=(home,))
        st.button("Discard changes", type="tertiary", key="discard_prices", on_click=actions.discard, args=(home,))


def _frame(tables: Sequence[Mapping[str, Any]]) -> Any:
    """The rows with a type for each column; what does not fit one is left empty and stays in the file as it is."""
    import pandas

    frame = pandas.DataFrame(index=pandas.RangeIndex(1, len(tables) + 1))
    for name in _ORDER:
        cells = [table.get(name) for table in tables]
        if name in _TEXTS:
            frame[name] = pandas.Series([c if isinstance(c, str) else None for c in cells], frame.index, dtype="object")
        elif name in ("from", "until"):
            frame[name] = pandas.to_datetime(pandas.Series(cells, frame.index, dtype="object"), errors="coerce")
        else:
            numbers = [float(c) if isinstance(c, int | Decimal) and not isinstance(c, bool) else None for c in cells]
            frame[name] = pandas.Series(numbers, frame.index, dtype="float64")
    return frame


def _form(home: Home) -> None:
    with st.form("price_form_fields"):
        st.markdown("**New price**, in dollars per million tokens")
        _text("model", "Model", help="As asked or as answered; \\* stands for any characters.")
        _text("url", "Address", "Every address", help="A base URL; it also holds for what is below it.")
        _numbers(("input", "Input"), ("output", "Output"))
        with st.expander("Cache, dates, tier, note"):
            _numbers(("cached", "Cached input"), ("cache_write", "Input written to a cache"))
            st.caption("Empty: what input costs.")
            left, right = st.columns(2)
            with left:
                _day("from", "From", "The first day it holds, UTC.")
            with right:
                _day("until", "Until", "The first day it no longer holds, UTC.")
            _text("tier", "Tier", "Every service tier")
            _text("note", "Note", "Words for yourself")
        saving.refusal(actions.ADDING)
        with st.container(horizontal=True):
            st.form_submit_button("Save price", type="primary", on_click=actions.add, args=(home,))
            st.form_submit_button("Cancel", type="tertiary", on_click=actions.close_form)


def _text(name: str, words: str, placeholder: str | None = None, *, help: str | None = None) -> None:
    key, value = saving.field(actions.FORM + name)
    st.text_input(words, value, key=key, placeholder=placeholder, help=help)


def _day(name: str, words: str, help: str) -> None:
    key, value = saving.field(actions.FORM + name)
    st.date_input(words, value, key=key, format="YYYY-MM-DD", help=help)


def _numbers(*fields: tuple[str, str]) -> None:
    for column, (name, words) in zip(st.columns(len(fields)), fields, strict=True):
        key, value = saving.field(actions.FORM + name)
        column.number_input(words, value=value, key=key, step=0.01, format="%.9g")


def _public(home: Home, prices: Prices) -> None:
    st.subheader("Public prices")
    public, today = prices.public(), datetime.now(UTC).date()
    age = f"Prices of {aged(public.dated, today)}" if public.dated else "Prices of an unknown day"
    st.markdown(sentence(f"{age} ({public.origin})."))
    if problem := prices.problem():
        st.warning(sentence(problem), icon=":material/warning:")
    options = home.default_options()
    connection = home.connections().get(options.connection)
    if connection and connection.base_url and options.model:
        st.caption(sentence(_costs(options.model, connection.base_url, prices)))
    refresh = actions.refreshing()
    running = refresh is not None and not refresh.over
    st.button(
        "Refresh prices",
        icon=":material/refresh:",
        key="refresh_prices",
        disabled=running,
        on_click=actions.refresh,
        args=(prices,),
    )
    if refresh is None:
        st.caption(
            sentence(
                f"Fetches the list from {host(prices.source)}, once. Nothing of yours is sent; nothing is fetched by itself."
            )
        )
    elif refresh.result is None:
        st.info("Fetching…", icon=":material/hourglass_top:")
        _watch()
    elif refresh.result.changes is None:
        st.error(sentence(refresh.result.sentence), icon=":material/error:")
    else:
        st.success(sentence(refresh.result.sentence), icon=":material/check_circle:")


def _costs(model: str, base_url: str, prices: Prices) -> str:
    """What new chats cost now, and who says so."""
    rates = prices.rates(base_url, model)
    if prices.open(base_url, model):
        return f"What {model} costs at {host(base_url)} is open until the mistake in prices.toml is mended."
    if rates is None and is_loopback(base_url):
        return f"{model} at {host(base_url)} runs on this machine: nobody bills it."
    if rates is None:
        return f"No price is known for {model} at {host(base_url)}."
    return f"{model} at {host(base_url)} costs {_per_million(rates)} ({rates.origin})."


def _per_million(rates: Rates) -> str:
    def dollars(rate: Rate | None) -> str:
        return "—" if rate is None else f"${rate.base.normalize():f}"

    return f"{dollars(rates.input)} for a million tokens in, {dollars(rates.output)} out"


@st.fragment(run_every=0.5)
def _watch() -> None:
    refresh = actions.refreshing()
    if refresh is None or refresh.over:
        st.rerun()
