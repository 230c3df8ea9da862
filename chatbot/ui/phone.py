"""On a phone the sidebar lies over the page: it closes when somebody has gone somewhere from it."""

from functools import cache
from typing import Any

import streamlit as st

_JS = """
export default function ({ data }) {
  const before = window.bytebotAt
  window.bytebotAt = data.at
  if (before === undefined || before === data.at) return
  const sidebar = document.querySelector('[data-testid="stSidebar"]')
  // Closed it is not wide, and beside the page it may stay.
  if (sidebar && sidebar.offsetWidth > window.innerWidth / 2)
    sidebar.querySelector('[data-testid="stSidebarCollapseButton"] button')?.click()
}
"""


def arrived(at: str) -> None:
    """The last element of the sidebar, and only on a phone: a new word in `at` means that one has gone somewhere."""
    if "Mobi" in (st.context.headers.get("User-Agent") or ""):
        with st.sidebar:
            _component()(key="arrived", data={"at": at}, height=1)


@cache
def _component() -> Any:
    return st.components.v2.component("arrived", js=_JS)
