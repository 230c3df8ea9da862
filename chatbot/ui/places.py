"""The settings' section on where everything is kept."""

import sqlite3
from pathlib import Path

import streamlit as st

from chatbot.home.home import Home
from chatbot.home.keys import KEYS_FILE
from chatbot.home.setting import Value
from chatbot.home.settings_file import SETTINGS_FILE
from chatbot.store.store import Store
from chatbot.ui.words import sentence

_SQLITE = "sqlite:"
_USUAL = "The usual place on this system."
_FIRST_SOUND = (3, 51, 3)
"""SQLite before it can damage a database in WAL mode when two connections write and checkpoint at one moment."""


def draw(home: Home, store: Store) -> None:
    folders = home.folders
    _place("Data folder", str(folders.data), _source(home.value("storage", "data_dir"), _USUAL))
    _database(home, store)
    _place("Settings file", str(folders.data / SETTINGS_FILE), _written(folders.data / SETTINGS_FILE))
    keys = folders.data / KEYS_FILE
    if keys.exists():
        _place("Keys", str(keys), "For you alone; keys that are in the system's keyring are only listed here.")
    if home.prices().path.exists():
        _place("Your own prices", str(home.prices().path), "Edited on the tab about prices, or by hand.")
    cache = _source(home.value("storage", "cache_dir"), _USUAL)
    _place("Cache folder", str(folders.cache), cache, "What is in it is fetched again when it is gone.")
    st.caption(
        "Chosen before ByteBot starts: by BYTEBOT_DATA_DIR, BYTEBOT_CACHE_DIR and BYTEBOT_DATABASE_URL, the last also in "
        "settings.toml."
    )


def _place(title: str, where: str, *notes: str) -> None:
    with st.container(gap="xsmall"):
        st.markdown(f"**{title}**")
        st.code(where, language=None, wrap_lines=True)
        if told := " ".join(note for note in notes if note):
            st.caption(sentence(told))


def _source(value: Value, usual: str) -> str:
    if value.fixed:
        return f"Set by {value.variable} ({value.source})."
    return "Set in settings.toml." if value.source == "settings.toml" else usual


def _written(path: Path) -> str:
    return "" if path.exists() else "Not written yet: nothing was changed from its default."


def _database(home: Home, store: Store) -> None:
    shown = store.url_shown
    path = Path(shown.removeprefix("sqlite:///")) if shown.startswith(_SQLITE) else None
    note = f"{_size(path)}. SQLite {sqlite3.sqlite_version}." if path else "PostgreSQL."
    source = _source(home.value("storage", "database_url"), "In the data folder.")
    _place("Conversations", str(path or shown), source, note)
    if path and sqlite3.sqlite_version_info < _FIRST_SOUND:
        st.caption(
            f"SQLite before {'.'.join(map(str, _FIRST_SOUND))} has a rare fault in the mode ByteBot uses; ByteBot writes "
            "in a way that avoids it. Other programs should not write to this file meanwhile."
        )


def _size(path: Path) -> str:
    """What the database takes on disk, its write-ahead log included.

    >>> _size(Path("/nowhere"))
    '0 kB'
    """
    total = 0.0
    for part in (path, path.with_name(path.name + "-wal")):
        if part.exists():
            total += part.stat().st_size
    return f"{total / 1e6:,.1f} MB" if total >= 1e6 else f"{total / 1e3:,.0f} kB"
