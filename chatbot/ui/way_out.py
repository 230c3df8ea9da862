"""How a reply ended that is not whole, and what can be done about it."""

from collections.abc import Callable

import streamlit as st

from chatbot.core.bill import dollars
from chatbot.core.blocks import label
from chatbot.core.budgets import limit_words, raised
from chatbot.core.errors import ByteBotError
from chatbot.engine.view import Shown
from chatbot.ui import callbacks, models, session
from chatbot.ui.callbacks import fresh_key
from chatbot.ui.open_chat import OpenChat, current
from chatbot.ui.seats import clear
from chatbot.ui.session import engine_of
from chatbot.ui.words import sentence, way_outs

_MOST_WAYS = 3  # out of how a reply ended
_BEHIND = ("continue", "continue_again", "retry")  # what makes a reply whole that something follows
_APART = "In a version of its own. What follows stays in this one; the arrows under the reply lead back."


def draw(how: str, shown: Shown, *, last: bool) -> None:
    """The sentence, and the buttons beside it: all that help if nothing follows the reply, else how to have it whole."""
    ways = way_outs(shown)
    if not last:
        ways = tuple(way for way in ways if way in _BEHIND)[:1]
    how = f"{how}{_elsewhere(shown)}"
    icon = ":material/error: " if shown.state == "failed" else ""
    beside = len(how) < 50
    if not beside:
        st.caption(f"{icon}{sentence(how)}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if beside:
            st.caption(f"{icon}{sentence(how)}", width="content")
        for way in ways:
            _way_out(way, shown, last=last)
        clear(_MOST_WAYS - len(ways))


def _elsewhere(shown: Shown) -> str:
    """Where to put it right, when that is not the settings page: a variable says what the server did not like."""
    row, home = shown.row, session.home()
    try:
        if row.error_kind == "KeyRefused" and row.connection:
            layer, _, variable = (home.key_source(row.connection) or "").partition(" ")
            what = "key"
        elif row.error_kind in ("ConnectFailed", "NotAStream", "Redirected") and row.connection:
            url = home.base_url(row.connection)
            layer, variable, what = url.source, url.variable or "", "base URL"
        else:
            return ""
    except ByteBotError:
        return ""
    if not variable or layer not in ("environment", ".env"):
        return ""
    then = " and restart ByteBot" if layer == "environment" else ""
    return f" The {what} comes from {variable} ({layer}); change it there{then}."


def lone(shown: Shown) -> None:
    """Under what a person said, where no reply stands below it any more."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("There is no reply to this.", width="content")
        _button("Get a reply", "answer", shown, callbacks.answer, (shown.id, fresh_key()))


def _way_out(way: str, shown: Shown, *, last: bool) -> None:
    reply, key = shown.row.id, fresh_key()
    help = None if last else _APART
    match way:
        case "continue":
            _button("Continue", "continue", shown, callbacks.continue_reply, (reply, key), help)
        case "continue_again":  # beside the attempt that failed, below the same part
            _button("Continue", "continue-again", shown, callbacks.retry, (reply, key), help)
        case "retry":
            _button("Try again", "retry", shown, callbacks.retry, (reply, key), help)
        case "edit" if shown.first.parent is not None:
            _button("Edit message", "edit-above", shown, callbacks.begin_edit, (shown.first.parent,))
        case "model":
            _button("Choose another model", "other-model", shown, callbacks.choose_model, (shown.id,))
        case "raise_limit":
            limit = 2 * int(shown.row.options.get("max_output") or 4096)
            _button(f"Raise the limit to {limit:,}", "raise", shown, callbacks.raise_limit, (reply, key, limit))
        case "raise_budget":
            _within_budget(shown, key)
        case "unpriced":
            _button("Send anyway", "unpriced", shown, callbacks.send_unpriced, (reply, key))
        case "settings":
            st.page_link("pages/settings.py", label="Open settings", icon=":material/settings:", width="content")
        case _:
            pass


def _within_budget(shown: Shown, key: str) -> None:
    """The cheaper model that fits, and a higher limit; just another try when there is room by now."""
    row, chat = shown.row, current()
    listed = models.offered(session.engine(), session.home(), chat.options.connection)
    # Of one model it is not known whether the server listed it or only the settings name it.
    among = listed if len(listed) > 1 else ()
    try:
        blocked = engine_of(chat).ahead.blocked(row.conversation, row.id, chat.options, among=among)
    except ByteBotError:
        return
    if blocked.standing is None:
        _button("Try again", "retry", shown, callbacks.retry, (row.id, key))
        return
    if blocked.instead is not None:
        model, most = blocked.instead
        words = label(f"Use {model} (at most {dollars(most)})", most=80)
        _button(words, "cheaper", shown, callbacks.use_model, (row.id, key, model))
    standing = blocked.standing
    limit = raised(standing.budget.limit, standing.spent + standing.held + (blocked.most or 0))
    words = f"Raise limit to {label(limit_words(limit))}"
    _button(words, "raise-budget", shown, callbacks.raise_budget, (row.id, key, standing.budget, limit))


def _button(
    words: str, name: str, shown: Shown, act: Callable[..., None], args: tuple[object, ...], help: str | None = None
) -> None:
    st.button(words, key=f"{name}-{shown.row.id}", help=help, on_click=act, args=args)


def choose_model(shown: Shown, chat: OpenChat) -> None:
    """The reply again, by a model that is picked or typed."""
    widget = f"other-{shown.id}"
    asked = shown.row.model_asked or chat.options.model
    offered = models.offered(session.engine(), session.home(), chat.options.connection, besides=asked)
    with st.container(key=f"choose-{shown.id}", horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Regenerate with",
            offered,
            index=None,
            key=widget,
            accept_new_options=True,
            placeholder="Choose a model or type its id",
        )
        st.button(
            "Regenerate",
            key=f"regenerate-{shown.id}",
            type="primary",
            on_click=callbacks.regenerate,
            args=(shown.id, fresh_key(), widget),
        )
        st.button("Cancel", key=f"cancel-choice-{shown.id}", on_click=callbacks.cancel)
