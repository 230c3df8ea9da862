"""The history page's way out: some conversations or all of them, in the format that is wanted."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO

import streamlit as st

from chatbot.core.errors import ByteBotError
from chatbot.core.whole import Whole
from chatbot.engine.engine import Engine
from chatbot.engine.exports import FORMATS, Contents, wholes_of, written
from chatbot.ui import clock, export_form
from chatbot.ui.export_form import Form
from chatbot.ui.history_picked import picked
from chatbot.ui.job import Job, watch
from chatbot.ui.words import sentence

_JOB, _WHAT, _KEY = "export job", "export-what", "export"
_LAST = "export form"  # in the session: how the last file was asked for


@dataclass(frozen=True, slots=True)
class _Asked:
    """`ids`: no one means all."""

    ids: tuple[str, ...]
    form: Form


@dataclass(frozen=True, slots=True)
class _Ready:
    """The file that was written. It has no name on the disk, so that nothing is left of it when the server ends."""

    file: IO[bytes]
    name: str
    mime: str
    inside: Contents
    size: int
    asked: _Asked


def draw(engine: Engine) -> None:
    """What, how, and the file itself."""
    st.subheader("Export", anchor=False)
    job: Job[_Ready] | None = st.session_state.get(_JOB)
    busy = job is not None and not job.over
    chosen = list(picked().ids)
    try:
        count = engine.store.history.count_all()
    except ByteBotError as error:
        st.error(sentence(error.sentence), icon=":material/error:")
        return
    if not count and not busy:
        st.caption("There is nothing to export yet.")
        return
    what = {"all": f"All {count:,} conversations" if count != 1 else "The one conversation"}
    if chosen:
        what = {"chosen": f"The {len(chosen):,} chosen", **what}
    # The fields stay while a file is made, and can be used: one that is not drawn forgets what was chosen in it, and one
    # that is greyed forgets what was chosen just before.
    last: Form = st.session_state.get(_LAST, Form("zip"))
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        wanted = st.selectbox("What", list(what), key=f"{_WHAT}-{len(what)}", format_func=what.__getitem__, width=240)
        format = export_form.format(_KEY, last)
    form = export_form.rest(format, _KEY, last)
    st.button(
        "Prepare the file",
        key="export-begin",
        type="primary",
        icon=":material/file_export:",
        disabled=busy,
        on_click=_begin,
        args=(engine, f"{_WHAT}-{len(what)}", chosen, count, clock.now()),
    )
    if job is None:
        return
    if busy:
        watch(job, "export")
    else:
        _over(job, _Asked(tuple(chosen) if wanted == "chosen" else (), form))


def _over(job: Job[_Ready], asked: _Asked) -> None:
    """What was made; not when another file is wanted by now."""
    if job.problem:
        st.error(sentence(job.problem), icon=":material/error:")
    elif job.stopped or job.result is None:
        st.caption("Stopped. No file was kept.")
    elif job.result.asked == asked:
        ready = job.result
        inside = ready.inside
        messages = f"{inside.messages:,} message{'' if inside.messages == 1 else 's'}"
        number = f"{inside.conversations:,} conversation{'' if inside.conversations == 1 else 's'}"
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.download_button(
                "Download",
                lambda: _whole(ready.file),
                file_name=ready.name,
                mime=ready.mime,
                key="export-download",
                icon=":material/download:",
                on_click="ignore",
            )
            st.caption(" · ".join(filter(None, (ready.name, f"{number}, {messages}", size(ready.size), inside.limits))))


def _begin(engine: Engine, what: str, chosen: Sequence[str], all: int, now: datetime) -> None:
    """`what`: the key of that field; `chosen`: the conversations, of `all`."""
    form = export_form.entered(_KEY)
    asked = _Asked(tuple(chosen) if st.session_state[what] == "chosen" else (), form)
    st.session_state[_LAST] = form
    count = len(asked.ids) or all
    format, branches = form.format, form.branches
    kept = FORMATS[format]
    zipped = kept.apart and count > 1
    kind = f"-{format}" if format not in ("zip", kept.ending) or zipped else ""  # two formats may have one ending
    name = f"bytebot{kind}-{now:%Y-%m-%d-%H%M}.{'zip' if zipped else kept.ending}"

    def work(job: Job[_Ready]) -> _Ready:
        engine.recover()  # what a killed process left behind has its end first
        inside = Contents(format, branches=branches)

        def stepping(wholes: Iterator[Whole]) -> Iterator[Whole]:
            for whole in inside.all(wholes):
                job.step(inside.conversations, f"{inside.conversations:,} of {count:,} conversations")
                yield whole

        file = tempfile.TemporaryFile()  # noqa: SIM115 (it is read from later, and closed with the session)
        try:
            wholes = stepping(wholes_of(engine.store, asked.ids))
            pieces = written(wholes, format, branches=branches, raw=form.raw, zipped=zipped)
            size = sum(file.write(piece) for piece in pieces)
        except BaseException:
            file.close()
            raise
        mime = "application/zip" if zipped else kept.mime
        return _Ready(file, name, mime, inside, size, asked)

    before: Job[_Ready] | None = st.session_state.get(_JOB)
    if before is not None and before.result is not None:
        before.result.file.close()
    st.session_state[_JOB] = Job[_Ready]("Exporting", count).begin(work)


def _whole(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def size(count: int) -> str:
    """Bytes as people say them.

    >>> size(512), size(30_000), size(1_250_000)
    ('512 bytes', '30 kB', '1.2 MB')
    """
    if count < 1_000:
        return f"{count} bytes"
    return f"{count / 1e3:.0f} kB" if count < 1_000_000 else f"{count / 1e6:,.1f} MB"
