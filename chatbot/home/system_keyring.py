"""The operating system's keyring, asked in a thread: it may be absent, broken, or wait for a person at a dialog."""

import logging
import threading
from collections.abc import Callable
from typing import Any

LONGEST_WAIT = 10.0
"""Seconds that one question may take, unless the caller says otherwise."""

_log = logging.getLogger(__name__)
_asking = threading.Lock()
_hung: list[threading.Thread] = []


class NoKeyring(Exception):
    """There is no keyring, or it failed or kept silent; `str()` ends the sentence "the system's keyring …"."""


def read(service: str, account: str, *, wait: float = LONGEST_WAIT) -> str | None:
    """What the keyring holds, None when it holds nothing; NoKeyring when it cannot say."""
    found: str | None = _ask(lambda backend, _: backend.get_password(service, account), wait)
    return found


def write(service: str, account: str, text: str, *, wait: float = LONGEST_WAIT) -> None:
    """Keep the text; NoKeyring unless the keyring gives it back afterwards."""

    def keep(backend: Any, given_up: threading.Event) -> bool:
        backend.set_password(service, account, text)
        kept = backend.get_password(service, account) == text
        if given_up.is_set():  # it has been kept elsewhere by now
            backend.delete_password(service, account)
        return bool(kept)

    if not _ask(keep, wait):
        raise NoKeyring("does not keep what it is given")


def delete(service: str, account: str, *, wait: float = LONGEST_WAIT) -> None:
    """Delete what the keyring holds, if it does; NoKeyring when that is not certain."""

    def drop(backend: Any, _: threading.Event) -> None:
        if backend.get_password(service, account) is not None:
            backend.delete_password(service, account)

    _ask(drop, wait)


def _ask(question: Callable[[Any, threading.Event], Any], wait: float) -> Any:
    # While a question hangs nobody else would get an answer, so nobody waits for one.
    if any(thread.is_alive() for thread in _hung) or not _asking.acquire(timeout=wait):
        raise NoKeyring("does not answer")
    answer: list[Any] = []
    failure: list[str] = []
    given_up = threading.Event()

    def ask() -> None:
        try:
            answer.append(question(_backend(), given_up))
        except NoKeyring as error:
            failure.append(str(error))
        except Exception as error:  # noqa: BLE001 - a thread ends here, and backends raise whatever their system does
            # The class alone: the words may be anything, the secret included.
            _log.warning("The system's keyring failed: %s", type(error).__name__)
            name = type(error).__name__
            failure.append("is locked" if name == "KeyringLocked" else f"failed ({name})")
        finally:
            _asking.release()

    thread = threading.Thread(target=ask, name="keyring", daemon=True)
    thread.start()
    thread.join(wait)
    if thread.is_alive():
        given_up.set()
        _hung[:] = [thread]
        _log.warning("The system's keyring did not answer in %g seconds", wait)
        raise NoKeyring(f"did not answer in {wait:g} seconds")
    if failure:
        raise NoKeyring(failure[0])
    return answer[0]


def _backend() -> Any:
    # Imported here: it costs 0.16 s, and most starts need no stored key.
    import keyring
    from keyring.backends.chainer import ChainerBackend

    backend = keyring.get_keyring()
    chained = backend.backends if isinstance(backend, ChainerBackend) else [backend]
    # Below 1 are those that keep nothing, and files that others can read.
    if max((one.priority for one in chained), default=0) < 1:
        raise NoKeyring("is absent")
    return backend
