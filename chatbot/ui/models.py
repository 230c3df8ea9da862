"""The models of each connection, asked for beside the page and remembered for all sessions."""

import threading
import time
from dataclasses import dataclass

from chatbot.core.errors import ByteBotError
from chatbot.core.settings import Connection
from chatbot.engine.engine import Engine
from chatbot.home.home import Home
from chatbot.ui.beside import Beside

_FRESH = 600.0  # seconds after which a list is asked for again, the old one shown meanwhile
_AGAIN = 30.0  # the same where the server did not answer
_QUICK = 0.15  # seconds that a page waits for a quick answer


@dataclass(slots=True)
class _Listing:
    """What is known of one connection's models. Another address or header makes it another connection."""

    connection: Connection
    known: tuple[str, ...] = ()
    asked: float = 0.0
    asking: Beside[tuple[str, ...]] | None = None


_lock = threading.Lock()
_listings: dict[str, _Listing] = {}


def listed(engine: Engine, connection: Connection) -> tuple[str, ...]:
    """The ids that the connection listed when it was last asked; it is asked in the background when that was long ago."""
    if connection.embedded:
        return (connection.model,) if connection.model else ()
    with _lock:
        listing = _listings.get(connection.name)
        if listing is None or listing.connection != connection:
            listing = _listings[connection.name] = _Listing(connection)
        asking = listing.asking
        if asking is None or (asking.over and time.monotonic() - listing.asked > (_FRESH if listing.known else _AGAIN)):
            first = asking is None
            asking = listing.asking = Beside("models", lambda: _ask(engine, connection.name), ())
            listing.asked = time.monotonic()
        else:
            first = False
    found = asking.wait(_QUICK if first else 0.0)
    listing.known = found or listing.known
    return listing.known


def offered(engine: Engine, home: Home, name: str, *, besides: str = "") -> list[str]:
    """What a picker shows for a connection by name: its own model first, then what it lists; without `besides`."""
    try:
        connection = home.connection(name)
    except ByteBotError:
        return []
    ids = dict.fromkeys([connection.model or "", *listed(engine, connection)])
    return [id for id in ids if id and id != besides]


def _ask(engine: Engine, name: str) -> tuple[str, ...]:
    try:
        return tuple(model.id for model in engine.provider(name).models())
    except ByteBotError:
        return ()  # the settings page says why; here an id can be typed
