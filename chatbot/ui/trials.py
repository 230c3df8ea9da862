"""Tests of connections that run beside the page, so that no click waits for a server."""

import streamlit as st

from chatbot.core.settings import Connection, Secret
from chatbot.engine.trial import Trial, try_connection
from chatbot.providers.provider import Quirks
from chatbot.ui.beside import Beside

_TRIALS = "trials"  # in the session: connection name -> its last test
_QUICK = 0.6  # seconds that a page waits for a quick answer, so that it comes without a flicker
_BROKEN = Trial(works=False, sentence="The test itself failed. The log names the cause.")


def begin(connection: Connection, key: Secret | None, quirks: Quirks) -> Beside[Trial]:
    """Test it, in place of what was known about it before."""
    trial = Beside("connection-test", lambda: try_connection(connection, key, quirks), _BROKEN)
    _all()[connection.name] = trial
    trial.wait(_QUICK)
    return trial


def of(name: str) -> Beside[Trial] | None:
    """The last test of a connection in this session."""
    return _all().get(name)


def put(name: str, trial: Beside[Trial]) -> None:
    _all()[name] = trial


def forget(name: str) -> None:
    _all().pop(name, None)


def models(name: str) -> tuple[str, ...]:
    """The ids that the connection listed when it was tested last."""
    trial = of(name)
    return trial.result.models if trial and trial.result else ()


def running() -> bool:
    return any(not trial.over for trial in _all().values())


def _all() -> dict[str, Beside[Trial]]:
    found: dict[str, Beside[Trial]] = st.session_state.setdefault(_TRIALS, {})
    return found
