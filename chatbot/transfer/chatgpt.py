"""ChatGPT's export read: its tree as ours, and in words what of it has no place here."""

from typing import Any

from chatbot.core.whole import Whole
from chatbot.transfer.chatgpt_content import content_of
from chatbot.transfer.chatgpt_tree import nodes_in_order
from chatbot.transfer.checked import Checked, seconds
from chatbot.transfer.growing import EPOCH, Growing, title_of
from chatbot.transfer.values import Copied

APP = "ChatGPT"
OURS = "bytebot"
"""Where our own writer keeps what ChatGPT has no field for."""


def is_chatgpt(value: Any) -> bool:
    return isinstance(value, dict) and "mapping" in value


def read_chatgpt(about: Checked) -> Copied:
    """One conversation of the list."""
    updated = seconds(about.raw("update_time")) or seconds(about.raw("create_time")) or EPOCH
    created = seconds(about.raw("create_time")) or updated
    growing = Growing(APP)
    system = ""
    for key, parent, message in nodes_in_order(about, growing.lost):
        if message is None:
            growing.skip(key, parent)
            continue
        node = Checked(message, f"{about.place}, node {key[:40]!r}, message")
        content = content_of(node)
        growing.lost.update(content.lost)
        if content.role == "system":
            system = system or content.text
        if content.role not in ("user", "assistant") or not content.text:
            growing.skip(key, parent, thoughts=content.thoughts, keeps=content.role != "user")
            continue
        growing.add(
            key,
            parent,
            "user" if content.role == "user" else "assistant",
            content.text,
            created=seconds(node.raw("create_time")) or created,
            thoughts=content.thoughts,
            model=content.model,
            state=content.state,
            finish_reason=content.finish_reason,
        )
    own = about.inside(OURS)
    id = about.text_or_none("conversation_id") or about.text_or_none("id")
    system = own.text("system") or system
    whole = Whole(
        source=own.text("source") or (f"chatgpt:{id}" if id else ""),
        title=title_of(about.text_or_none("title")),
        title_by="model",
        tag="chatgpt",
        pinned=about.raw("is_starred") is True or about.raw("pinned_time") is not None,
        archived=updated if about.raw("is_archived") is True else None,
        created=created,
        updated=updated,
        options={"system": system} if system else {},
        head=growing.number(about.text_or_none("current_node")) or growing.head,
        messages=tuple(growing.messages),
    )
    return Copied(whole=whole, lost=growing.told(), app=APP)
