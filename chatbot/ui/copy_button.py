"""A button that copies a message as it was written. Streamlit has none."""

from collections.abc import Callable
from functools import cache
from typing import Any

import streamlit as st

_HEIGHT = 48  # pixels: what Streamlit leaves below a caption beside it would else make the row scroll
_HTML = """
<button type="button" aria-label="Copy" title="Copy">
  <svg viewBox="0 -960 960 960" aria-hidden="true"><path class="copy" d="M360-240q-33 0-56.5-23.5T280-320v-480q0-33
  23.5-56.5T360-880h360q33 0 56.5 23.5T800-800v480q0 33-23.5 56.5T720-240H360Zm0-80h360v-480H360v480ZM200-80q-33
  0-56.5-23.5T120-160v-560h80v560h440v80H200Z"/><path class="done" d="M382-240 154-468l57-57 171 171
  367-367 57 57-424 424Z"/></svg>
</button>
<span role="status"></span>
"""

_CSS = """
button {
  display: flex; align-items: center; justify-content: center; width: 2rem; height: 3rem; padding: 0; margin: 0;
  border: 0; border-radius: var(--st-button-radius); background: transparent; cursor: pointer;
  color: var(--st-text-color); opacity: 0.6;
}
button:hover, button:focus-visible { opacity: 1; color: var(--st-primary-color); }
button:focus-visible { outline: 2px solid var(--st-primary-color); }
svg { width: 1.15rem; height: 1.15rem; fill: currentColor; }
.done { display: none; }
button.copied .done { display: inline; }
button.copied .copy { display: none; }
span { position: fixed; top: 0; left: 0; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
"""

_JS = """
export default function ({ data, parentElement, setTriggerValue }) {
  const button = parentElement.querySelector("button")
  const status = parentElement.querySelector("[role=status]")
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(data.text)
    } catch {
      setTriggerValue("refused", true)
      return
    }
    button.classList.add("copied")
    button.title = status.textContent = "Copied"
    setTimeout(() => {
      button.classList.remove("copied")
      button.title = "Copy"
      status.textContent = ""
    }, 1500)
  }
  if (data.newest && button.dataset.newest !== data.newest) {
    button.dataset.newest = data.newest
    // Who had scrolled up wants to see what comes of it. Once at the end, Streamlit itself follows what is added there.
    const main = document.querySelector(".stMain")
    const timers = [0, 100, 300].map((pause) => setTimeout(() => main?.scrollTo({ top: main.scrollHeight }), pause))
    for (const moved of ["wheel", "touchstart"])
      window.addEventListener(moved, () => timers.forEach(clearTimeout), { once: true, passive: true })
  }
  if (data.here && button.dataset.here !== data.here) {
    button.dataset.here = data.here
    // The messages below are still being drawn, and Streamlit glides to the bottom as they come: so in every frame, until
    // they are there or the person moves. A wheel that turns ends the gliding; this one is heard by nobody else.
    const message = button.getRootNode().host.closest('[data-testid="stChatMessage"]')
    const main = document.querySelector(".stMain")
    let until = performance.now() + 6000
    const stay = () => {
      main?.dispatchEvent(new WheelEvent("wheel"))
      const tall = message.offsetHeight > window.innerHeight / 2
      message.scrollIntoView({ block: tall ? "start" : "center" })
      if (performance.now() < until) requestAnimationFrame(stay)
    }
    stay()
    for (const moved of ["wheel", "touchstart", "keydown", "pointerdown"])
      window.addEventListener(moved, () => { until = 0 }, { once: true, passive: true })
  }
}
"""


@cache
def _component() -> Any:
    return st.components.v2.component("copy_button", html=_HTML, css=_CSS, js=_JS)


def copy_button(text: str, *, key: str, on_refused: Callable[[], None], here: str = "", newest: str = "") -> None:
    """`on_refused` is called where the browser gives no clipboard, as on plain http beyond this machine.

    A new word in `here` brings the message around the button into sight: Streamlit itself scrolls nowhere. A
    new one in `newest`: it was said, or is answered, just now, so the end of the page is shown.
    """
    data = {"text": text, "here": here, "newest": newest}
    _component()(key=key, data=data, on_refused_change=on_refused, width=32, height=_HEIGHT)
