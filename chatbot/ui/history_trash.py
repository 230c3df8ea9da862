"""The trash of the history page: emptying it, whole or in part, and the parts of conversations that lie in it."""

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st

from chatbot.core.blocks import label
from chatbot.core.errors import ByteBotError
from chatbot.engine.backups import Backups
from chatbot.engine.emptying import Emptied, empty_trash, remove_for_good
from chatbot.engine.engine import Engine
from chatbot.store.store import Store
from chatbot.ui import clock, history_note, keeping_work, session
from chatbot.ui.history_rows import ago
from chatbot.ui.job import Job, watch
from chatbot.ui.words import sentence

_FEW = 100
_JOB = "emptying"
_BUTTON = "Remove for good"


def head(engine: Engine) -> None:
    """Emptying it, and what came of that."""
    job: Job[Emptied] | None = st.session_state.get(_JOB)
    if job is not None and not job.over:
        watch(job, "empty", stops=False)
        return
    with st.popover("Empty the trash", icon=":material/delete_forever:"):
        st.markdown(f"Everything in here, chosen or not, is {_what_it_means()}")
        st.button(_BUTTON, key="empty-trash", type="primary", on_click=_begin, args=(engine, empty_trash))
    if job is None:
        return
    if job.result is None:
        st.error(sentence(job.problem), icon=":material/error:")
        return
    done, *left = job.result.sentences
    st.success(sentence(done), icon=":material/check:")
    for words in left:
        st.caption(f":material/info: {sentence(words)}")


def chosen(engine: Engine, ids: Sequence[str], clear: Callable[[], None]) -> None:
    """The same for the conversations that are chosen; `clear`: they are no more then."""
    with st.popover(f"{_BUTTON}…", icon=":material/delete_forever:", type="tertiary", disabled=_busy()):
        few = len(ids) == 1
        st.markdown(f"{'This conversation is' if few else f'These {len(ids):,} conversations are'} {_what_it_means()}")
        work = partial(remove_for_good, ids=ids)
        st.button(_BUTTON, key="remove-chosen", type="primary", on_click=_begin, args=(engine, work, clear))


def _what_it_means() -> str:
    """The rest of a sentence that begins with what is meant."""
    try:
        count = len(keeping_work.backups().all())
    except ByteBotError:
        count = 0
    kept = "backup may" if count == 1 else "backups may"
    backups = f"{count} {kept} still hold the words; the settings list them under *Data*." if count else ""
    return f"removed for good, from the database's files too. What it cost stays in the bills. {backups}".rstrip()


def _busy() -> bool:
    job: Job[Emptied] | None = st.session_state.get(_JOB)
    return job is not None and not job.over


def told() -> bool:
    """There is something to say of emptying it."""
    return _JOB in st.session_state


def forget() -> None:
    """What was said of emptying it is old news once something else is shown."""
    job: Job[Emptied] | None = st.session_state.get(_JOB)
    if job is not None and job.over:
        del st.session_state[_JOB]


def branches(engine: Engine) -> None:
    """Messages that were deleted out of conversations which are still there."""
    found = engine.store.history.deleted_branches(limit=_FEW)
    if not found:
        return
    st.subheader("Deleted messages", anchor=False)
    for branch in found:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", wrap=False):
            with st.container(gap=None):
                st.markdown(label(branch.text, 90) or "(no words)")
                messages = max(1, branch.messages)  # what *Continue* added may be all that was deleted
                count = f"{messages:,} message{'' if messages == 1 else 's'}"
                where = label(branch.title or "(no title)", 60)
                st.caption(f"{count} · out of {where} · deleted {ago(branch.deleted, clock.now())}")
            st.button(
                "Take back",
                key=f"branch-{branch.token}",
                icon=":material/undo:",
                type="tertiary",
                width="content",
                on_click=_take_back,
                args=(branch.token,),
            )
            with st.popover(
                ":material/delete_forever:", help=f"{_BUTTON}…", type="tertiary", width="content", disabled=_busy()
            ):
                st.markdown(f"What was deleted here is {_what_it_means()}")
                work = partial(remove_for_good, tokens=[branch.token])
                st.button(_BUTTON, key=f"remove-{branch.token}", type="primary", on_click=_begin, args=(engine, work))


def _begin(engine: Engine, work: Callable[[Store, Backups], Emptied], clear: Callable[[], None] | None = None) -> None:
    history_note.forget()  # what is gone for good is not taken back
    backups = keeping_work.backups()
    st.session_state[_JOB] = Job[Emptied]("Removing it for good", 0).begin(lambda _: work(engine.store, backups))
    if clear is not None:
        clear()


def _take_back(token: str) -> None:
    try:
        session.engine().store.conversations.undelete_message(token)
    except ByteBotError as error:
        history_note.refuse(error)
    else:
        history_note.say("Taken back.")
