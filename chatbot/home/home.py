"""Everything the machine and the person have settled, in one object: the only reader of the environment."""

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from chatbot.core.errors import BadInput, SettingsError
from chatbot.core.settings import EMBEDDED, Connection, Options, Secret
from chatbot.home.addresses import warning
from chatbot.home.checks import check_connection, check_name, check_value, is_secret
from chatbot.home.connections import OPENAI_USUAL, usual_at
from chatbot.home.files import Stamp, stamp
from chatbot.home.folders import Folders
from chatbot.home.keys import KeyIndex, Keys, Slot, read_index, read_key
from chatbot.home.layers import environment_layer, find, find_folders
from chatbot.home.prices import PRICES_FILE, KeptPrices, PricesFile
from chatbot.home.routes import Placed, Routes, change_routes
from chatbot.home.setting import Value
from chatbot.home.settings_file import SETTINGS_FILE, change_settings
from chatbot.home.state import State, named_key, read_named_key, read_state
from chatbot.home.table import (
    BY_NAME,
    DATABASE_FILE,
    OPENAI,
    OPENAI_ADMIN_VARIABLE,
    OPENAI_URL_VARIABLE,
)


class Home:
    """Settings, connections and keys, read afresh whenever one of their files has changed.

    Safe to use from several threads. Nothing raises because a file is wrong: `problems` says what was left out.
    """

    def __init__(self, environ: Mapping[str, str], cwd: Path | None, folders: Folders) -> None:
        self.folders = folders
        self._environ = environ
        near = [cwd / ".env"] if cwd and cwd != folders.data else []
        self._dotenvs = (*near, folders.data / ".env")
        self._settings = folders.data / SETTINGS_FILE
        self._keys = Keys(folders)
        self._lock = threading.RLock()
        self._cached: State | None = None
        self._index: tuple[Stamp, KeyIndex] | None = None
        self._prices = KeptPrices(folders.data / PRICES_FILE)

    @classmethod
    def open(cls, environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> "Home":
        """The home of this process, by default its environment and the .env files of the current and the data folder.

        Makes no folder and changes no variable. SettingsError when BYTEBOT_DATA_DIR or BYTEBOT_CACHE_DIR is no path.
        """
        layer = environment_layer(os.environ if environ is None else environ)
        if cwd is None:
            try:
                cwd = Path.cwd()
            except OSError:  # the folder was deleted under us
                cwd = None
        folders = find_folders(layer.variables, cwd or Path(os.sep))
        return cls(layer.variables, cwd, folders)

    # Settings

    def value(self, section: str, key: str) -> Value:
        """A setting of the table, with the layer that says so; KeyError when the table has no such row."""
        return self._state().values[section, key]

    def problems(self) -> tuple[SettingsError, ...]:
        """What in the files and variables could not be used; each a sentence for the settings page."""
        return (*self._state().problems, *self.prices().problems)

    def prices(self) -> PricesFile:
        """The person's own prices; read again only when their file has changed."""
        return self._prices.now()

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
        """What a new chat is held with. `model` is empty when nobody has chosen one."""
        return self._state().default_options()

    def save(self, section: str, key: str, value: Any) -> None:
        """Write one setting to settings.toml; it holds from now on, unless a variable says otherwise.

        BadInput when the value is not allowed; SettingsError when there is no such setting or the file cannot be
        written, with nothing changed.
        """
        setting = BY_NAME.get((section, key))
        if setting is None or not setting.file:
            variable = f" Set {setting.variable}." if setting else ""
            raise SettingsError(f"{section}.{key} cannot be written to {SETTINGS_FILE}.{variable}")
        check_value(setting, value)
        from chatbot.home.changes import put_setting

        self.folders.make_data()
        change_settings(self._settings, lambda document: put_setting(document, setting, value))

    # Connections

    def connections(self) -> dict[str, Connection]:
        """Every usable connection by name: `openai` if it has a key, the person's own in their order, `offline`.

        Without secret headers; `unlocked` has them.
        """
        return dict(self._state().connections.usable)

    def connection(self, name: str) -> Connection:
        """The connection of this name; SettingsError says why it cannot be used, NoConnection which there are."""
        return self._state().connections.get(name)

    def unlocked(self, name: str) -> Connection:
        """The connection as a request needs it: with its secret headers; SettingsError as in `connection` and `key`."""
        state = self._state()
        connection, index = state.connections.get(name), state.keys
        secrets = {
            slot.header: self._keys.get(slot, index) for slot in index.kept if slot.connection == name and slot.header
        }
        if not secrets:
            return connection
        state.check_direction(name)
        revealed = {header: secret.reveal() for header, secret in secrets.items() if secret}
        return replace(connection, headers={**connection.headers, **revealed})

    def default_connection(self) -> str:
        """The connection of new chats.

        What was chosen stays chosen, even if there is no such connection (`connection` then says so): words meant for
        one server never go to another. With no choice made: `openai` if it has a key or an address of its own, else
        the first the person added that may be used unasked, else `offline`.
        """
        return self._state().default_connection()

    def base_url(self, name: str) -> Value:
        """A connection's base URL with the layer that says so; SettingsError as in `connection`."""
        url = self.connection(name).base_url
        named = find(self._state().layers, OPENAI_URL_VARIABLE) if name == OPENAI else None
        if named:
            return Value(url, named.layer.source, named.variable)
        entries = self._state().file.document.get("connections")
        entry = entries.get(name) if isinstance(entries, Mapping) else None
        return Value(url, "settings.toml" if isinstance(entry, Mapping) and "base_url" in entry else "default")

    def save_connection(self, connection: Connection) -> str | None:
        """Write a connection to settings.toml, its secret headers to where keys are; a warning about its address, if any.

        Secret headers that are not among `connection.headers` stay as they are. BadInput when something about it
        cannot be; SettingsError when the file cannot be written.
        """
        read = self._state().connections
        connection = check_connection(connection, {**read.usable, **read.broken})
        secrets = {header: Secret(text) for header, text in connection.headers.items() if is_secret(header)}
        plain = {header: text for header, text in connection.headers.items() if header not in secrets}
        from chatbot.home.changes import put_connection

        fixed = connection.name == OPENAI and find(self._state().layers, OPENAI_URL_VARIABLE) is not None
        usual = Connection(name=connection.name, base_url=OPENAI_USUAL.base_url if connection.name == OPENAI else "")
        usual = replace(usual, model=usual_at(connection, model=None).model)
        written = replace(connection, headers=plain)
        self.folders.make_data()
        change_settings(self._settings, lambda document: put_connection(document, written, usual, url_fixed=fixed))
        for header, secret in secrets.items():
            self._keys.set(Slot(connection.name, header.lower()), secret)
        return warning(connection.base_url)

    def given_by(self, name: str) -> str:
        """A sentence about the variables that give a connection, which then cannot be removed; empty when none does."""
        if name != OPENAI:
            return ""
        layers = self._state().layers
        found = [one.variable for one in (named_key(layers, name), find(layers, OPENAI_URL_VARIABLE)) if one]
        if not found:
            return ""
        are, those = ("are", "those") if len(found) > 1 else ("is", "that")
        return f"'openai' is there because {' and '.join(found)} {are} set. Take {those} away."

    def remove_connection(self, name: str) -> None:
        """Forget a connection with its stored key and headers.

        SettingsError when there is none, when a variable gives it, or when the keyring may still hold a secret.
        """
        state = self._state()
        if because := self.given_by(name):
            raise SettingsError(because)
        if name == EMBEDDED:
            raise SettingsError(f"{EMBEDDED!r} comes with ByteBot and stays.")
        if name not in state.connections.broken:
            self.connection(name)
        from chatbot.home.changes import drop_connection

        self.folders.make_data()
        change_settings(self._settings, lambda document: drop_connection(document, name))
        for slot in [slot for slot in state.keys.kept if slot.connection == name]:
            self._keys.forget(slot, state.keys)

    # Routing

    @property
    def routes(self) -> Routes:
        """The rules that send messages to another model than their chat's own, as settings.toml has them."""
        return self._state().routes

    def save_routes(self, seen: Sequence[Mapping[str, Any]], wanted: Sequence[Placed]) -> None:
        """Write the rules anew; SettingsError, with nothing written, as in `change_routes`."""
        self.folders.make_data()
        change_routes(self._settings, seen, wanted)

    # Keys

    def key(self, name: str) -> Secret | None:
        """The key of a connection, None when it has none; SettingsError when there is one that cannot be used.

        From a variable if one has it. Else where it is stored, which may be the system's keyring: that is asked once,
        and given ten seconds.
        """
        state = self._state()
        state.check_direction(name)
        named = named_key(state.layers, name)
        return self._keys.get(Slot(name), state.keys) if named is None else read_named_key(named)

    def admin_key(self) -> Secret | None:
        """The organisation's key that OPENAI_ADMIN_KEY gives; None when it is not set. It is stored nowhere.

        SettingsError when it can be no key.
        """
        named = find(self._state().layers, OPENAI_ADMIN_VARIABLE)
        return None if named is None else read_named_key(named)

    def key_source(self, name: str) -> str | None:
        """Where the key of a connection comes from, in words ("environment OPENAI_API_KEY"); None when it has none."""
        state = self._state()
        named = named_key(state.layers, name)
        if named:
            return f"{named.layer.source} {named.variable}"
        kept = state.keys.kept.get(Slot(name))
        if kept is None:
            return None
        return f"file {self._keys.path}" if kept.secret else "keyring"

    def secret_headers(self, name: str) -> list[str]:
        """The names of a connection's stored secret headers, in small letters."""
        return sorted(slot.header for slot in self._state().keys.kept if slot.connection == name and slot.header)

    def set_key(self, name: str, text: str) -> None:
        """Store the key of a connection; BadInput, which never repeats it, when it cannot be one."""
        if check_name(name) == EMBEDDED:
            raise BadInput(f"{EMBEDDED!r} runs on this machine and needs no key.")
        self._keys.set(Slot(name), read_key(text))

    def forget_key(self, name: str, header: str = "") -> None:
        """Forget the stored key of a connection, or one of its secret headers; SettingsError if the keyring may keep it."""
        self._keys.forget(Slot(name, header.lower()), self._state().keys)

    # What the files say now

    def _state(self) -> State:
        with self._lock:
            paths = (*self._dotenvs, self._settings, self._keys.path)
            stamps = tuple(stamp(path) for path in paths)
            if self._cached is None or self._cached.stamps != stamps:
                if self._index is None or self._index[0] != stamps[-1]:
                    self._index = stamps[-1], read_index(self._keys.path)
                self._cached = read_state(stamps, self._environ, self._dotenvs, self.folders, self._index[1])
            return self._cached
