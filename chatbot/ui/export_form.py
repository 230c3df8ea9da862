"""What is asked before a file is written: its format, which branches, and for a table whether its cells are made safe."""

from dataclasses import dataclass

import streamlit as st

from chatbot.engine.exports import FORMATS

_KEEPS = {
    "zip": "Everything that is kept, packed, with the hashes that prove it whole. For moving house and for safe keeping.",
    "json": "Everything that is kept: branches, settings, tags, stars, costs. Can be imported again.",
    "chatgpt": "What Open WebUI, LibreChat and others import. Branches are in it; settings, tokens and costs are not.",
    "md": "As Obsidian and other editors read it; several conversations become a file each.",
    "html": "One page to read or print. It runs nothing and fetches nothing.",
    "csv": "A table with a row for each message: model, tokens, cost, times. No cell is run as a formula.",
    "jsonl": "A line for each conversation, to fine-tune a model with. Only whole replies are in it.",
}


@dataclass(frozen=True, slots=True)
class Form:
    """`format` is one of FORMATS; `branches`: all of them where people read it; `raw`: cells of CSV as they are."""

    format: str
    branches: bool = False
    raw: bool = False


_FIRST = Form("zip")


def format(key: str, first: Form = _FIRST) -> str:
    """The field for the format, on that of `first` before anything was chosen; `key` begins the keys of all fields."""
    names = list(FORMATS)
    chosen: str = st.selectbox(
        "Format",
        names,
        names.index(first.format),
        key=f"{key}-format",
        format_func=lambda one: FORMATS[one].name,
        width=260,
    )
    return chosen


def rest(format: str, key: str, first: Form = _FIRST) -> Form:
    """What the format keeps, and what else can be chosen for it."""
    st.caption(_KEEPS[format])
    with st.container(horizontal=True, gap="medium"):
        branches = FORMATS[format].people and st.checkbox(
            "All branches",
            first.branches,
            key=f"{key}-branches",
            help="Otherwise the branch on which each conversation stands.",
        )
        raw = format == "csv" and st.checkbox(
            "Cells as they are",
            first.raw,
            key=f"{key}-raw",
            help="For programs: a spreadsheet may run such a cell as a formula.",
        )
    return Form(format, branches, raw)


def entered(key: str) -> Form:
    """What stands in the fields, for a callback: a click may come before the page has seen what was chosen last."""
    format, state = st.session_state[f"{key}-format"], st.session_state
    branches = FORMATS[format].people and bool(state.get(f"{key}-branches"))
    return Form(format, branches, format == "csv" and bool(state.get(f"{key}-raw")))
