"""Keys and secret headers: in the system's keyring where there is one, else in keys.toml, a file for this user only.

keys.toml lists them all with their places, so that a key in the file never wakes the keyring and no place is guessed.
"""

import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatbot.core.errors import BadInput, SettingsError
from chatbot.core.settings import Secret
from chatbot.home import system_keyring
from chatbot.home.files import locked, read_text, write_private
from chatbot.home.folders import Folders
from chatbot.home.system_keyring import LONGEST_WAIT, NoKeyring

KEYS_FILE = "keys.toml"
LONGEST_KEY = 2000
"""Characters; the smallest of the systems' keyrings takes 2,560 bytes."""

_TITLE = "# Where ByteBot keeps each connection's key. Written by ByteBot.\n"


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """What a secret is of: a connection's key, or one of its headers (in small letters, since case means nothing there)."""

    connection: str
    header: str = ""

    @property
    def account(self) -> str:
        """Its name in the keyring."""
        return f"{self.connection} {self.header}".strip()

    @property
    def words(self) -> str:
        return f"header {self.header!r} of {self.connection!r}" if self.header else f"key of {self.connection!r}"


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a secret is: in this file if `secret` is set, else in the keyring."""

    secret: Secret | None = None


@dataclass(frozen=True, slots=True)
class KeyIndex:
    """What keys.toml says. A file that cannot be read lists nothing and has its reason in `error`."""

    kept: Mapping[Slot, Kept] = field(default_factory=dict)
    error: SettingsError | None = None


def read_key(text: str) -> Secret:
    """The key without outer white space; BadInput, which never repeats it, when it cannot be one."""
    key = text.strip()
    if not key:
        raise BadInput("The key is empty.")
    if len(key) > LONGEST_KEY:
        raise BadInput(f"The key has {len(key):,} characters; the most is {LONGEST_KEY:,}.")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise BadInput(
            "The key has white space, a control character or a letter that no key has inside it. Copy it again."
        )
    return Secret(key)


def read_index(path: Path) -> KeyIndex:
    """The file as it is now; never raises. Made private again if it was restored for everybody to read."""
    import tomllib

    try:
        text = read_text(path)
        if text is None:
            return KeyIndex()
        _close(path)
        document = tomllib.loads(text)
    except SettingsError as error:
        return KeyIndex(error=error)
    except tomllib.TOMLDecodeError:
        # Not the parser's words: they may quote the line.
        return KeyIndex(error=SettingsError(f"{path} is not TOML; no stored key is used until that is mended."))
    kept: dict[Slot, Kept] = {}
    for slot, entry in _entries(document):
        secret = entry.get("secret")
        kept[slot] = Kept(Secret(secret) if isinstance(secret, str) else None)
    return KeyIndex(kept)


def _entries(document: Mapping[str, Any]) -> list[tuple[Slot, Mapping[str, Any]]]:
    found: list[tuple[Slot, Mapping[str, Any]]] = []
    for connection, entry in document.items():
        if not isinstance(entry, Mapping):
            continue
        if "place" in entry:
            found.append((Slot(connection), entry))
        headers = entry.get("headers", {})
        if isinstance(headers, Mapping):
            found += [(Slot(connection, name), one) for name, one in headers.items() if isinstance(one, Mapping)]
    return found


def _close(path: Path) -> None:
    if os.name != "nt" and path.stat().st_mode & 0o077:
        path.chmod(0o600)


class Keys:
    """Reads, keeps and forgets secrets. Safe to use from several threads. `wait`: seconds given to the keyring."""

    def __init__(self, folders: Folders, *, wait: float = LONGEST_WAIT) -> None:
        self._wait = wait
        self.path = folders.data / KEYS_FILE
        self._folders = folders
        # Other data folders of this user have keys of their own in the same keyring.
        self._service = f"ByteBot {folders.data}"
        self._lock = threading.Lock()
        self._read: dict[Slot, Secret] = {}
        self._read_from: KeyIndex | None = None

    def get(self, slot: Slot, index: KeyIndex) -> Secret | None:
        """The secret, None when there is none; SettingsError when the keyring does not hand it out.

        The keyring is asked once: what it said holds until keys.toml changes.
        """
        if index.error:
            raise SettingsError(str(index.error))
        kept = index.kept.get(slot)
        if kept is None:
            return None
        if kept.secret:
            return kept.secret
        with self._lock:
            if self._read_from is not index:
                self._read, self._read_from = {}, index
            if slot in self._read:
                return self._read[slot]
        try:
            text = system_keyring.read(self._service, slot.account, wait=self._wait)
        except NoKeyring as error:
            raise SettingsError(
                f"The {slot.words} is in the system's keyring, which {error}. Unlock it, or enter the key again."
            ) from None
        if text is None:
            raise SettingsError(f"The {slot.words} is no longer in the system's keyring. Enter it again.")
        secret = Secret(text)
        with self._lock:
            if self._read_from is index:
                self._read[slot] = secret
        return secret

    def set(self, slot: Slot, secret: Secret) -> None:
        """Keep a secret: in the keyring if it takes it, else in the file."""
        self._folders.make_data()
        try:
            system_keyring.write(self._service, slot.account, secret.reveal(), wait=self._wait)
        except NoKeyring:
            self._change(slot, Kept(secret))
        else:
            self._change(slot, Kept())

    def forget(self, slot: Slot, index: KeyIndex) -> None:
        """Forget a secret, if there is one; SettingsError when the keyring may still hold it."""
        kept = index.kept.get(slot)
        if kept is None:
            return
        self._change(slot, None)
        if kept.secret:
            return
        try:
            system_keyring.delete(self._service, slot.account, wait=self._wait)
        except NoKeyring as error:
            raise SettingsError(
                f"ByteBot no longer uses the {slot.words}, but the system's keyring {error}: "
                f"it may still hold {slot.account!r} under {self._service!r}."
            ) from None

    def _change(self, slot: Slot, kept: Kept | None) -> None:
        import tomlkit

        with locked(self.path.parent):
            index = read_index(self.path)
            if index.error:
                raise SettingsError(str(index.error))
            entries = {**index.kept, slot: kept}
            document: dict[str, Any] = {}
            for one, where in sorted(entries.items()):
                if where is None:
                    continue
                holder = document.setdefault(one.connection, {})
                if one.header:
                    holder = holder.setdefault("headers", {}).setdefault(one.header, {})
                holder["place"] = "file" if where.secret else "keyring"
                if where.secret:
                    holder["secret"] = where.secret.reveal()
            write_private(self.path, _TITLE + tomlkit.dumps(document))
