"""Places in the page that forget at once what stood in them.

Streamlit keeps the children of a container until the run ends, and a run that follows a reply does not end for a while:
a shorter message would have the greyed end of a longer one below it. So what is about something else gets a fresh
container beside the old one's place, which is emptied.
"""

from collections.abc import Hashable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

Seats = dict[Hashable, tuple[Hashable, int]]
"""Who sits where: a place's name to what it is about and which of its two containers that is in."""


def seat(seats: Seats, name: Hashable, about: Hashable) -> DeltaGenerator:
    """A container at this place of the page: the same as in the last run if it was about the same, else an empty one."""
    before, side = seats.get(name, (about, 0))
    if before != about:
        side = 1 - side
    seats[name] = (about, side)
    if side:
        st.empty()
        return st.container()
    taken = st.container()
    st.empty()
    return taken


def clear(count: int) -> None:
    """Empty so many of the elements that the last run drew here and this one does not."""
    for _ in range(count):
        st.empty()
