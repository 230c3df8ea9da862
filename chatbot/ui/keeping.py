"""The settings' section on backups, and on whether all is well."""

import streamlit as st

from chatbot.engine.backups import DAYS, WEEKS, Backup, size
from chatbot.engine.doctor import Point, Repaired, Report
from chatbot.engine.engine import Engine
from chatbot.engine.restore import Restored
from chatbot.home.home import Home
from chatbot.ui import clock, keeping_work, saving
from chatbot.ui.keeping_work import Outcome, Work
from chatbot.ui.words import sentence

_SHOWN = 5  # backups in sight; the older ones are folded
_WHERE = "backups"
_BEFORE = "keeping_url_before"  # in the session: what the setting said before a restored history was chosen
_WHY = {"daily": "made by itself", "by hand": "made by hand", "before an update": "made before an update"}
_DOING = {
    "backup": "Copying everything, and reading the copy…",
    "restore": "Making a new history of it…",
    "check": "Reading everything, twice…",
    "repair": "Making a backup, then putting things right…",
}
_MARKS = {"fine": ":material/check:", "note": ":material/info:", "problem": ":material/error:"}


def draw(home: Home, engine: Engine) -> None:
    backups = keeping_work.backups()
    work = keeping_work.current()
    busy = work is not None and not work.beside.over
    st.markdown("**Backups**")
    if backups.daily_here:
        st.caption(
            f"One is made each day while ByteBot is open. The last {DAYS} days and {WEEKS} weeks stay, in the folder below."
        )
    else:
        st.caption(
            "A server's database has its own ways to be backed up, such as pg_dump. Here you get a zip of all conversations "
            "with their bills; limits and the trash are not in it."
        )
    st.code(str(backups.folder), language=None, wrap_lines=True)
    if engine.daily is not None and engine.daily.problem:
        st.warning(sentence(engine.daily.problem), icon=":material/warning:")
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Back up now",
            icon=":material/save:",
            key="backup",
            disabled=busy,
            on_click=keeping_work.back_up,
        )
        st.button(
            "Check everything",
            icon=":material/health_and_safety:",
            key="check",
            disabled=busy,
            help="The database, every conversation, the bills' sums, the disk and the newest backup. Nothing is changed.",
            on_click=keeping_work.check,
        )
    if work is not None:
        _draw_work(home, work)
    try:
        _list(backups.all(), busy=busy)
    except OSError as error:
        st.warning(sentence(f"The backups cannot be listed: {error.strerror}."), icon=":material/warning:")


def _draw_work(home: Home, work: Work) -> None:
    if not work.beside.over:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f":material/hourglass_top: {_DOING[work.what]}", width="content")
            if work.what != "repair":
                st.button("Stop", key="keeping-stop", type="tertiary", on_click=keeping_work.stop)
        _watch()
    elif work.stopping.is_set():
        keeping_work.forget()
    else:
        _draw_outcome(home, work.beside.result)


def _draw_outcome(home: Home, outcome: Outcome | None) -> None:
    match outcome:
        case Backup():
            st.success(
                sentence(f"Backed up, {size(outcome.bytes)}, and read again to its end."),
                icon=":material/check_circle:",
            )
        case Restored():
            _draw_restored(home, outcome)
        case Report():
            _draw_report(outcome, repaired=False)
        case Repaired():
            for done in outcome.done:
                st.success(sentence(done), icon=":material/build:")
            if outcome.backup:
                st.caption(sentence(f"A backup was made before: {outcome.backup.path.name}"))
            _draw_report(outcome.report, repaired=True)
        case _:
            st.error(sentence(outcome or ""), icon=":material/error:")


