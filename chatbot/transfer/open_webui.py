"""Open WebUI's own export read: its tree as ours."""

import re
from html import unescape
from typing import Any

from chatbot.core.messages import State
from chatbot.core.whole import Whole
from chatbot.transfer.checked import Checked
from chatbot.transfer.fences import Fences
from chatbot.transfer.growing import EPOCH, Growing, files_in, in_order, joined, moment, tags_of, title_of
from chatbot.transfer.values import Copied

APP = "Open WebUI"
_FOLDED = re.compile(
    r'<details type="(reasoning|tool_calls|code_interpreter)"(?:\s+[\w-]++(?:="[^"]*+")?)*+\s*>(?:\s*<summary>[^<]*</summary>)?'
)
_CLOSED, _BLANK = "</details>", re.compile(r"\s*")
_QUOTED = re.compile(r"^> ?", re.MULTILINE)


def is_open_webui(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("chat"), dict)


def read_open_webui(about: Checked) -> Copied:
    """One conversation of the list."""
    chat = about.inside("chat")
    history = chat.inside("history")
    updated = (
        moment(about.raw("updated_at")) or moment(chat.raw("timestamp")) or moment(about.raw("created_at")) or EPOCH
    )
    created = moment(about.raw("created_at")) or moment(chat.raw("timestamp")) or updated
    growing = Growing(APP)
    nodes = _nodes(chat, history)
    parents = {key: node.text_or_none("parentId") for key, node in nodes.items()}
    listed = {key: node.texts("childrenIds") for key, node in nodes.items()}
    system = chat.inside("params").text_or_none("system") or chat.text_or_none("system") or ""
    for key, parent in in_order(chat.place, parents, listed, growing.lost):
        node = nodes[key]
        role = node.text("role")
        if role == "system":
            system = system or node.text("content")
            growing.skip(key, parent)
            continue
        if role not in ("user", "assistant"):
            growing.lost[f"message by {role[:40]!r}"] += 1
            growing.skip(key, parent)
            continue
        text, thoughts = _words(node, role, growing)
        if not text and not (role == "assistant" and node.raw("error")):
            growing.skip(key, parent, thoughts=thoughts, keeps=role == "assistant")
            continue
        state, error = _ended(node, role, text)
        growing.add(
            key,
            parent,
            "user" if role == "user" else "assistant",
            text,
            created=moment(node.raw("timestamp")) or created,
            thoughts=thoughts,
            model=node.text_or_none("model") if role == "assistant" else None,
            state=state,
            **({"error": error, "error_kind": "Imported"} if error else {}),
        )
    id = about.text_or_none("id") or chat.text_or_none("id")
    whole = Whole(
        source=f"openwebui:{id}" if id else "",
        title=title_of(about.text_or_none("title") or chat.text_or_none("title")),
        title_by="model",
        tag="openwebui",
        tags=tags_of(about.inside("meta").raw("tags") or chat.raw("tags")),
        pinned=about.raw("pinned") is True,
        archived=updated if about.raw("archived") is True else None,
        created=created,
        updated=updated,
        options={"system": system} if system else {},
        head=growing.number(history.text_or_none("currentId")) or growing.head,
        messages=tuple(growing.messages),
    )
    return Copied(whole=whole, lost=growing.told(), app=APP)


def _nodes(chat: Checked, history: Checked) -> dict[str, Checked]:
    nodes = history.raw("messages")
    if nodes is None:  # of long ago: one row
        found, before = dict[str, Checked](), None
        for number, one in enumerate(chat.list("messages"), start=1):
            key = str(number)
            found[key] = Checked(
                {**Checked(one, chat.place).all(), "parentId": before}, f"{chat.place}, message {number}"
            )
            before = key
        return found
    if not isinstance(nodes, dict):
        raise history.bad("messages", "should be an object, as in an Open WebUI export")
    return {key: Checked(node, f"{chat.place}, message {key[:40]!r}") for key, node in nodes.items()}


def _words(node: Checked, role: str, growing: Growing) -> tuple[str, str]:
    content = node.raw("content")
    parts = []
    if isinstance(content, list):
        for one in content:
            part = Checked(one, f"{node.place}, content")
            if part.raw("text") is not None:
                parts.append(part.text("text"))
            else:
                growing.lost["image"] += 1
                parts.append("[image]")
    else:
        parts.append(node.text_or_none("content") or "")
    text, thoughts = joined(*parts), ""
    if role == "assistant":
        text, thoughts = _unfolded(text, growing)
    return joined(text, *files_in(node, growing, "files")), thoughts


def _unfolded(text: str, growing: Growing) -> tuple[str, str]:
    """The words and the thoughts of a reply, which stand folded among its words; tool calls are folded likewise.

    Only what that app writes there counts: at the beginning of a line, outside of code, and closed. All else is the reply's.
    """
    kept, thoughts = [], []
    fences, at, began = Fences(), 0, 0
    last = text.rfind(_CLOSED)
    while at < len(text):
        opened = None if fences.open or at > last else _FOLDED.match(text, at)
        closed = text.find(_CLOSED, opened.end()) if opened else -1
        if opened is None or closed < 0:
            end = text.find("\n", at) + 1 or len(text)
            fences.inside(text[at:end].rstrip("\n"))
            at = end
            continue
        kept.append(text[began:at])
        if opened[1] == "reasoning":
            thoughts.append(_QUOTED.sub("", unescape(text[opened.end() : closed])).strip())
        else:
            growing.lost["tool call"] += 1
        at = began = _BLANK.match(text, closed + len(_CLOSED)).end()  # type: ignore[union-attr]  # it always matches
    kept.append(text[began:])
    words = "".join(kept)
    return words.strip("\n") if began else words, joined(*thoughts)


def _ended(node: Checked, role: str, text: str) -> tuple[State, str | None]:
    if role == "user":
        return "complete", None
    if error := node.raw("error"):
        told = error.get("content") if isinstance(error, dict) else None
        return ("cut" if text else "failed"), told[:500] if isinstance(told, str) else "It failed in Open WebUI."
    return ("cut" if node.raw("done") is False else "complete"), None
