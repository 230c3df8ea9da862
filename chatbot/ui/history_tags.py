"""Tags for the conversations that are chosen: given, taken off, named anew, coloured, deleted."""

from collections.abc import Sequence

import streamlit as st

from chatbot.core.blocks import label
from chatbot.core.errors import ByteBotError
from chatbot.core.labels import one_line
from chatbot.core.tag import COLOURS, LONGEST_TAG
from chatbot.engine.engine import Engine
from chatbot.store.tags import Tag
from chatbot.ui import history_note, session

_NEW, _WHICH, _NAME, _COLOUR = "tag-new", "tag-which", "tag-name", "tag-colour"


def draw(engine: Engine, ids: Sequence[str]) -> None:
    """A button that opens all of it."""
    with st.popover("Tag", icon=":material/label:", type="tertiary"):
        tags = engine.store.tags.all()
        given = engine.store.tags.of(ids)
        for tag in tags:
            having = sum(tag.id in {one.id for one in given.get(id, ())} for id in ids)
            _line(tag, ids, having)
        st.text_input(
            "New tag",
            key=_NEW,
            max_chars=LONGEST_TAG,
            placeholder="New tag, then Enter",
            label_visibility="collapsed",
            on_change=_make,
            args=(ids,),
        )


def _line(tag: Tag, ids: Sequence[str], having: int) -> None:
    some = f" :small[:gray[{having} of {len(ids)}]]" if 0 < having < len(ids) else ""
    st.checkbox(
        f":{tag.colour}-badge[{label(tag.name)}]{some}",
        having == len(ids),
        key=f"tag-{tag.id}-{having}-{len(ids)}",
        on_change=_turn,
        args=(ids, tag, having == len(ids)),
    )


def edit(engine: Engine) -> None:
    """A button that opens the tags themselves; nothing while there are none."""
    tags = {tag.id: tag for tag in engine.store.tags.all()}
    if not tags:
        return
    with st.popover("Tags", icon=":material/label:"):
        which = st.selectbox(
            "Tag", list(tags), key=_WHICH, format_func=lambda id: one_line(tags[id].name), label_visibility="collapsed"
        )
        tag = tags[which]
        name = st.text_input("Name", tag.name, key=f"{_NAME}-{tag.id}", max_chars=LONGEST_TAG)
        colour = st.selectbox("Colour", COLOURS, COLOURS.index(tag.colour), key=f"{_COLOUR}-{tag.id}")
        where = f"on {tag.count:,} conversation{'' if tag.count == 1 else 's'}"
        st.markdown(f":{colour}-badge[{label(name or tag.name)}] :small[:gray[{where}]]")
        with st.container(horizontal=True, gap="small"):
            st.button("Save", key="tag-save", type="primary", on_click=_change, args=(tag,))
            st.button("Delete tag", key="tag-delete", type="tertiary", on_click=_remove, args=(tag,))


def _make(ids: Sequence[str]) -> None:
    name = str(st.session_state.get(_NEW) or "")
    if not name.strip():
        return
    try:
        _give(ids, name)
    except ByteBotError as error:
        history_note.refuse(error)
    else:
        st.session_state[_NEW] = ""


def _give(ids: Sequence[str], name: str) -> None:
    tags = session.engine().store.tags
    before = tags.of(ids)
    tag = tags.give(ids, name)
    new = [id for id in ids if tag.id not in {one.id for one in before.get(id, ())}]
    history_note.say(f"Tagged {tag.name!r}: {_counted(new)}.", lambda: tags.take(new, tag.id))


def _take(ids: Sequence[str], tag: Tag) -> None:
    tags = session.engine().store.tags
    tags.take(ids, tag.id)
    history_note.say(f"{tag.name!r} taken off {_counted(ids)}.", lambda: tags.give(ids, tag.name))


def _counted(ids: Sequence[str]) -> str:
    return f"{len(ids):,} conversation{'' if len(ids) == 1 else 's'}"


def _turn(ids: Sequence[str], tag: Tag, had: bool) -> None:
    try:
        if had:
            _take(ids, tag)
        else:
            _give(ids, tag.name)
    except ByteBotError as error:
        history_note.refuse(error)


def _change(tag: Tag) -> None:
    """What stands in the fields now: the click may come with what was typed last, before the page has seen it."""
    name = str(st.session_state[f"{_NAME}-{tag.id}"] or "")
    colour = str(st.session_state[f"{_COLOUR}-{tag.id}"])
    try:
        session.engine().store.tags.change(tag.id, name=name, colour=colour)
    except ByteBotError as error:
        history_note.refuse(error)
    else:
        history_note.say(f"The tag is called {name.strip()!r} now." if name.strip() != tag.name else "Saved.")


def _remove(tag: Tag) -> None:
    try:
        session.engine().store.tags.remove(tag.id)
    except ByteBotError as error:
        history_note.refuse(error)
    else:
        history_note.say(f"The tag {tag.name!r} is gone; its conversations stay.")
