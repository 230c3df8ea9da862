"""The models of each connection, asked for beside the page and remembered for all sessions."""

import re
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from chatbot.core.errors import ByteBotError, ConnectFailed, KeyRefused
from chatbot.core.settings import Connection
from chatbot.core.text import typed
from chatbot.engine.engine import Engine
from chatbot.home.home import Home
from chatbot.providers.provider import Model
from chatbot.providers.shutdowns import announced
from chatbot.ui.beside import Beside

_FRESH = 600.0  # seconds after which a list is asked for again, the old one shown meanwhile
_AGAIN = 30.0  # the same where the server did not answer
_QUICK = 0.15  # seconds that a page waits for a quick answer


@dataclass(frozen=True, slots=True)
class _Answer:
    """`wrong`: why no chat can be held there."""

    models: tuple[Model, ...] = ()
    wrong: str = ""


@dataclass(slots=True)
class _Listing:
    """What is known of one connection's models. Another address or header makes it another connection."""

    connection: Connection
    known: tuple[Model, ...] = ()
    asked: float = 0.0
    asking: Beside[_Answer] | None = None
    wrong: str = ""


_SOON = 90  # days before a model ends in which that is said
_WORN = re.compile(r" · (until|shut down) \d{4}-\d\d-\d\d$")

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
        fresh = _FRESH if listing.known and not listing.wrong else _AGAIN
        if asking is None or (asking.over and time.monotonic() - listing.asked > fresh):
            first = asking is None or bool(listing.wrong)
            asking = listing.asking = Beside("models", lambda: _ask(engine, connection.name), _Answer())
            listing.asked = time.monotonic()
        else:
            first = False
    found = asking.wait(_QUICK if first else 0.0)
    if found is not None:
        listing.known, listing.wrong = found.models or listing.known, found.wrong
    return tuple(model.id for model in listing.known)


def answered(connection: Connection) -> bool:
    """Whether its server has been asked for its list, and has given one or failed."""
    with _lock:
        listing = _listings.get(connection.name)
        return listing is not None and listing.connection == connection and bool(listing.asking and listing.asking.over)


def wrong(connection: Connection) -> str:
    """Why no chat can be held there, as its server said or kept silent when it was last asked; empty where it can."""
    with _lock:
        listing = _listings.get(connection.name)
        if listing is None or listing.connection != connection:
            return ""
        result = listing.asking.result if listing.asking else None
        return listing.wrong if result is None else result.wrong


def offered(engine: Engine, home: Home, name: str, *, besides: str = "") -> list[str]:
    """What a picker shows for a connection by name: its own model first, then what it lists; without `besides`."""
    try:
        connection = home.connection(name)
    except ByteBotError:
        return []
    ids = dict.fromkeys([connection.model or "", *listed(engine, connection)])
    return [id for id in ids if id and id != besides]


def shutdowns(home: Home, name: str, models: Iterable[str]) -> dict[str, date | None]:
    """The day on which each of a connection's models is shut down: as its server lists it, else as its vendor has
    announced it.
    """
    connection = home.connections().get(name)
    if connection is None:
        return {}
    with _lock:
        listing = _listings.get(name)
        known = listing.known if listing is not None and listing.connection == connection else ()
    said = {one.id: one.shutdown for one in known}
    return {model: said.get(model) or announced(connection.base_url, model) for model in models}


def worn(model: str, ends: date | None, today: date) -> str:
    """A model's id as a picker shows it, with the day it ends.

    >>> worn("m", date(2027, 1, 14), date(2026, 11, 25)), worn("m", date(2026, 1, 14), date(2026, 11, 25))
    ('m · until 2027-01-14', 'm · shut down 2026-01-14')
    """
    if ends is None:
        return model
    return f"{model} · {'until' if today < ends else 'shut down'} {ends}"


def bare(shown: str) -> str:
    """The id in what a picker shows or a person types: a browser may send it with the day that it wore a moment ago.

    >>> bare("m · until 2027-01-14"), bare("m"), bare(" \\u2060m")
    ('m', 'm', 'm')
    """
    return typed(_WORN.sub("", shown))


def ending(model: str, ends: date | None, today: date) -> str:
    """What is said about a model that has ended or will within a season; empty for others.

    >>> ending("m", date(2026, 11, 26), date(2026, 11, 25)), ending("m", date(2027, 11, 25), date(2026, 11, 25))
    ('m will be shut down on 2026-11-26, in 1 day. Choose another model in time.', '')
    >>> ending("m", date(2026, 11, 25), date(2026, 11, 25))
    'm was shut down on 2026-11-25. Choose another model.'
    """
    if ends is None or (ends - today).days > _SOON:
        return ""
    days = (ends - today).days
    if days <= 0:
        return f"{model} was shut down on {ends}. Choose another model."
    return (
        f"{model} will be shut down on {ends}, in {days} day{'' if days == 1 else 's'}. Choose another model in time."
    )


def _ask(engine: Engine, name: str) -> _Answer:
    try:
        return _Answer(tuple(engine.provider(name).models()))
    except (ConnectFailed, KeyRefused) as error:
        return _Answer(wrong=error.sentence)
    except ByteBotError:
        return _Answer()  # the settings page says why; here an id can be typed
