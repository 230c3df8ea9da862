"""Claude's export read: `conversations.json` of its zip."""

from typing import Any

from chatbot.core.whole import Whole
from chatbot.transfer.checked import Checked, each
from chatbot.transfer.growing import EPOCH, Growing, files_in, in_order, joined, moment, title_of
from chatbot.transfer.values import Copied

APP = "Claude"


def is_claude(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("chat_messages"), list)


def read_claude(about: Checked) -> Copied:
    """One conversation of the list."""
    created = moment(about.raw("created_at")) or EPOCH
    growing = Growing(APP)
    nodes, parents = dict[str, Checked](), dict[str, str | None]()
    before: str | None = None
    for number, node in enumerate(each(about.list("chat_messages"), about.place, "message"), start=1):
        key = node.text("uuid") or f"message {number}"
        if key in nodes:
            raise node.bad("uuid", "stands there twice")
        nodes[key] = node
        # Exports of before there were branches say no parents: each stands below the one above it.
        parents[key] = before if node.raw("parent_message_uuid") is None else node.text("parent_message_uuid")
        before = key
    for key, parent in in_order(about.place, parents, {}, growing.lost):
        node = nodes[key]
        user = node.one_of("sender", ("human", "assistant")) == "human"
        text, thoughts = _words(node, growing)
        if not text:
            growing.skip(key, parent, thoughts=thoughts, keeps=not user)
            continue
        growing.add(
            key,
            parent,
            "user" if user else "assistant",
            text,
            created=moment(node.raw("created_at")) or created,
            thoughts=thoughts,
            model=None if user else about.text_or_none("model"),
        )
    id = about.text_or_none("uuid")
    whole = Whole(
        source=f"claude:{id}" if id else "",
        title=title_of(about.text_or_none("name")),
        title_by="model",
        tag="claude",
        pinned=about.raw("is_starred") is True,
        created=created,
        updated=moment(about.raw("updated_at")) or created,
        head=growing.number(about.text_or_none("current_leaf_message_uuid")) or growing.head,
        messages=tuple(growing.messages),
    )
    return Copied(whole=whole, lost=growing.told(), app=APP)


def _words(node: Checked, growing: Growing) -> tuple[str, str]:
    texts: list[str] = []
    thoughts: list[str] = []
    for part in each(node.list("content") if node.raw("content") is not None else [], node.place, "content"):
        kind = part.raw("type")
        if kind in ("text", "voice_note"):
            texts.append(part.text("text"))
        elif kind == "thinking":
            thoughts.append(part.text("thinking"))
        elif kind in ("tool_use", "tool_result"):
            growing.lost["tool call" if kind == "tool_use" else "tool output"] += 1
        elif kind != "token_budget":
            growing.lost["attachment"] += 1
            texts.append("[attachment]")
    if not any(texts):
        texts = [node.text_or_none("text") or ""]
    return joined(*texts, *files_in(node, growing, "attachments", "files")), joined(*thoughts)
