"""The history page's way in: files are looked at first, then imported with a receipt, or proved to be whole."""

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import streamlit as st

from chatbot.core.errors import BadInput
from chatbot.core.settings import Options
from chatbot.engine.engine import Engine
from chatbot.engine.imports import File, Line, Looked, import_files, look
from chatbot.engine.verify import Verified, verify
from chatbot.home.home import Home
from chatbot.transfer.csv_file import table
from chatbot.ui.job import Job, Read, watch
from chatbot.ui.words import sentence

_JOB, _FILES = "import job", "import-files"
_HOW = {
    "added": "imported",
    "there": "already there",
    "back": "already there, taken back out of the trash",
    "passed": "not read",
}
_WOULD = {**_HOW, "added": "new"}
_LARGEST = 2_000  # megabytes of one file
_LETTERS = 38  # of a note, that surely fit into one line of its column
_WIDTHS = {"Conversation": 232, "From": 92, "What": 120, "Notes": 290}  # pixels, where notes are long
_LINE, _WRAPPED = 22, 68  # pixels of a line, and of the lowest row in which Streamlit wraps words
What = Literal["look", "import", "verify"]


@dataclass(slots=True)
class _Under:
    """What is done with which files. `lines`: what was imported so far."""

    what: What
    files: tuple[str, ...]
    job: Job[Any]
    looked: Looked | None = None
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Verdict:
    """On one file; `found` None: it could not be proved, `why`."""

    name: str
    found: Verified | None
    why: str = ""


def draw(engine: Engine, home: Home) -> None:
    """The files, what is in them, and what was done with them."""
    st.subheader("Import", anchor=False)
    st.caption(
        "Exports of ByteBot, ChatGPT, Open WebUI, LibreChat or Claude, a logs.db of llm, Markdown files of ours: drop them as "
        "they came. They are looked at first; nothing is stored until you say so."
    )
    files = st.file_uploader(
        "Exports", accept_multiple_files=True, key=_FILES, label_visibility="collapsed", max_upload_size=_LARGEST
    )
    under: _Under | None = st.session_state.get(_JOB)
    asked = tuple(file.file_id for file in files)
    if not files and (under is None or under.what != "import"):
        _forget()
        return
    # An import goes on, and its receipt stays, when the page was left meanwhile and the files are gone from it.
    if under is None or (files and under.files != asked):
        _forget()
        under = _begin(engine, home, "look", files, None)
    if not under.job.over:
        watch(under.job, "import")
        return
    if under.job.problem:
        st.error(sentence(under.job.problem), icon=":material/error:")
        if under.what != "verify":
            st.caption("Nothing was stored." if under.what != "import" else "What was stored before stays.")
            return
    if under.what == "import":
        _receipt(under)
    else:
        _looked(engine, home, files, under)


def _forget() -> None:
    before: _Under | None = st.session_state.pop(_JOB, None)
    if before is not None:
        before.job.stop()


def _looked(engine: Engine, home: Home, files: Sequence[Any], under: _Under) -> None:
    """What is in the files, and what can be done with it."""
    verified: list[_Verdict] | None = under.job.result if under.what == "verify" else None
    looked: Looked | None = under.looked if under.what == "verify" else under.job.result
    if looked is None:
        st.caption("Stopped. Nothing was stored.")
        return
    new = looked.count("added")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if new:
            st.button(
                f"Import {_counted(new, 'conversation')}",
                key="import-begin",
                type="primary",
                icon=":material/file_open:",
                on_click=_act,
                args=(engine, home, "import", files, looked),
            )
        st.button(
            "Verify",
            key="import-verify",
            icon=":material/verified:",
            help="Imports an export of ByteBot into a store of its own and compares all hashes. Nothing of yours is touched.",
            on_click=_act,
            args=(engine, home, "verify", files, looked),
        )
        st.caption(_sum(looked.lines, _WOULD))
    if verified is not None:
        _verified(verified)
    elif under.what == "verify" and not under.job.problem:
        st.caption("Stopped.")
    _table(looked.lines, _WOULD, "What is in the files")


def _verified(verdicts: Sequence[_Verdict]) -> None:
    """Each file for itself: a bad one says nothing of the others."""
    good, bad, unknown = list[str](), list[str](), list[str]()
    for one in verdicts:
        if one.found is None:
            unknown.append(f"- {sentence(one.why)}")
            continue
        words = f"{_counted(one.found.conversations, 'conversation')}, {_counted(one.found.messages, 'message')}"
        words = f"**{sentence(one.name)}**: {words}, {'**not** ' if one.found.wrong else ''}identical"
        (bad if one.found.wrong else good).append(
            "\n".join([words, *(f"- {sentence(why)}" for why in one.found.wrong)])
        )
    for words in bad:
        st.error(words, icon=":material/error:")
    if good:
        st.success("  \n".join(good), icon=":material/verified:")
    if unknown:
        number = _counted(len(unknown), "file")
        st.warning("\n".join([f"{number} could not be verified:", *unknown]), icon=":material/error:")


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _receipt(under: _Under) -> None:
    """A line for everything that was in the files."""
    words = _sum(under.lines, _HOW)
    if under.job.stopped or under.job.stopping():
        st.warning(f"Stopped. {words} Import the same files again to go on.", icon=":material/info:")
    else:
        st.success(words, icon=":material/check:")
    rows = [[line.title, line.messages, _HOW[line.how], *line.notes] for line in under.lines]
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            "Download the receipt",
            lambda: b"".join(table(["title", "messages", "what happened", "notes"], rows)),
            file_name="import-receipt.csv",
            mime="text/csv",
            key="import-receipt",
            icon=":material/download:",
            on_click="ignore",
        )
        if not st.session_state.get(_FILES):
            st.button("Close", key="import-close", type="tertiary", on_click=_forget)
    _table(under.lines, _HOW, "What was imported")


