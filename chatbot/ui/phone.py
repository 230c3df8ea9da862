"""Where it is narrow, the sidebar lies over the page and closes once one has gone somewhere; a phone's buttons name no key."""

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
  // Below Streamlit's breakpoint it lies over the page; closed it is not wide.
  if (sidebar && window.innerWidth < 768 && sidebar.offsetWidth > 100)
    sidebar.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click()
}
"""


def arrived(*at: object) -> None:
    """The last element of the sidebar. `at`: what no other place that one can go to has in common with this one."""
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
