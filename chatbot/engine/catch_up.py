"""A history from before there was an index, indexed in the background."""

import logging
import time
from collections.abc import Callable

from chatbot.core.errors import StoreError
from chatbot.store.store import Store

log = logging.getLogger(__name__)

_BETWEEN_BATCHES = 0.05  # seconds, in which whoever writes has room


def catch_up(store: Store, closing: Callable[[], bool]) -> None:
    """Index it to its end, or until the process is asked to end; the next start goes on from there."""
    try:
        while not closing() and store.search.catch_up():
            time.sleep(_BETWEEN_BATCHES)
    except StoreError as error:
        log.warning("the index waits for the next start: %s", type(error).__name__)
