"""What the first reply or the costs would have to wait for, loaded while the person still reads the page."""

import contextlib
import gc
import importlib
import logging
import threading

from chatbot.core.errors import ByteBotError

log = logging.getLogger(__name__)

# The first st.write_stream of a process imports these: half a second.
_MODULES = ("numpy", "pandas", "pyarrow", "streamlit.dataframe_util")

_COLLECT_AFTER = 20_000  # more values made than gone; Python itself would look after 700

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
        # All of that stays for as long as the process does: no collection needs to look at it again. And a server that
        # draws twenty pages at once makes tens of thousands of values that are soon gone without any.
        gc.collect()
        gc.freeze()
        gc.set_threshold(_COLLECT_AFTER, 20, 20)
        _done.set()
