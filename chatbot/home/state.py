"""What all the files say at one moment."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from chatbot.core.errors import BadInput, SettingsError
from chatbot.core.settings import EMBEDDED, Options, Secret
from chatbot.home.addresses import is_loopback, is_openai
from chatbot.home.connections import Connections, read_connections
from chatbot.home.files import Stamp
from chatbot.home.folders import DATA_VARIABLE, Folders
from chatbot.home.keys import KeyIndex, Slot, read_key
from chatbot.home.layers import Layer, Named, dotenv_layer, environment_layer, find, read_values
from chatbot.home.routes import Routes, read_routes
from chatbot.home.setting import Value
from chatbot.home.settings_file import SETTINGS_FILE, SettingsFile, read_settings
from chatbot.home.table import OPENAI, OPENAI_KEY_VARIABLE, OPENAI_URL_VARIABLE, key_variable


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    stamps: tuple[Stamp, ...]
    layers: tuple[Layer, ...]
    file: SettingsFile
    keys: KeyIndex
    values: Mapping[tuple[str, str], Value]
    connections: Connections
    routes: Routes
    misdirected: SettingsError | None
    """Why what is secret about `openai` must not leave, if so."""
    problems: tuple[SettingsError, ...]

    def default_connection(self) -> str:
        chosen: str | None = self.values["chat", "connection"].value
        if chosen:
            return chosen
        if OPENAI in self.connections.broken:
            return OPENAI
        return next(name for name, one in self.connections.usable.items() if one.automatic)  # at last `offline`

    def check_direction(self, name: str) -> None:
        """SettingsError when what is secret about this connection would go where somebody else pointed it."""
        if name == OPENAI and self.misdirected:
            raise SettingsError(str(self.misdirected))

    def default_options(self) -> Options:
        name = self.default_connection()
        connection = self.connections.usable.get(name)
        own = connection.model if connection else None
        # The offline model knows no other name; a model chosen for another connection would only mislead.
        model = own if name == EMBEDDED else self.values["chat", "model"].value or own
        return Options(
            connection=name,
            model=model or "",
            system=self.values["chat", "system_prompt"].value,
            temperature=self.values["chat", "temperature"].value,
            max_output=self.values["chat", "max_output"].value,
        )


def read_state(
    stamps: tuple[Stamp, ...],
    environ: Mapping[str, str],
    dotenvs: tuple[Path, ...],
    folders: Folders,
    keys: KeyIndex,
) -> State:
    """Everything the layers and files say; never raises: what could not be used is in `problems`."""
    own = folders.data / ".env"
    layers = (environment_layer(environ), *(dotenv_layer(path, environ) for path in dotenvs))
    if len(dotenvs) > 1:
        layers = (*layers[:-1], _without_data_folder(layers[-1]))
    file = read_settings(folders.data / SETTINGS_FILE)
    values, problems = read_values(layers, file)
    _put_folders(values, folders)
    named, url = named_key(layers, OPENAI), find(layers, OPENAI_URL_VARIABLE)
    connections = read_connections(file, url, openai=named is not None or Slot(OPENAI) in keys.kept)
    misdirected = None
    if url and url.layer.source == ".env" and url.layer.place != str(own):
        misdirected = _misdirected(url, named, keys, connections)
    routes = read_routes(file)
    told = [problem for layer in layers for problem in layer.problems]
    told += [error for error in (file.error, keys.error, misdirected, _unknown_choice(values, connections)) if error]
    return State(
        stamps=stamps,
        layers=layers,
        file=file,
        keys=keys,
        values=values,
        connections=connections,
        routes=routes,
        misdirected=misdirected,
        problems=(*told, *problems, *connections.problems, *routes.problems),
    )


def _put_folders(values: dict[tuple[str, str], Value], folders: Folders) -> None:
    for key, path in (("data_dir", folders.data), ("cache_dir", folders.cache)):
        values["storage", key] = replace(values["storage", key], value=str(path))


def _without_data_folder(layer: Layer) -> Layer:
    if DATA_VARIABLE not in layer.variables:
        return layer
    problem = SettingsError(f"{DATA_VARIABLE} in {layer.place} is left out: that file is found in the data folder.")
    variables = {name: text for name, text in layer.variables.items() if name != DATA_VARIABLE}
    return replace(layer, variables=variables, problems=(*layer.problems, problem))


def _unknown_choice(values: Mapping[tuple[str, str], Value], connections: Connections) -> SettingsError | None:
    chosen = values["chat", "connection"]
    if chosen.value is None or chosen.value in connections.broken:  # what is broken is told already
        return None
    try:
        connections.get(chosen.value)
    except SettingsError as error:
        return SettingsError(f"New chats are to use {chosen.value!r} ({chosen.variable or chosen.source}). {error}")
    return None


def _is_usual(base_url: str) -> bool:
    """Whether a key of `openai` is at home there: this machine, or OpenAI's own, unread by anybody on the way."""
    return is_loopback(base_url) or (is_openai(base_url) and base_url.startswith("https:"))


def _misdirected(url: Named, named: Named | None, keys: KeyIndex, connections: Connections) -> SettingsError | None:
    """A folder that somebody else made must not draw a key to a server of theirs by the .env file in it."""
    connection = connections.usable.get(OPENAI)
    if connection is None or _is_usual(connection.base_url):
        return None
    points = f"{url.variable} in {url.layer.place} points 'openai' at {connection.base_url!r}, where"
    if named and named.layer is not url.layer:
        return SettingsError(
            f"{points} {named.variable} of {named.layer.place} is not sent. "
            f"Set {url.variable} in the environment if that server is yours."
        )
    if headers := sorted(slot.header for slot in keys.kept if slot.connection == OPENAI and slot.header):
        return SettingsError(
            f"{points} your stored {', '.join(headers)} is not sent. Set {url.variable} in the environment."
        )
    if named or Slot(OPENAI) not in keys.kept:
        return None
    return SettingsError(
        f"{points} your stored key is not sent. Set {url.variable} in the environment, or {OPENAI_KEY_VARIABLE} beside it."
    )


def read_named_key(named: Named) -> Secret:
    """The key that a variable gives; SettingsError, which never repeats it, when it cannot be one."""
    try:
        return read_key(named.text)
    except BadInput as error:
        raise SettingsError(f"{named.variable} in {named.layer.place}: {error}") from None


def named_key(layers: tuple[Layer, ...], connection: str) -> Named | None:
    """The variable that holds a connection's key, from the highest layer that has one."""
    for layer in layers:
        # OpenAI's own variable belongs to the connection `openai` alone: another server must never see it.
        for variable in ((OPENAI_KEY_VARIABLE,) if connection == OPENAI else ()) + (key_variable(connection),):
            if found := find([layer], variable):
                return found
    return None
