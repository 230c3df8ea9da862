"""What the first reply or the costs would have to wait for, loaded while the person still reads the page."""

import contextlib
import importlib
import logging
import threading

from chatbot.core.errors import ByteBotError

log = logging.getLogger(__name__)

# The first st.write_stream of a process imports these: half a second.
_MODULES = ("numpy", "pandas", "pyarrow", "streamlit.dataframe_util")

_lock = threading.Lock()
_begun = False
_done = threading.Event()


def done() -> bool:
    """Everything is loaded."""
    return _done.is_set()


def start() -> None:
    """Begin warming up in the background, once in a process."""
    global _begun
    with _lock:
        if _begun:
            return
        _begun = True
    threading.Thread(target=_warm, name="warm-up", daemon=True).start()


def _warm() -> None:
    for name in _MODULES:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    try:
        from chatbot.ui import session

        session.warm()
        from chatbot.ui import cost_page

        cost_page.remembered().now()  # reading the calls of years takes seconds, once
    except ByteBotError:
        log.info("not everything is warm; the page says what is wrong")
    finally:
        _done.set()
