"""What every page stands on: the one engine and home of this server, and the guard at a page's first line."""

import atexit
import time
from typing import TYPE_CHECKING, NoReturn

import streamlit as st

from chatbot.core.blocks import label
from chatbot.core.errors import ByteBotError, SettingsError, StoreError
from chatbot.engine.backups import Backups
from chatbot.engine.daily import Daily
from chatbot.engine.engine import Engine
from chatbot.engine.open import open_engine
from chatbot.home.home import Home
from chatbot.ui import phone

if TYPE_CHECKING:
    from chatbot.ui.open_chat import OpenChat

_ENTERED = "entered"  # app.py has run before this page, in this very run
_ASKED = "asked"  # the page and query string of a cold deep link
CHAT = "pages/chat.py"
_VISIT = "visit"  # how many pages were come to
_PAGE, _SINCE = "page", "page since"  # which page was drawn last; since when, while it is drawn for the first time


def home() -> Home:
    """The settings of this process; a page that names the file and the way out when they cannot be read."""
    try:
        return _home()
    except SettingsError as error:
        _closed_door("The settings cannot be read", error)


def engine() -> Engine:
    """The engine of this process; a page that names the file and the way out when the history cannot be opened."""
    try:
        return _engine()
    except StoreError as error:
        _closed_door("The history cannot be opened", error)
    except SettingsError as error:
        _closed_door("The settings cannot be read", error)


def engine_of(chat: "OpenChat") -> Engine:
    """The engine that has the chat's words: of a temporary one, another than that of the history."""
    return chat.temporary or engine()


def entered() -> None:
    """Called by app.py before it runs a page; goes on to where a cold deep link wanted to go."""
    st.session_state[_ENTERED] = True
    asked = st.session_state.pop(_ASKED, None)
    if asked is not None:
        page, query = asked
        st.switch_page(page, query_params=query)


def guard(page: str) -> None:
    """The first line of every page: "pages/chat.py" and the like.

    On a fresh server a deep link runs the page's file without app.py. Then go there first, and come back.
    """
    if not st.session_state.pop(_ENTERED, False):
        st.session_state[_ASKED] = (page, {name: st.query_params.get_all(name) for name in st.query_params})
        st.switch_page("app.py")
    new = st.session_state.get(_PAGE) != page
    st.session_state[_PAGE], st.session_state[_SINCE] = page, time.monotonic() if new else None
    st.session_state[_VISIT] = visit() + new
    if page != CHAT:  # which says for itself which chat it is
        phone.arrived(visit())


def visit() -> int:
    """How many pages this tab has come to, this one included."""
    count: int = st.session_state.get(_VISIT, 0)
    return count


def settling(seconds: float) -> bool:
    """Whether the page that is drawn was come to less than so long ago: the browser may still be fetching its widgets."""
    since: float | None = st.session_state.get(_SINCE)
    return since is not None and time.monotonic() - since < seconds


def said(sentence: str, *, icon: str = ":material/check:") -> None:
    """A word in passing, such as "Saved.": a toast. Any text may be in it."""
    st.toast(label(sentence, most=300), icon=icon)


def warm() -> None:
    """What the first send needs: the engine, the SDK behind the default connection, its tokenizer's vocabulary."""
    opened, options = _engine(), _home().default_options()
    opened.provider(options.connection)
    opened.count(options.model)("warm")


@st.cache_resource(show_spinner=False)
def _home() -> Home:
    return Home.open()


@st.cache_resource(show_spinner=False)
def _engine() -> Engine:
    opened = open_engine(_home())
    # Turns run in daemon threads: without this, the end of the process would cut replies without keeping them.
    atexit.register(opened.close)
    opened.watch(Daily(opened.store, Backups.of(_home(), opened.store)))
    return opened


def _closed_door(what: str, error: ByteBotError) -> NoReturn:
    st.title("ByteBot")
    st.error(f"**{what}.** {label(error.sentence, most=600)}", icon=":material/error:")
    st.caption("Nothing was changed and nothing was sent. Reload this page when it is put right.")
    st.stop()
