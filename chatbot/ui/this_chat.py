"""What this chat is held with, in the sidebar. A change holds from the next message on and is kept with the chat."""

from datetime import UTC, datetime

import streamlit as st

from chatbot.core.errors import BadInput, ByteBotError
from chatbot.engine.engine import Engine
from chatbot.ui import callbacks, first_model, forecast, models, numbers, saving, session, warm
from chatbot.ui.open_chat import OpenChat, current
from chatbot.ui.words import sentence

LONGEST = "Longest reply, in tokens"
_WHERE = "this chat"


def draw(engine: Engine, chat: OpenChat) -> None:
    """The widgets are keyed by the chat's slot, so that they keep their state while a new chat gets its id.

    They show what the chat is held with, also where that was changed beside them: by a button, in another window.
    """
    st.caption("This chat's settings")
    _model(engine, chat)
    _system(engine, chat)
    _temperature(engine, chat)
    _max_output(chat)


def _model(engine: Engine, chat: OpenChat) -> None:
    home, options = session.home(), chat.options
    names = list(home.connections())
    if options.connection not in names:
        names.append(options.connection)
    if len(names) > 1:
        widget = saving.follow(f"connection-{chat.slot}", options.connection, where=_WHERE)
        st.selectbox(
            "Connection",
            names,
            names.index(options.connection),
            key=widget,
            on_change=_set_connection,
            args=(widget,),
        )
    else:
        st.empty()
    offered = models.offered(engine, home, options.connection)
    if options.model and options.model not in offered:
        offered.insert(0, options.model)
    widget = saving.follow(f"model-{chat.slot}-{options.connection}", options.model or None, where=_WHERE)
    ends = models.shutdowns(home, options.connection, offered)
    today = datetime.now(UTC).date()
    asked = first_model.awaited(chat)
    st.selectbox(
        "Model",
        offered,
        offered.index(options.model) if options.model in offered else None,
        key=widget,
        format_func=lambda model: models.worn(model, ends.get(model), today),
        accept_new_options=True,
        placeholder="Asking the server…" if asked else "Choose a model or type its id",
        on_change=_set,
        args=(widget, "model"),
    )
    if told := models.ending(options.model, ends.get(options.model), today):
        st.caption(sentence(told))
    else:
        st.empty()


def _system(engine: Engine, chat: OpenChat) -> None:
    widget = saving.follow(f"system-{chat.slot}", chat.options.system, where=_WHERE)
    with st.expander("System prompt"):
        st.text_area(
            "System prompt",
            chat.options.system,
            key=widget,
            height=160,
            label_visibility="collapsed",
            placeholder="None is sent.",
            on_change=_set,
            args=(widget, "system"),
        )
    if said := forecast.uncached(engine, chat):
        st.caption(said)
    else:
        st.empty()


def _temperature(engine: Engine, chat: OpenChat) -> None:
    refused = _refusal(engine, chat, "temperature")
    chosen = chat.options.temperature is not None and refused is None
    toggle = saving.follow(f"temperature-set-{chat.slot}", chosen, where=_WHERE)
    st.toggle(
        "Set the temperature",
        chosen,
        key=toggle,
        disabled=refused is not None,
        help="Higher is more varied. Off: the model decides.",
        on_change=_toggle_temperature,
        args=(toggle,),
    )
    if refused is not None:
        st.caption(sentence(refused))
    elif chosen:
        slider = saving.follow(f"temperature-{chat.slot}", chat.options.temperature, where=_WHERE)
        st.slider(
            "Temperature",
            0.0,
            2.0,
            chat.options.temperature,
            0.1,
            key=slider,
            label_visibility="collapsed",
            on_change=_set,
            args=(slider, "temperature"),
        )
    else:
        st.empty()


def _max_output(chat: OpenChat) -> None:
    widget = saving.follow(f"max-output-{chat.slot}", chat.options.max_output, where=_WHERE)
    st.number_input(
        LONGEST,
        value=chat.options.max_output,
        step=256,
        key=widget,
        placeholder="as the model likes",
        on_change=_set_max_output,
        args=(widget,),
    )
    if chat.number:
        st.caption(f":material/error: {sentence(chat.number)}")
    else:
        st.empty()


def _refusal(engine: Engine, chat: OpenChat, parameter: str) -> str | None:
    """Why the model does not take it, as far as is known; the page does not wait for the SDK to be loaded."""
    if not warm.done():
        return None
    try:
        return engine.provider(chat.options.connection).refusals(chat.options.model).get(parameter)
    except ByteBotError:
        return None


def _set(widget: str, name: str) -> None:
    value = st.session_state[widget]
    if name == "model":
        if not value:
            return
        value = models.bare(value)
    callbacks.set_options(**{name: value})


def _set_max_output(widget: str) -> None:
    """A number that cannot be is said; the box goes on showing the one that holds."""
    chat = current()
    chat.number = ""
    try:
        callbacks.set_options(max_output=numbers.checked(numbers.MAX_OUTPUT, LONGEST, st.session_state[widget]))
    except BadInput as error:
        chat.number = error.sentence


def _set_connection(widget: str) -> None:
    """Another server: its own model comes with it."""
    name = st.session_state[widget]
    known = session.home().connections().get(name)
    callbacks.set_options(connection=name, model=(known.model if known else None) or "")


def _toggle_temperature(toggle: str) -> None:
    callbacks.set_options(temperature=0.7 if st.session_state[toggle] else None)
