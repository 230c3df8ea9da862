"""The first minutes: what the offline model is, its download, and the way to a real one."""

import uuid

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.core.blocks import label
from chatbot.core.settings import EMBEDDED, Connection, Options
from chatbot.home.home import Home
from chatbot.home.neighbours import neighbours
from chatbot.home.table import OPENAI
from chatbot.providers.embedded import embedded_available
from chatbot.providers.provider import Quirks
from chatbot.ui import adding_key, callbacks, connection_actions, offline, offline_model, open_chat, saving, session
from chatbot.ui.key_form import key_form

WHERE = "first_run"
TINY = "You are talking to a tiny offline model: English only, often wrong."


def notice(slot: DeltaGenerator, options: Options) -> None:
    """Fill the slot with what somebody without a key needs to know, and with how a key that was added went.

    `options`: what the open chat is held with. Draws nothing when the chat has a real model and nothing was added.
    """
    home = session.home()
    if _settle(home):
        st.rerun()  # what stands above this slot has been drawn with the old connection
    adding = adding_key.current()
    with slot:
        if adding is not None and adding.over:
            _welcome(home)
        elif options.connection == EMBEDDED:
            _tiny(home, adding is not None)


@st.cache_data(ttl=20, show_spinner=False)
def found() -> list[Connection]:
    """Model servers on this machine; asking costs a third of a second where one keeps silent."""
    return neighbours()


def _tiny(home: Home, adding: bool) -> None:
    folder = home.folders.cache
    if not offline.ready(home) and embedded_available() is None and offline_model.fetching(folder) is None:
        offline_model.begin(folder)
    others = [name for name in home.connections() if name != EMBEDDED]
    with st.container(horizontal=True, vertical_alignment="center", key="tiny"):
        way = "Choose another model beside the chat for real answers." if others else "Add a key for real answers."
        st.caption(f"{TINY} {way}", width="stretch")
        if not others:
            with st.popover("Add a key", icon=":material/key:", type="tertiary"):
                _ask(home, adding)
    offline.fetch(home, key="chat")
    if not others and not adding:
        for server in found():
            _offer(home, server)


def _ask(home: Home, adding: bool) -> None:
    st.markdown("Paste a key from OpenAI. It is tested at once and kept on this machine only.")
    if adding:
        st.info("Testing the key…", icon=":material/hourglass_top:")
        _watch()
    else:
        key_form(OPENAI, button="Add and test", save=lambda text: _add_key(home, text))
    saving.refusal(WHERE)
    st.page_link("pages/settings.py", label="Another server, such as OpenRouter or Azure", icon=":material/settings:")


def _offer(home: Home, server: Connection) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"offer:{server.name}"):
        st.caption(f"{label(connection_actions.title(server))} is running on this machine.", width="content")
        st.button("Use it", type="tertiary", key=f"use:{server.name}", on_click=_use_neighbour, args=(home, server))


def _welcome(home: Home) -> None:
    """How it went: the sentence, and the model to change at once."""
    adding = adding_key.current()
    added = adding.result if adding else None
    if adding is None or added is None:
        return
    if not added.kept:
        # The field is offered again, with the reason above it.
        st.error(saving.plain(added.trial.sentence), icon=":material/error:")
        _tiny(home, adding=False)
        return
    connection = home.connections().get(added.name)
    if connection is None:
        adding_key.done()
        return
    draw = st.success if added.trial.works else st.warning
    draw(
        saving.plain(added.trial.sentence),
        icon=":material/check_circle:" if added.trial.works else ":material/warning:",
    )
    with st.container(horizontal=True, vertical_alignment="bottom", key="welcome"):
        _choose_model(home, connection, added.trial.models)
        st.button("Done", key="welcome_done", on_click=adding_key.done)


def _choose_model(home: Home, connection: Connection, models: tuple[str, ...]) -> None:
    field = "welcome_model"
    saving.follow(field, connection.model, where=WHERE)
    own = () if connection.model is None or connection.model in models else (connection.model,)
    st.selectbox(
        "Model for this chat and new ones",
        [*own, *models],
        index=None,
        key=field,
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
    connection = home.connections().get(name)
    if connection is not None:
        callbacks.set_options(connection=name, model=connection.model or "")
        # Its widgets begin anew with what holds now.
        open_chat.current().slot = uuid.uuid4().hex[:8]