def _sum(lines: Sequence[Line], words: dict[str, str]) -> str:
    lines = [line for line in lines if line.how != "passed"]
    counts = [(words[how], sum(line.how == how for line in lines)) for how in words]
    messages = sum(line.messages for line in lines)
    apps = ", ".join(dict.fromkeys(line.app for line in lines if line.app))
    total = f"{apps + ': ' if apps else ''}{_counted(len(lines), 'conversation')}, {_counted(messages, 'message')}"
    return f"{total}; {', '.join(f'{count:,} {what}' for what, count in counts if count) or 'nothing'}."


def _table(lines: Sequence[Line], words: dict[str, str], alt: str) -> None:
    """What was not read is said below it. What is new, and what there is to say of, stands on top."""
    passed = [line for line in lines if line.how == "passed"]
    lines = sorted(
        (line for line in lines if line.how != "passed"), key=lambda line: (line.how != "added", not line.notes)
    )
    if lines:
        _conversations(lines, words, alt)
    if passed:
        st.markdown("\n".join(["Not read:", *map(_why_not, passed)]))


def _why_not(line: Line) -> str:
    """What is wrong with a file names it by itself."""
    words = "; ".join(line.notes)
    name = "" if line.title in words else f"**{sentence(line.title)}**: "
    return f"- {name}{sentence(words)}"


def _conversations(lines: Sequence[Line], words: dict[str, str], alt: str) -> None:
    """Where notes take more than a line, every row is high enough for all of them, and the columns leave them room."""
    longest = max(len("; ".join(line.notes)) for line in lines)
    long = longest > _LETTERS
    st.dataframe(
        {
            "Conversation": [line.title or "(no title)" for line in lines],
            "Messages": [line.messages for line in lines],
            "From": [line.app for line in lines],
            "What": [words[line.how] for line in lines],
            "Notes": ["; ".join(line.notes) for line in lines],
        },
        hide_index=True,
        row_height=max(_WRAPPED, _LINE * math.ceil(longest / _LETTERS)) if long else None,
        column_config={
            "Messages": st.column_config.NumberColumn(width="small"),
            **{name: st.column_config.TextColumn(width=width) for name, width in _WIDTHS.items() if long},
        },
        alt=alt,
    )


def _act(engine: Engine, home: Home, what: What, files: Sequence[Any], looked: Looked) -> None:
    _begin(engine, home, what, files, looked)


def _begin(engine: Engine, home: Home, what: What, files: Sequence[Any], looked: Looked | None) -> _Under:
    total = sum(file.size for file in files)
    words = {"look": "Looking at the files", "import": "Importing", "verify": "Verifying"}[what]
    under = _Under(what, tuple(file.file_id for file in files), Job[Any](words, total), looked=looked)
    kept = [(file.name, file) for file in files]
    work: dict[What, Callable[[Job[Any]], Any]] = {
        "look": lambda job: look(engine.store, _read(kept, job), some=True),
        "import": lambda job: _import(engine, kept, home.default_options(), under, job),
        "verify": lambda job: _verify(kept, under, job),
    }
    under.job.begin(work[what])
    st.session_state[_JOB] = under
    return under


def _read(files: Sequence[tuple[str, Any]], job: Job[Any]) -> list[File]:
    """Each from its beginning, by itself: the page holds them too."""
    found: list[File] = []
    before = 0
    for name, file in files:
        found.append((name, Read(io.BytesIO(file.getvalue()), job, before)))  # type: ignore[arg-type]
        before += file.size
    return found


def _import(engine: Engine, files: Sequence[tuple[str, Any]], options: Options, under: _Under, job: Job[Any]) -> None:
    under.lines += _unread(under).values()
    done = 0
    for line in import_files(engine.store, _readable(files, under, job), options, stop=job.stopping):
        under.lines.append(line)
        done += line.how != "passed"
        job.words = f"{done:,} of {under.looked.chats if under.looked else 0:,} conversations"
    engine.catch_up()


def _unread(under: _Under) -> Mapping[int, Line]:
    return under.looked.unread if under.looked else {}


def _readable(files: Sequence[tuple[str, Any]], under: _Under, job: Job[Any]) -> list[File]:
    return [file for number, file in enumerate(_read(files, job)) if number not in _unread(under)]


def _verify(files: Sequence[tuple[str, Any]], under: _Under, job: Job[Any]) -> list[_Verdict]:
    verdicts = []
    for name, file in _readable(files, under, job):
        try:
            verdicts.append(_Verdict(name, verify(file, name)))
        except BadInput as error:
            verdicts.append(_Verdict(name, None, error.sentence))
    return verdicts + [_Verdict(line.title, None, "; ".join(line.notes)) for line in _unread(under).values()]