def _draw_report(report: Report, *, repaired: bool) -> None:
    problems = report.problems
    if not problems:
        st.success("All is well.", icon=":material/check_circle:")
    else:
        count = "There is 1 problem." if len(problems) == 1 else f"There are {len(problems)} problems."
        st.error(count, icon=":material/error:")
    with st.container(gap="xsmall"):
        for point in sorted(report.points, key=lambda one: one.state != "problem"):
            _point(point)
    if report.mends and not repaired:
        st.button(
            "Repair what can be repaired",
            icon=":material/build:",
            key="repair",
            help="After a backup. No word is lost.",
            on_click=keeping_work.repair,
            args=(report,),
        )


def _point(point: Point) -> None:
    words = f"{_MARKS[point.state]} {sentence(point.sentence)}"
    if point.state == "problem":
        st.markdown(f":small[{words}]")
    else:
        st.caption(words)


def _list(found: list[Backup], *, busy: bool) -> None:
    if not found:
        st.caption("There is none yet.")
        return
    with st.container(gap="xxsmall"):
        for backup in found[:_SHOWN]:
            _row(backup, busy=busy)
    if older := found[_SHOWN:]:
        with st.expander(f"{len(older)} older"), st.container(gap="xxsmall"):
            for backup in older:
                _row(backup, busy=busy)


def _row(backup: Backup, *, busy: bool) -> None:
    made = f"{backup.made.astimezone(clock.zone()):%Y-%m-%d %H:%M:%S}"
    if backup.why == "daily" and backup.made != backup.written:
        made = f"{backup.made:%Y-%m-%d}"  # of a copied one only the day in its name is left, which is this machine's
    with st.container(key=f"backup-{backup.path.name}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            st.markdown(f"{made} :small[:gray[{size(backup.bytes)} · {_WHY[backup.why]}]]", width="stretch")
            st.button(
                "Restore…",
                key=f"restore-{backup.path.name}",
                type="tertiary",
                disabled=busy,
                on_click=keeping_work.choose,
                args=(backup.path,),
            )
        if keeping_work.chosen() == backup.path:
            _ask()


def _ask() -> None:
    with st.container(border=True):
        st.markdown(
            "It becomes a new history in a file of its own, beside the one in use. Nothing is written over, and nothing "
            "changes here until you say that the new one is to be used."
        )
        with st.container(horizontal=True, gap="small"):
            st.button("Restore beside", key="restore", type="primary", on_click=keeping_work.restore_chosen)
            st.button("Cancel", key="restore-cancel", on_click=keeping_work.choose, args=(None,))


def _draw_restored(home: Home, made: Restored) -> None:
    held = f"{made.conversations:,} conversation{'' if made.conversations == 1 else 's'}"
    st.success(
        f"Restored {held} with {made.messages:,} message{'' if made.messages == 1 else 's'}, into a file of its own.",
        icon=":material/check_circle:",
    )
    st.code(str(made.path), language=None, wrap_lines=True)
    for note in made.notes[:_SHOWN]:
        st.caption(sentence(note))
    setting = home.value("storage", "database_url")
    if setting.value == made.url:
        st.info(
            "It is used from the next start of ByteBot on. Until then this history stays open.",
            icon=":material/restart_alt:",
        )
        st.button("Stay with this one", key="restored-stay", on_click=_use, args=(home, None))
    else:
        st.button(
            "Use it from the next start",
            key="restored-use",
            icon=":material/restart_alt:",
            disabled=setting.fixed,
            on_click=_use,
            args=(home, made.url),
        )
    if fixed := saving.source(setting):
        st.caption(sentence(fixed))
    saving.refusal(_WHERE)


def _use(home: Home, url: str | None) -> None:
    """Which history the next start opens; None: the one it is now."""

    def save() -> str:
        before = st.session_state.setdefault(_BEFORE, home.value("storage", "database_url").value)
        home.save("storage", "database_url", before if url is None else url)
        return "ByteBot opens that one when it is started again." if url else "ByteBot stays with this history."

    saving.attempt(_WHERE, save)


@st.fragment(run_every=0.5)
def _watch() -> None:
    work = keeping_work.current()
    if work is None or work.beside.over:
        st.rerun()
