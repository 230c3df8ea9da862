"""Which conversations are chosen on the history page. They stay chosen from page to page."""

from dataclasses import dataclass, field

import streamlit as st

_KEY = "history picked"


@dataclass(slots=True)
class Picked:
    """`round` is part of the boxes' keys: a box that a button ticked needs a new one to be drawn ticked."""

    ids: dict[str, None] = field(default_factory=dict)
    round: int = 0
    shelf: str = ""

    def clear(self) -> None:
        self.ids.clear()
        self.round += 1

    def add(self, ids: list[str]) -> None:
        self.ids |= dict.fromkeys(ids)
        self.round += 1

    def turn(self, id: str) -> None:
        """What a box does when it is clicked."""
        if id in self.ids:
            del self.ids[id]
        else:
            self.ids[id] = None

    def keep_to(self, shelf: str) -> None:
        """What was chosen on another shelf is not chosen on this one."""
        if shelf != self.shelf:
            self.shelf = shelf
            self.clear()


def picked() -> Picked:
    """This tab's."""
    found: Picked = st.session_state.setdefault(_KEY, Picked())
    return found
