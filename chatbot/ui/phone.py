"""What is otherwise on a phone: the sidebar lies over the page and closes when somebody goes somewhere; no key is named."""

from functools import cache
from typing import Any

import streamlit as st

_JS = """
export default function ({ data }) {
  // Each place once: the page that was left may be drawn again for a moment.
  const been = (window.bytebotBeen ??= new Set())
  if (been.has(data.at)) return
  been.add(data.at)
  if (been.size === 1) return
  const sidebar = document.querySelector('[data-testid="stSidebar"]')
  // Closed it is not wide, and beside the page it may stay.
  if (sidebar && sidebar.offsetWidth > window.innerWidth / 2)
    sidebar.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click()
}
"""


def arrived(*at: object) -> None:
    """The last element of the sidebar, and only on a phone. `at`: what no other place that one can go to has in common
    with this one.
    """
    if _here():
        with st.sidebar:
            _component()(key="arrived", data={"at": " ".join(map(str, at))}, height=1)


def shortcut(keys: str) -> str | None:
    """The keys of a button, which wears them: none on a phone, which has no such keys."""
    return None if _here() else keys


def _here() -> bool:
    return "Mobi" in (st.context.headers.get("User-Agent") or "")


@cache
def _component() -> Any:
    return st.components.v2.component("arrived", js=_JS)
