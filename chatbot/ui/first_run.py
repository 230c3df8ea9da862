"""The first minutes: what the offline model is, its download, and the way to a real one."""

import uuid

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.core.blocks import label
from chatbot.core.settings import EMBEDDED, Connection, Options
from chatbot.home.home import Home
from chatbot.home.table import OPENAI
from chatbot.providers.provider import Quirks
from chatbot.ui import (
    adding_key,
    callbacks,
    connection_actions,
    connections,
    offline,
    offline_model,
    open_chat,
    saving,
    session,
)
from chatbot.ui.adding_key import Added
from chatbot.ui.key_form import key_form
from chatbot.ui.live_reply import BEAT
from chatbot.ui.seats import clear
from chatbot.ui.words import sentence

WHERE = "first_run"
ADOPTING = "first_run_adopting"
_ELEMENTS = 7
_DRAWN = "first run drawn"  # in the session: they are not empty
TINY = "You are talking to a tiny offline model: English only, often wrong."


def notice(slot: DeltaGenerator, options: Options) -> None:
    """Fill the slot with what somebody without a key needs to know, and with how a key that was added went.

    `options`: what the open chat is held with. Nothing is seen when the chat has a real model and nothing was added.
    """
    home = session.home()
    if _settle(home):
        st.rerun()  # what stands above this slot has been drawn with the old connection
    adding = adding_key.current()
    # What was settled above, and nothing that came since: a page drawn of both would not look again.
    testing = adding is not None and not adding.noticed
    added = adding.result if adding is not None and adding.noticed else None
    if added is not None and added.kept and added.name != options.connection:
        added = None  # a chat on another connection: it is no business of its
    tiny, move = options.connection == EMBEDDED, None
    if tiny and offline.missing(home) and offline_model.fetching(home.folders.cache) is None:
        offline_model.begin(home.folders.cache)
    # The same elements in the same places whatever they hold: what changes place would stay, greyed, while a reply is
    # followed.
    with slot:
        if tiny or added is not None:
            _outcome(added)
            _welcome(home, added)
            if tiny:
                _line(home, testing=testing)
                move = offline.fetch(home, key="chat")
                _offers(home, wanted=adding is None)
            else:
                clear(_ELEMENTS - 2)
        elif st.session_state.get(_DRAWN):
            clear(_ELEMENTS)
    st.session_state[_DRAWN] = tiny or added is not None

    def beat() -> None:
        if adding is not None and adding.over and not adding.noticed:
            st.rerun()
        if move is not None:
            move()

    st.session_state[BEAT] = beat


def _outcome(added: Added | None) -> None:
    """One element: how adding went."""
    if added is None:
        st.empty()
    elif not added.kept:
        st.error(sentence(added.trial.sentence), icon=":material/error:")
    elif refused := next((where for where in (ADOPTING, added.name) if saving.refused(where)), None):
        saving.refusal(refused)
    elif added.trial.doubtful:
        st.warning(sentence(f"{added.trial.sentence} This chat and new ones use it."), icon=":material/warning:")
    elif added.trial.works:
        st.success(sentence(f"{added.trial.sentence} This chat and new ones use it."), icon=":material/check_circle:")
    else:
        st.warning(sentence(f"It is saved, but does not work yet. {added.trial.sentence}"), icon=":material/warning:")


def _welcome(home: Home, added: Added | None) -> None:
    """One element: the model of what was added, to change at once."""
    connection = home.connections().get(added.name) if added is not None and added.kept else None
    if added is None or connection is None:
        st.empty()
        return
    with st.container(horizontal=True, vertical_alignment="bottom", key="welcome"):
        _choose_model(home, connection, added.trial.models)
        st.button("Done", key="welcome_done", on_click=adding_key.done)


def _line(home: Home, *, testing: bool) -> None:
    """One element: the calm line, and the way to a real model."""
    openai = home.connections().get(OPENAI)
    others = any(name not in (EMBEDDED, OPENAI) for name in home.connections()) or home.key_source(OPENAI) is not None
    with st.container(horizontal=True, vertical_alignment="center", key="tiny"):
        way = "Choose another model beside the chat for real answers." if others else "Add a key for real answers."
        st.caption(f"{TINY} {way}", width="stretch")
        if others and not testing:
            st.empty()
            return
        with st.popover("Add a key", icon=":material/key:", type="tertiary"):
            whose = "from OpenAI" if openai is None else f"for {openai.base_url}"
            st.markdown(sentence(f"Paste a key {whose}. It is tested at once and kept on this machine only."))
            if testing:
                st.info("Testing the key…", icon=":material/hourglass_top:")
                _watch()
            else:
                key_form(OPENAI, button="Add and test", save=lambda text: _add_key(home, text))
            saving.refusal(WHERE)
            st.page_link(
                "pages/settings.py", label="Another server, such as OpenRouter or Azure", icon=":material/settings:"
            )


def _offers(home: Home, *, wanted: bool) -> None:
    """One element: the servers found on this machine, until there is a connection."""
    with st.container(key="offers", gap="xsmall"):
        for server in connections.found() if wanted and set(home.connections()) == {EMBEDDED} else ():
            with st.container(horizontal=True, vertical_alignment="center", key=f"offer:{server.name}"):
                name = label(connection_actions.title(server))
                st.caption(f"{name} is running on this machine.", width="content")
                st.button(
                    "Use it", type="tertiary", key=f"use:{server.name}", on_click=_use_neighbour, args=(home, server)
                )


def _choose_model(home: Home, connection: Connection, models: tuple[str, ...]) -> None:
    field = saving.follow("welcome_model", connection.model, where=WHERE)
    own = () if connection.model is None or connection.model in models else (connection.model,)
    offered = [*own, *models]
    st.selectbox(
        "Model for this chat and new ones",
        offered,
        # With one it cannot be emptied, for instance by Esc.
        index=offered.index(connection.model) if connection.model else None,
        key=field,
        required=not connection.model,
        accept_new_options=True,
        placeholder="Type a model's id",
        on_change=_set_model,
        args=(home, connection.name, field),
    )


@st.fragment(run_every=0.5)
def _watch() -> None:
    adding = adding_key.current()
    if adding is None or adding.over:
        st.rerun()


def _quirks() -> Quirks:
    return session.engine().store.quirks


def _add_key(home: Home, text: str) -> None:
    def work() -> None:
        adding_key.begin_key(home, _quirks(), text)
        _settle(home)

    saving.attempt(WHERE, work)


def _use_neighbour(home: Home, server: Connection) -> None:
    def work() -> None:
        adding_key.begin_neighbour(home, _quirks(), server)
        _settle(home)

    saving.attempt(WHERE, work)


def _set_model(home: Home, name: str, field: str) -> None:
    connection_actions.set_model(home, name, field)
    _adopt(home, name)


def _settle(home: Home) -> bool:
    """Let the open chat use what was added, once it is there; true when it does from now on."""
    adding = adding_key.current()
    if adding is None or adding.result is None or adding.noticed:
        return False
    adding.noticed = True
    if adding.result.kept:
        _adopt(home, adding.result.name)
    return adding.result.kept


def _adopt(home: Home, name: str) -> None:
    """The open chat goes on with this connection, from its next message on."""

    def work() -> None:
        callbacks.set_options(connection=name, model=home.connection(name).model or "")
        # Its widgets begin anew with what holds now.
        open_chat.current().slot = uuid.uuid4().hex[:8]

    saving.attempt(ADOPTING, work)
