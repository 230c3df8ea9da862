"""The field to search in: it gives what is typed as it is typed, and Enter goes to the first place that was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from chatbot.store.values import Hit

PAUSE = "100ms"
"""In typing, after which it is looked for: finding takes a tenth of that."""

# To Streamlit, Enter and a pause in typing are the same.
_JS = """
export default function ({ data }) {
  const field = document.querySelector(`.st-key-${data.field} input`)
  if (!field) return
  // What was found is drawn beside this, and may come a moment later.
  const go = (tries = 100) => {
    if (!data.first) return
    const button = document.querySelector(`.st-key-${data.first} button`)
    if (button) button.click()
    else if (tries && field.value.trim() === data.typed) setTimeout(go, 20, tries - 1)
  }
  if (field.dataset.entered === data.typed) {
    delete field.dataset.entered
    go()
  }
  field.onkeydown = (event) => {
    delete field.dataset.entered
    if (event.key !== "Enter" || event.isComposing) return
    const typed = field.value.trim()
    if (typed === data.typed) go()
    else field.dataset.entered = typed  // it is still being looked for
  }
  // The next page of a list is read from its top; what leads there stands at the end of the one before.
  if (field.dataset.list !== undefined && field.dataset.list !== data.list)
    document.querySelector(".stMain")?.scrollTo({ top: 0 })
  field.dataset.list = data.list
  field.dataset.enter = "heard"
}
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is typed. `first` is called when everything that was found is drawn, and when nothing is looked for, too."""

    typed: str
    key: str
    _place: DeltaGenerator

    def first(self, hits: Sequence[Hit] = (), *, message: str = "", conversation: str = "", listed: str = "") -> None:
        """What Enter goes to; `message` and `conversation` are what the keys of the buttons begin with. `listed`: what
        stands below while nothing is looked for; once it is something else, it is shown from its top.
        """
        first = ""
        if hits:
            one = hits[0]
            first = f"{conversation}{one.conversation}" if one.message is None else f"{message}{one.message}"
        data = {"field": self.key, "typed": self.typed, "first": first, "list": listed}
        with self._place:
            _component()(key=f"{self.key}-enter", data=data, height=1)


def draw(key: str, *, kept: str, placeholder: str) -> Asked:
    """The field. What is typed is `kept` in the session apart from the widget, which forgets it on another page."""
    typed: str = st.session_state.setdefault(kept, "")
    with st.container(gap=None):
        st.text_input(
            "Search everything said",
            typed,
            key=key,
            type="search",
            live=PAUSE,
            label_visibility="collapsed",
            placeholder=placeholder,
            on_change=_keep,
            args=(key, kept),
        )
        place = st.empty()
    return Asked(typed.strip(), key, place)


@cache
def _component() -> Any:
    return st.components.v2.component("search_enter", js=_JS)


def _keep(key: str, kept: str) -> None:
    st.session_state[kept] = st.session_state[key] or ""
