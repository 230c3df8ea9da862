"""Indexing a history from before there was an index, with room for whoever writes meanwhile."""

import logging
import time
from collections.abc import Callable

from chatbot.core.errors import StoreError
from chatbot.store.search import Search

log = logging.getLogger(__name__)

_BETWEEN_BATCHES = 0.05  # seconds


def catch_up(search: Search, closing: Callable[[], bool]) -> None:
    """Index all that is not in yet, in the caller's thread; what is left when `closing` says so waits for the next start."""
    try:
        while not closing() and search.catch_up():
            time.sleep(_BETWEEN_BATCHES)
    except StoreError as error:
        log.warning("the index waits for the next start: %s", type(error).__name__)
