"""What the settings do with backups, beside the page: make one, make a new history of one, check everything, repair."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import streamlit as st

from chatbot.core.errors import ByteBotError
from chatbot.engine import doctor
from chatbot.engine.backups import Backup, Backups
from chatbot.engine.doctor import Repaired, Report
from chatbot.engine.restore import Restored, new_place, restore
from chatbot.store.snapshot import Stop
from chatbot.ui import session
from chatbot.ui.beside import Beside

_WORK, _CHOSEN = "keeping_work", "keeping_chosen"  # in the session

What = Literal["backup", "restore", "check", "repair"]
Outcome = Backup | Restored | Report | Repaired | str
"""A text: why there is none, in a sentence."""


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of it. `stopping`: it was asked to end."""

    what: What
    beside: Beside[Outcome]
    stopping: threading.Event


def current() -> Work | None:
    """This tab's work, under way or just over."""
    found: Work | None = st.session_state.get(_WORK)
    return found


def forget() -> None:
    """Its outcome was read."""
    st.session_state.pop(_WORK, None)


def backups() -> Backups:
    return Backups.of(session.home(), session.engine().store)


def chosen() -> Path | None:
    """The backup that is about to be restored."""
    found: Path | None = st.session_state.get(_CHOSEN)
    return found


def choose(path: Path | None) -> None:
    forget()
    st.session_state[_CHOSEN] = path


def back_up() -> None:
    _begin("backup", backups().make)


def check() -> None:
    _begin("check", partial(doctor.examine, session.engine().store, backups(), settings=session.home().problems()))


def repair(report: Report) -> None:
    """What `report` found; it cannot be stopped half way."""
    engine, kept = session.engine(), backups()
    _begin("repair", lambda _: doctor.repair(engine.store, kept, report, engine.price))


def restore_chosen() -> None:
    """Into a new file in the data folder."""
    path, home = chosen(), session.home()
    if path is not None:
        st.session_state[_CHOSEN] = None
        _begin("restore", lambda stop: restore(path, new_place(home), home.default_options(), stop))


def stop() -> None:
    work = current()
    if work is not None:
        work.stopping.set()


def _begin(what: What, work: Callable[[Stop], Outcome]) -> None:
    before = current()
    if before is not None and not before.beside.over:
        return  # the second of two quick clicks
    stopping = threading.Event()

    def run() -> Outcome:
        try:
            return work(stopping.is_set)
        except ByteBotError as error:
            return error.sentence

    beside = Beside[Outcome](what, run, "That did not work; the log names the cause. Nothing of yours was changed.")
    beside.wait(0.6)
    st.session_state[_WORK] = Work(what, beside, stopping)
