"""Where ByteBot keeps things: the data folder and the cache folder."""

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


def usual(which: str) -> Path:
    """The platform's own folder: `user_data_path` or `user_cache_path`."""
    import platformdirs

    path: Path = getattr(platformdirs, which)("bytebot", appauthor=False)
    return path


def chosen(text: str, cwd: Path, variable: str) -> Path:
    """The folder that a variable names; SettingsError when it is no path."""
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
