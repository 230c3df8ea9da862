"""The settings' list of connections: what each is, whether it works, and what can be done about it."""

import streamlit as st

from chatbot.core.blocks import label
from chatbot.core.settings import EMBEDDED, Connection
from chatbot.home.addresses import warning
from chatbot.home.home import Home
from chatbot.home.neighbours import neighbours
from chatbot.providers.provider import Quirks
from chatbot.ui import connection_actions as actions
from chatbot.ui import connection_form, saving, trials
from chatbot.ui.key_form import key_form
from chatbot.ui.words import sentence

_TEST = ":material/network_check:"


@st.cache_data(ttl=20, show_spinner=False)
def found() -> list[Connection]:
    """Model servers on this machine. Where nothing listens that is known at once; a silent one is given a second."""
    return neighbours(timeout=1.0)


def draw(home: Home, quirks: Quirks) -> None:
    """The whole section."""
    for name in home.connections():
        actions.settle(home, name)
    connections = home.connections()
    for connection in connections.values():
        if connection.embedded:
            _offline(home)
        elif connection.name == st.session_state.get(actions.EDITING):
            _form(home, quirks, connection.name)
        else:
            _card(home, quirks, connection)
    for neighbour in found():
        if not any(_same_place(neighbour, known) for known in connections.values()):
            _offer(home, quirks, neighbour)
    if st.session_state.get(actions.EDITING) == "":
        _form(home, quirks, "")
    else:
        st.button("Add a connection", icon=":material/add:", on_click=actions.edit, args=(None,), key="add_connection")
    if trials.running():
        watch()


@st.fragment(run_every=0.5)
def watch() -> None:
    """Draws the page anew when a test is over; until then nothing moves."""
    if not trials.running():
        st.rerun()


def choose_model(home: Home, connection: Connection, *, title: str = "Model") -> None:
    """A list of what the last test found, in which an id can be typed as well; a choice holds at once."""
    field = saving.follow(f"model_of:{connection.name}", connection.model, where=connection.name)
    listed = trials.models(connection.name)
    own = () if connection.model is None or connection.model in listed else (connection.model,)
    offered = [*own, *listed]
    st.selectbox(
        title,
        offered,
        # With one it cannot be emptied, for instance by Esc.
        index=offered.index(connection.model) if connection.model else None,
        key=field,
        required=not connection.model,
        accept_new_options=True,
        placeholder="Test, or type an id",
        on_change=actions.set_model,
        args=(home, connection.name, field),
    )


def outcome(name: str) -> None:
    """How the last test of a connection went."""
    trial = trials.of(name)
    if trial is None:
        return
    if trial.result is None:
        st.info("Testing…", icon=":material/hourglass_top:")
    elif trial.result.works and not trial.result.models:
        st.info(sentence(trial.result.sentence), icon=":material/info:")
    elif trial.result.doubtful:
        st.warning(sentence(trial.result.sentence), icon=":material/warning:")
    elif trial.result.works:
        st.success(sentence(trial.result.sentence), icon=":material/check_circle:")
    else:
        st.error(sentence(trial.result.sentence), icon=":material/error:")


def _form(home: Home, quirks: Quirks, editing: str) -> None:
    st.markdown(f"**{label(editing)}**" if editing else "**New connection**")
    connection_form.draw(home, editing, save=lambda: actions.save(home, quirks), close=actions.close)


def _card(home: Home, quirks: Quirks, connection: Connection) -> None:
    name = connection.name
    with st.container(border=True, key=f"connection:{name}"):
        _head(home, name)
        st.text(connection.base_url)
        if told := warning(connection.base_url):
            st.warning(sentence(told), icon=":material/lock_open:")
        _key(home, quirks, name)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            choose_model(home, connection)
            st.button("Test", icon=_TEST, key=f"test:{name}", on_click=actions.test, args=(home, quirks, name))
        if instead := _instead(home, connection):
            st.caption(sentence(instead))
        outcome(name)
        if _untried(home, connection):
            st.caption(sentence(f"No test has passed yet. New chats still use {home.default_connection()!r}."))
        saving.refusal(name)
        if st.session_state.get(actions.REMOVING) == name:
            _confirm(home, name)
        else:
            _buttons(home, connection)


def _instead(home: Home, connection: Connection) -> str:
    """Which model new chats use in place of the connection's own, and who says so; empty where they use its own."""
    value = home.value("chat", "model")
    if connection.name != home.default_connection() or value.value in (None, connection.model):
        return ""
    who = f"set by {value.variable} ({value.source})" if value.fixed else "chosen on the tab New chats"
    return f"New chats use {value.value!r} instead, {who}."


