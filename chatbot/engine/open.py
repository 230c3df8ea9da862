"""Opening the house: home, store and providers joined into an Engine, for every face alike."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from chatbot.core.errors import ModelUnknown, ProviderError, StoreFull, StoreReadOnly
from chatbot.core.settings import Connection, Secret
from chatbot.core.tokens import Count
from chatbot.engine.cheap import cheap_model_of
from chatbot.engine.choose import own_model
from chatbot.engine.engine import Engine
from chatbot.engine.outside import Outside
from chatbot.engine.prices import prices_of
from chatbot.engine.trial import NO_LIST, ids
from chatbot.home.home import Home
from chatbot.providers.provider import Cancel, Provider, Quirks
from chatbot.store.store import Store


@contextmanager
def read_with(home: Home) -> Iterator[Engine]:
    """An engine for who only reads, closed afterwards: also of a history that cannot be written, as on a full disk.

    What a killed process left behind has its end first, where that can be written.
    """
    engine = open_engine(home, titles=False, to_read=True)
    try:
        with suppress(StoreFull, StoreReadOnly):
            engine.recover()
        yield engine
    finally:
        engine.close()


def open_engine(home: Home, *, temporary: bool = False, titles: bool = True, to_read: bool = False) -> Engine:
    """An engine on the store that `home` names. `temporary`: the words stay in memory, only the bill is kept.

    `titles` False: no model is asked to name conversations, for a face that may be gone before the answer comes.
    `to_read` as in `Store.open`. StoreError when the history cannot be opened; nothing has been touched then.
    """
    kept = Store.open(home.database_url, to_read=to_read)
    try:
        words = Store.temporary() if temporary else kept
    except BaseException:
        kept.close()
        raise
    providers = Providers(home, kept.quirks)
    outside = Outside(
        connection=home.connection,
        provider=providers.provider,
        count=lambda model: _counter(model, home.folders.cache),
        most_sent=lambda: home.most_sent,
        sure=_sure,
        price=prices_of(home),
        cheap=providers.cheap,
        rules=lambda: home.routes.rules,
        models=providers.cheaper,
        first_model=providers.first_model,
        titles=lambda connection: (
            titles and not temporary and home.titles_by_model and home.key(connection) is not None
        ),
    )
    return Engine(words, outside, bills=kept if temporary else None)


def temporary_beside(engine: Engine) -> Engine:
    """One more engine, for one temporary chat: its words are in memory and go when it is closed, its calls are on the same
    bill without conversation and reply. No model is asked for a title: that would be said, too.
    """
    outside = replace(engine.outside, titles=lambda connection: False)
    return Engine(Store.temporary(), outside, bills=engine.bills, shared=True)


class Providers:
    """One provider for each connection, made anew when its entry or its key has changed."""

    def __init__(self, home: Home, quirks: Quirks) -> None:
        self._home = home
        self._quirks = quirks
        self._lock = threading.Lock()
        self._made: dict[str, tuple[Connection, Secret | None, Provider]] = {}

    def provider(self, name: str) -> Provider:
        """SettingsError when there is no such connection."""
        connection = self._home.unlocked(name)
        key = None if connection.embedded else self._home.key(name)
        with self._lock:
            made = self._made.get(name)
            if made is None or made[:2] != (connection, key):
                made = (connection, key, self._make(connection, key))
                self._made[name] = made
            return made[2]

    def cheaper(self, name: str) -> list[str]:
        """The connection's models that may stand in for a dearer one: its own, and the cheap one."""
        connection = self._home.connection(name)
        return [model for model in dict.fromkeys((connection.model, cheap_model_of(connection))) if model]

    def cheap(self, name: str) -> str | None:
        """The connection's model for simple things."""
        return cheap_model_of(self._home.connection(name))

    def first_model(self, name: str, cancel: Cancel) -> str:
        """One that its server has, where nobody has chosen; ByteBotError when the server does not say, or has none."""
        connection = self._home.connection(name)
        try:
            listed = ids(self.provider(name).models(cancel))
        except ProviderError as error:
            if error.status not in NO_LIST:
                raise
            listed = ()
        if model := own_model(connection, listed):
            return model
        raise ModelUnknown(f"{name!r} has no model of its own, and its server lists none for chats. Choose one.")

    def _make(self, connection: Connection, key: Secret | None) -> Provider:
        # Imported here: the SDK costs half a second, and `chatbot --help` must not pay it.
        if connection.embedded:
            from chatbot.providers.embedded import Embedded

            return Embedded(weights=weights(self._home.folders.cache), quirks=self._quirks)
        from chatbot.providers.chat_completions import ChatCompletions

        return ChatCompletions(connection, key, self._quirks)


def weights(cache: Path) -> Callable[[], Path]:
    """The offline model's file, fetched at first need."""

    def find() -> Path:
        from chatbot.home.weights import fetch, present

        return present(cache) or fetch(cache)

    return find


def _sure(model: str) -> bool:
    from chatbot.providers.tokenizer import sure

    return sure(model)


def _counter(model: str, cache: Path) -> Count:
    from chatbot.providers.tokenizer import counter

    return counter(model, cache)
