"""Where ByteBot keeps things: the data folder and the cache folder."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chatbot.core.errors import SettingsError

DATA_VARIABLE = "BYTEBOT_DATA_DIR"
CACHE_VARIABLE = "BYTEBOT_CACHE_DIR"


@dataclass(frozen=True, slots=True)
class Folders:
    """`data`: history, settings and keys; not to be lost. `cache`: model weights and vocabularies; fetched again at need.

    Neither need exist: `make_data` and `make_cache` see to that.
    """

    data: Path
    cache: Path

    def make_data(self) -> Path:
        """The data folder, made (mode 0700) if it was missing; SettingsError when it cannot be."""
        return _made(self.data, "data", DATA_VARIABLE)

    def make_cache(self) -> Path:
        """The cache folder, made (mode 0700) if it was missing; SettingsError when it cannot be."""
        return _made(self.cache, "cache", CACHE_VARIABLE)


def find_folders(variables: Mapping[str, str], cwd: Path) -> Folders:
    """The folders that the variables name, a relative one below `cwd`; else the platform's own for this user."""
    data, cache = variables.get(DATA_VARIABLE), variables.get(CACHE_VARIABLE)
    return Folders(
        _chosen(data, cwd, DATA_VARIABLE) if data else _usual("user_data_path"),
        _chosen(cache, cwd, CACHE_VARIABLE) if cache else _usual("user_cache_path"),
    )


def _usual(which: str) -> Path:
    import platformdirs

    path: Path = getattr(platformdirs, which)("bytebot", appauthor=False)
    return path


def _chosen(text: str, cwd: Path, variable: str) -> Path:
    try:
        path = cwd / Path(text).expanduser()
        # A database's address has no way to write these in a path: it would end before them, in another folder.
        if "?" in str(path) or "\0" in str(path):
            raise ValueError
    except (ValueError, RuntimeError):
        raise SettingsError(f"{variable} is {text!r}; it must be the path of a folder, without a '?'.") from None
    return path


def _made(path: Path, which: str, variable: str) -> Path:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        why = "it is no folder" if isinstance(error, FileExistsError) else error.strerror
        raise SettingsError(
            f"The {which} folder {str(path)!r} cannot be made: {why}. Name another one in {variable}."
        ) from None
    return path
