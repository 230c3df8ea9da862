"""Everything the machine and the person have settled, in one object: the only reader of the environment."""

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chatbot.core.errors import BadInput, SettingsError
from chatbot.core.settings import EMBEDDED, Connection, Options, Secret
from chatbot.home.connections import Connections, read_connections
from chatbot.home.files import Stamp, stamp
from chatbot.home.folders import Folders, find_folders
from chatbot.home.keys import read_key
from chatbot.home.layers import Layer, Named, dotenv_layer, environment_layer, find, read_values
from chatbot.home.settings_file import SETTINGS_FILE, SettingsFile, read_settings
from chatbot.home.table import (
    DATABASE_FILE,
    OPENAI,
    OPENAI_KEY_VARIABLE,
    OPENAI_URL_VARIABLE,
    Value,
    key_variable,
)


@dataclass(frozen=True, slots=True)
class _State:
    """What the files said at one moment."""

    stamps: tuple[Stamp, ...]
    layers: tuple[Layer, ...]
    file: SettingsFile
    values: Mapping[tuple[str, str], Value]
    connections: Connections
    problems: tuple[SettingsError, ...]


class Home:
    """Settings, connections and keys, read afresh whenever one of their files has changed.

    Safe to use from several threads. Nothing here raises because a file is wrong: `problems` says what was left out.
    """

    def __init__(self, environ: Mapping[str, str], cwd: Path | None, folders: Folders) -> None:
        self.folders = folders
        self._environ = environ
        self._dotenvs = _dotenv_paths(cwd, folders)
        self._settings_path = folders.data / SETTINGS_FILE
        self._lock = threading.RLock()
        self._cached: _State | None = None

    @classmethod
    def open(cls, environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> "Home":
        """The home of this process, by default its environment and the .env files of the current and the data folder.

        Makes no folder and changes no variable. SettingsError when BYTEBOT_DATA_DIR or BYTEBOT_CACHE_DIR is no path.
        """
        variables = dict(os.environ if environ is None else environ)
        if cwd is None:
            try:
                cwd = Path.cwd()
            except OSError:  # the folder was deleted under us
                cwd = None
        layer = environment_layer(variables)
        near = dotenv_layer(cwd / ".env", layer.variables).variables if cwd else {}
        folders = find_folders({**near, **layer.variables}, cwd or Path(os.sep))
        return cls(layer.variables, cwd, folders)

    # Settings

    def value(self, section: str, key: str) -> Value:
        """A setting of the table, with the layer that says so; KeyError when the table has no such row."""
        return self._state().values[section, key]

    def problems(self) -> tuple[SettingsError, ...]:
        """What in the files and variables could not be used; each a sentence for the settings page."""
        return self._state().problems

    @property
    def most_sent(self) -> int:
        """Tokens of a conversation that one request sends at most."""
        most: int = self.value("chat", "most_sent").value
        return most

    @property
    def titles_by_model(self) -> bool:
        wanted: bool = self.value("chat", "titles_by_model").value
        return wanted

    @property
    def database_url(self) -> str:
        """Where conversations are kept. For the default, a file in the data folder, that folder is made."""
        url: str | None = self.value("storage", "database_url").value
        return url or f"sqlite:///{self.folders.make_data() / DATABASE_FILE}"

    def default_options(self) -> Options:
        """What a new chat is held with."""
        name = self.default_connection()
        connection = self._state().connections.usable.get(name)
        own = connection.model if connection else None
        # The offline model knows no other name; a model chosen for another connection would only mislead.
        model = own if name == EMBEDDED else self.value("chat", "model").value or own
        return Options(
            connection=name,
            model=model or "",
            system=self.value("chat", "system_prompt").value,
            temperature=self.value("chat", "temperature").value,
            max_output=self.value("chat", "max_output").value,
        )

    # Connections

    def connections(self) -> dict[str, Connection]:
        """Every usable connection by name: `openai` if it has a key, the person's own in their order, `offline`."""
        return dict(self._state().connections.usable)

    def connection(self, name: str) -> Connection:
        """The connection of this name; SettingsError says why it cannot be used, or which there are."""
        read = self._state().connections
        if name in read.broken:
            raise SettingsError(str(read.broken[name]))
        if name in read.usable:
            return read.usable[name]
        if name == OPENAI:
            raise SettingsError(
                f"The connection 'openai' has no key. Add one on the settings page or set {OPENAI_KEY_VARIABLE}."
            )
        raise SettingsError(f"There is no connection {name!r}. There are: {', '.join(read.usable)}.")

    def default_connection(self) -> str:
        """The connection of new chats.

        What was chosen stays chosen, even if there is no such connection (`connection` then says so): words meant for
        one server never go to another. With no choice made: `openai` if it has a key or an address of its own, else
        the first the person added, else `offline`.
        """
        chosen: str | None = self.value("chat", "connection").value
        if chosen:
            return chosen
        read = self._state().connections
        return next(iter({**read.broken, **read.usable} if OPENAI in read.broken else read.usable))

    def base_url(self, name: str) -> Value:
        """A connection's base URL with the layer that says so."""
        url = self.connection(name).base_url
        named = find(self._state().layers, OPENAI_URL_VARIABLE) if name == OPENAI else None
        if named:
            return Value(url, named.layer.source, named.variable)
        entries = self._state().file.document.get("connections", {})
        written = (
            isinstance(entries, Mapping) and isinstance(entries.get(name), Mapping) and "base_url" in entries[name]
        )
        return Value(url, "settings.toml" if written else "default")

    # Keys

    def key(self, name: str) -> Secret | None:
        """The key of a connection, None when it has none; SettingsError when there is one that cannot be used."""
        named = self._named_key(name)
        if named is None:
            return None
        try:
            return read_key(named.text)
        except BadInput as error:
            raise SettingsError(f"{named.variable} in {named.layer.place}: {error}") from None

    def key_source(self, name: str) -> str | None:
        """Where the key of a connection comes from, in words; None when it has none."""
        named = self._named_key(name)
        if named is None:
            return None
        return f"{named.layer.source} {named.variable}"

    def _named_key(self, name: str) -> Named | None:
        return _named_key(self._state().layers, name)

    # What the files say now

    def _state(self) -> _State:
        with self._lock:
            stamps = tuple(stamp(path) for path in (*self._dotenvs, self._settings_path))
            if self._cached is None or self._cached.stamps != stamps:
                self._cached = self._read(stamps)
            return self._cached

    def _read(self, stamps: tuple[Stamp, ...]) -> _State:
        layers = (environment_layer(self._environ), *(dotenv_layer(path, self._environ) for path in self._dotenvs))
        file = read_settings(self._settings_path)
        values, problems = read_values(layers, file)
        has_key = _named_key(layers, OPENAI) is not None
        connections = read_connections(file, find(layers, OPENAI_URL_VARIABLE), openai=has_key)
        told = [problem for layer in layers for problem in layer.problems]
        if file.error:
            told.append(file.error)
        return _State(stamps, layers, file, values, connections, (*told, *problems, *connections.problems))


def _dotenv_paths(cwd: Path | None, folders: Folders) -> tuple[Path, ...]:
    paths = [cwd / ".env"] if cwd else []
    if folders.data != cwd:
        paths.append(folders.data / ".env")
    return tuple(paths)


def _named_key(layers: tuple[Layer, ...], name: str) -> Named | None:
    for layer in layers:
        # OpenAI's own variable belongs to the connection `openai` alone: another server must never see it.
        for variable in ((OPENAI_KEY_VARIABLE,) if name == OPENAI else ()) + (key_variable(name),):
            found = find([layer], variable)
            if found:
                return found
    return None