def _untried(home: Home, connection: Connection) -> bool:
    """It would be for new chats, had a test of it passed."""
    trial = trials.of(connection.name)
    return not connection.automatic and connection.name != home.default_connection() and (trial is None or trial.over)


def _head(home: Home, name: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{label(name)}**", width="content")
        if name == home.default_connection():
            st.badge("For new chats", icon=":material/check:", color="primary")


def _buttons(home: Home, connection: Connection) -> None:
    name = connection.name
    with st.container(horizontal=True):
        st.button("Edit", type="tertiary", key=f"edit:{name}", on_click=actions.edit, args=(connection,))
        _make_default(home, name, "Use it anyway" if _untried(home, connection) else "Use for new chats")
        given = home.given_by(name)
        st.button(
            "Remove",
            type="tertiary",
            key=f"remove:{name}",
            disabled=bool(given),
            help=sentence(given) or None,
            on_click=actions.put,
            args=(actions.REMOVING, name),
        )


def _make_default(home: Home, name: str, words: str = "Use for new chats") -> None:
    if name == home.default_connection():
        return
    fixed = home.value("chat", "connection")
    st.button(
        words,
        type="tertiary",
        key=f"use:{name}",
        disabled=fixed.fixed,
        help=sentence(saving.source(fixed)) or None,
        on_click=actions.default,
        args=(home, name),
    )


def _key(home: Home, quirks: Quirks, name: str) -> None:
    if st.session_state.get(actions.ASKING_KEY) == name:
        key_form(
            name,
            button="Save and test",
            save=lambda text: actions.set_key(home, quirks, name, text),
            cancel=actions.close_key,
        )
        return
    where = home.key_source(name)
    # A key in a variable is changed there; the buttons are greyed, so that one sees that it is not forgotten.
    fixed = where is not None and not where.startswith(("keyring", "file"))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"A key is set ({sentence(_where(where))})." if where else "No key.", width="content")
        with st.container(horizontal=True, width="content"):
            st.button(
                "Replace" if where else "Add a key",
                type="tertiary",
                key=f"ask_key:{name}",
                disabled=fixed,
                on_click=actions.put,
                args=(actions.ASKING_KEY, name),
            )
            if where:
                _forget(home, name, disabled=fixed)
    if fixed:
        st.caption("A variable beats what is saved here, so the key is changed where it is set.")
    for header in home.secret_headers(name):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"The header {label(header)} is set.", width="content")
            _forget(home, name, header)


def _where(source: str) -> str:
    """Where a key is, in few words: the path of the file is on the tab about data."""
    return "in a file for you alone" if source.startswith("file") else source


def _forget(home: Home, name: str, header: str = "", *, disabled: bool = False) -> None:
    """Asks once more: nothing shows a key again, and a vendor shows it but once."""
    what = f"{name}:{header}"
    if st.session_state.get(actions.FORGETTING) == what:
        st.button("Forget it", key=f"really_forget:{what}", on_click=actions.forget, args=(home, name, header))
        st.button(
            "Keep it", type="tertiary", key=f"remember:{what}", on_click=actions.put, args=(actions.FORGETTING, None)
        )
        return
    st.button(
        "Forget",
        type="tertiary",
        key=f"forget:{what}",
        disabled=disabled,
        on_click=actions.put,
        args=(actions.FORGETTING, what),
    )


def _confirm(home: Home, name: str) -> None:
    st.markdown("Remove this connection and forget its key? Your conversations stay.")
    with st.container(horizontal=True):
        st.button("Remove it", type="primary", key=f"really:{name}", on_click=actions.remove, args=(home, name))
        st.button("Keep it", type="tertiary", key=f"keep:{name}", on_click=actions.put, args=(actions.REMOVING, None))


def _offline(home: Home) -> None:
    with st.container(border=True, key=f"connection:{EMBEDDED}"):
        _head(home, EMBEDDED)
        st.caption("The tiny model that comes with ByteBot: English only, often wrong. It needs no key and no network.")
        _make_default(home, EMBEDDED)
        saving.refusal(EMBEDDED)


def _offer(home: Home, quirks: Quirks, neighbour: Connection) -> None:
    with st.container(border=True, key=f"found:{neighbour.name}"):
        st.markdown(f"**{label(actions.title(neighbour))}** is running on this machine.")
        st.text(neighbour.base_url)
        st.button(
            "Add it",
            icon=":material/add:",
            key=f"add:{neighbour.name}",
            on_click=actions.add,
            args=(home, quirks, neighbour),
        )
        saving.refusal(neighbour.name)


def _same_place(one: Connection, other: Connection) -> bool:
    return one.name == other.name or one.base_url == other.base_url.replace("//localhost", "//127.0.0.1")
