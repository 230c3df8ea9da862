"""Routing in the settings: the rules that send simple messages to another model, and a message to try them on."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from chatbot.core.blocks import label
from chatbot.core.routing import Rule, route
from chatbot.engine.cheap import cheap_model_of
from chatbot.home.home import Home
from chatbot.home.routes import read_rule
from chatbot.ui import route_form, saving
from chatbot.ui.words import sentence

WHERE = "routes"
_EXAMPLE = {"name": "short questions", "at_most": 200, "without_code": True}


def draw(home: Home) -> None:
    """The whole section."""
    routes = home.routes
    st.subheader("Rules", anchor=False)
    st.caption(
        "A simple message need not go to a dear model. Each new message goes by the first rule that matches it; where none "
        "does, the chat's own model answers. A routed reply says which rule it was and what the other model would have "
        "cost, and *Regenerate* asks the chat's own."
    )
    saving.refusal(WHERE)
    if routes.error:
        st.error(sentence(routes.error), icon=":material/error:")
        return
    editing: int | None = st.session_state.get(route_form.EDITING)
    for number, table in enumerate(routes.tables):
        with st.container(border=True, key=f"route-{number}"):
            if editing == number:
                route_form.draw(home, number)
            else:
                _card(home, number, table)
    if editing == route_form.NEW:
        with st.container(border=True, key="route-new"):
            route_form.draw(home, route_form.NEW)
    elif not routes.tables:
        _none_yet(home)
    else:
        _add("Add a rule")
    if routes.rules:
        _trial(home)


def _card(home: Home, number: int, table: Mapping[str, Any]) -> None:
    """One rule in words, and what can be done about it."""
    rule, mistakes = read_rule(table)
    name = f": {label(str(table['name']), most=80)}" if table.get("name") else ""
    st.markdown(f"**Rule {number + 1}{name}**")
    if rule is not None:
        st.markdown(sentence(about(rule)))
    for _, said in mistakes:
        st.warning(sentence(f"{said} The rule routes nothing until that is mended."), icon=":material/warning:")
    routes = home.routes
    with st.container(horizontal=True):
        st.button(
            "Edit",
            type="tertiary",
            key=f"route-edit-{number}",
            on_click=route_form.edit,
            args=(number, table),
        )
        if number:
            st.button(
                "Move up",
                type="tertiary",
                key=f"route-up-{number}",
                help="The first rule that matches decides.",
                on_click=_move_up,
                args=(home, routes.tables, number),
            )
        st.button(
            "Remove",
            type="tertiary",
            key=f"route-remove-{number}",
            on_click=_remove,
            args=(home, routes.tables, number),
        )


def about(rule: Rule) -> str:
    """A rule as a sentence.

    >>> about(Rule(to="gpt-6-luna", at_most=200, without_code=True, model="gpt-6-*"))
    'In chats with gpt-6-*, messages of at most 200 characters and without code go to gpt-6-luna.'
    >>> about(Rule(to="gpt-6-luna", words=("translate", "sum up"), connection="openai"))
    'In chats on openai, messages with one of the words “translate”, “sum up” go to gpt-6-luna.'
    >>> about(Rule(to="gpt-6-luna"))
    'All messages go to gpt-6-luna.'
    """
    parts = [f"of at most {rule.at_most:,} characters"] if rule.at_most is not None else []
    if rule.without_code:
        parts.append("without code")
    if rule.words:
        listed = ", ".join(f"“{word}”" for word in rule.words)
        parts.append(f"with {'the word' if len(rule.words) == 1 else 'one of the words'} {listed}")
    chats = f" with {rule.model}" if rule.model != "*" else ""
    chats += f" on {rule.connection}" if rule.connection != "*" else ""
    which = f"messages {' and '.join(parts)}" if parts else "all messages"
    whole = f"in chats{chats}, {which}" if chats else which
    return f"{whole[0].upper()}{whole[1:]} go to {rule.to}."


def _none_yet(home: Home) -> None:
    """What routing is, and an example for one click."""
    connection = home.connections().get(home.default_connection())
    cheap = cheap_model_of(connection) if connection is not None and not connection.embedded else None
    own = home.default_options().model
    with st.container(border=True, key="route-none"):
        st.markdown("**No rules: every message goes to its chat's own model.**")
        if cheap and cheap != own:
            example = {**_EXAMPLE, "to": cheap, **({"model": own} if own else {})}
            rule, _ = read_rule(example)
            assert rule is not None
            words = about(rule)
            st.markdown(f"For example: {sentence(words[0].lower() + words[1:])}")
        else:
            example = {}
            st.markdown(
                "For example: short questions without code go to a small model, and all else stays where it is. "
                "Name the small one, and the rest is filled in."
            )
        with st.container(horizontal=True):
            if example:
                st.button(
                    "Add this rule", type="primary", key="route-example", on_click=_add_example, args=(home, example)
                )
            else:
                st.button(
                    "Begin with this example",
                    type="primary",
                    key="route-example",
                    on_click=route_form.edit,
                    args=(route_form.NEW, _EXAMPLE),
                )
            _add("Write one")


def _add(words: str) -> None:
    st.button(words, icon=":material/add:", key="route-add", on_click=route_form.edit, args=(route_form.NEW, {}))


def _add_example(home: Home, example: Mapping[str, Any]) -> None:
    def work() -> str:
        home.save_routes([], [(None, example)])
        return f"Short questions go to {example['to']}."

    saving.attempt(WHERE, work)


def _move_up(home: Home, seen: tuple[Mapping[str, Any], ...], number: int) -> None:
    route_form.close()
    order = [*range(len(seen))]
    order[number - 1], order[number] = number, number - 1
    saving.attempt(WHERE, lambda: home.save_routes(seen, [(at, seen[at]) for at in order]))


def _remove(home: Home, seen: tuple[Mapping[str, Any], ...], number: int) -> None:
    route_form.close()

    def work() -> str:
        home.save_routes(seen, [(at, seen[at]) for at in range(len(seen)) if at != number])
        return "The rule is removed."

    saving.attempt(WHERE, work)


def _trial(home: Home) -> None:
    """Where a message of a new chat would go."""
    options = home.default_options()
    st.space("small")
    text = st.text_area(
        "Try a message",
        key="route-try",
        placeholder=f"What would a new chat with {options.model} do with it?" if options.model else "",
        height=80,
        help="Nothing is sent.",
    )
    if not text.strip():
        return
    routed = route(home.routes.rules, connection=options.connection, model=options.model, text=text)
    if routed is None:
        st.info(sentence(f"No rule sends it elsewhere: {options.model or 'its own model'} answers."))
    else:
        st.success(sentence(f"{routed.model} answers instead of {routed.instead_of} ({routed.why})."))
