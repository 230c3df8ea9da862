"""What the command line asks for, and the house opened with it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatbot.core.errors import BadInput, ByteBotError, NotFound
from chatbot.terminal.streams import say

if TYPE_CHECKING:
    from chatbot.core.settings import Options
    from chatbot.engine.daily import Daily
    from chatbot.engine.engine import Engine
    from chatbot.home.home import Home


_OFFLINE = (
    "You are talking to a tiny offline model: English only, often wrong. For real answers set OPENAI_API_KEY, "
    "or add a key on the settings page (chatbot serve)."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The options of the command line as they were typed. None is the settings' own."""

    latest: bool = False
    """Go on with the conversation of the last activity, wherever that was."""
    conversation: str | None = None
    connection: str | None = None
    model: str | None = None
    system: str | None = None
    temperature: str | None = None
    max_output: str | None = None
    temporary: bool = False
    allow_unpriced: bool | None = None

    @property
    def goes_on(self) -> bool:
        return self.latest or self.conversation is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything a face needs. `conversation` and `head` are None where a new conversation begins."""

    home: "Home"
    engine: "Engine"
    options: "Options"
    conversation: str | None = None
    head: int | None = None


def about_the_model(house: House) -> str | None:
    """What one should know before talking to it; None when there is nothing to say."""
    from chatbot.core.settings import EMBEDDED

    if house.options.connection != EMBEDDED:
        return None
    from chatbot.home.weights import present

    first = "" if present(house.home.folders.cache) else " It is fetched first: 98 MB, once."
    return f"{_OFFLINE}{first}"


@contextmanager
def opened(chosen: Chosen, *, titles: bool) -> Iterator[House]:
    """The house, closed afterwards: what is still being written is kept then. ByteBotError says why it stays shut."""
    from chatbot.engine.choose import choose, read_number
    from chatbot.engine.open import open_engine
    from chatbot.home.home import Home

    if chosen.goes_on and chosen.temporary:
        raise BadInput(
            "A temporary chat begins anew and is not kept; leave out --temporary to go on with a stored one."
        )
    temperature = None if chosen.temperature is None else read_number("temperature", chosen.temperature)
    max_output = None if chosen.max_output is None else read_number("max_output", chosen.max_output)
    home = Home.open()
    with ExitStack() as stack:
        with _problems_of(home):
            engine = open_engine(home, temporary=chosen.temporary, titles=titles)
            stack.callback(engine.close)
            stored = None
            if chosen.goes_on:
                engine.recover()  # what a killed process left behind is cut now, so that it can go on
                conversations = engine.store.conversations
                named = chosen.conversation
                stored = conversations.get(conversations.id_of(named)) if named is not None else conversations.latest()
                if stored is None:
                    raise NotFound("There is no conversation to go on with yet.")
            options = choose(
                home,
                stored.options if stored else None,
                connection=chosen.connection,
                model=chosen.model,
                system=chosen.system,
                temperature=temperature,
                max_output=max_output,
                allow_unpriced=chosen.allow_unpriced,
            )
        yield House(
            home=home,
            engine=engine,
            options=options,
            conversation=stored.id if stored else None,
            head=stored.head if stored else None,
        )


@contextmanager
def _problems_of(home: "Home") -> Iterator[None]:
    """Tells what could not be used of the settings; what the house stays shut for is told where that ends."""
    shut = ""
    try:
        yield
    except ByteBotError as error:
        shut = error.sentence
        raise
    finally:
        for problem in home.problems():
            if problem.sentence != shut:
                say(f"chatbot: {problem}")


def daily(house: House) -> "Daily":
    """What sees to a history once a day while a face stays open; of a temporary chat, to the history beside it."""
    from chatbot.engine.backups import Backups
    from chatbot.engine.daily import Daily

    return Daily(house.engine.bills, Backups.of(house.home, house.engine.bills))
