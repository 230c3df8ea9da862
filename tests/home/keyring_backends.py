"""Keyrings as systems have them, loaded by name in child processes."""

import json
import os
import time
from pathlib import Path
from typing import Any

from keyring.backend import KeyringBackend


class Vault(KeyringBackend):
    """A keyring that works; it lives in the file $VAULT, and counts what it is asked in $VAULT.log."""

    priority = 5

    def _held(self) -> dict[str, str]:
        path = Path(os.environ["VAULT"])
        held: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        return held

    def _log(self, word: str) -> None:
        with open(os.environ["VAULT"] + ".log", "a") as file:
            file.write(word + "\n")

    def get_password(self, service: str, username: str) -> str | None:
        self._log("get")
        return self._held().get(f"{service}|{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._log("set")
        Path(os.environ["VAULT"]).write_text(json.dumps({**self._held(), f"{service}|{username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        self._log("delete")
        held = self._held()
        del held[f"{service}|{username}"]
        Path(os.environ["VAULT"]).write_text(json.dumps(held))


class Hanging(Vault):
    """Waits for somebody at a dialog, as a locked keyring without a desktop does; $VAULT.go lets it go on."""

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while not Path(os.environ["VAULT"] + ".go").exists() and time.monotonic() < until:
            time.sleep(0.02)

    def get_password(self, service: str, username: str) -> str | None:
        self._wait()
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._wait()
        super().set_password(service, username, password)


class Raising(KeyringBackend):
    """Fails at everything, with the secret in its words."""

    priority = 5

    def get_password(self, service: str, username: str) -> str | None:
        raise OSError("the bus is gone")

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyError(f"cannot keep {password}")

    def delete_password(self, service: str, username: str) -> None:
        raise OSError("the bus is gone")


class Forgetful(Vault):
    """Says that it keeps a secret, and does not."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class Plain(Vault):
    """A file that everybody can read; its low priority says so."""

    priority = 0.5


def _broken(*_: Any) -> float:
    raise RuntimeError("no session bus")


class Unfit(Vault):
    """Cannot run here."""

    priority = property(_broken)  # type: ignore[assignment]
