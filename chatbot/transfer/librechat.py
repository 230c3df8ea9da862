"""LibreChat's export of a conversation read: flat or with the children inside, all branches."""

from typing import Any, BinaryIO

from chatbot.core.errors import BadInput
from chatbot.core.messages import State
from chatbot.core.whole import Whole
from chatbot.transfer.checked import Checked
from chatbot.transfer.growing import EPOCH, Growing, files_in, in_order, joined, moment, title_of
from chatbot.transfer.json_stream import elements
from chatbot.transfer.values import Copied

APP = "LibreChat"
_LISTS = ("messages", "messagesTree")


def is_librechat(value: Any) -> bool:
    return isinstance(value, dict) and any(isinstance(value.get(name), list) for name in _LISTS)


def read_librechat_file(file: BinaryIO, name: str) -> Copied:
    """A file with one conversation in it; BadInput names the place of what cannot be."""
    about = dict[str, Any](elements(file, name, "", deep=True))
    if not is_librechat(about):
        raise BadInput(
            f'{name} has neither "bytebot" nor "messages" in it, so it is no export that ByteBot knows. '
            "docs/formats.md says which it reads."
        )
    return read_librechat(Checked(about, name))


def read_librechat(about: Checked) -> Copied:
    nodes = _nodes(about)
    parents = {key: parent for key, (_, parent) in nodes.items()}
    growing = Growing(APP)
    times = [when for node, _ in nodes.values() if (when := moment(node.raw("createdAt")))]
    exported = moment(about.raw("exportAt")) or EPOCH
    created = moment(about.raw("createdAt")) or min(times, default=exported)
    options = about.inside("options")
    for key, parent in in_order(about.place, parents, {}, growing.lost):
        node = nodes[key][0]
        user = node.raw("isCreatedByUser") is True or node.raw("sender") == "User"
        text, thoughts = _words(node, growing)
        if not text:
            growing.skip(key, parent, thoughts=thoughts, keeps=not user)
            continue
        state: State = "complete"
        if not user and (node.raw("unfinished") is True or node.raw("error") is True):
            state = "cut"
        elif not user and node.raw("finish_reason") in ("length", "max_tokens"):
            state = "length"
        growing.add(
            key,
            parent,
            "user" if user else "assistant",
            text,
            created=moment(node.raw("createdAt")) or created,
            thoughts=thoughts,
            model=None if user else node.text_or_none("model") or options.text_or_none("model"),
            state=state,
            finish_reason=None if user else node.text_or_none("finish_reason"),
        )
    id = about.text_or_none("conversationId")
    system = options.text_or_none("promptPrefix") or options.text_or_none("system") or ""
    whole = Whole(
        source=f"librechat:{id}" if id else "",
        title=title_of(about.text_or_none("title")),
        title_by="model",
        tag="librechat",
        created=created,
        updated=moment(about.raw("updatedAt")) or max(times, default=exported),
        archived=exported if about.raw("isArchived") is True else None,
        options={"system": system} if system else {},
        head=growing.head,
        messages=tuple(growing.messages),
    )
    return Copied(whole=whole, lost=growing.told(), app=APP)


def _nodes(about: Checked) -> dict[str, tuple[Checked, str | None]]:
    """Each with its parent; children that stand inside their parent name it by that."""
    found: dict[str, tuple[Checked, str | None]] = {}
    ahead: list[tuple[Any, str | None]] = []
    for name in _LISTS:
        ahead += [(one, None) for one in reversed(about.list(name))]
    while ahead:
        one, above = ahead.pop()
        node = Checked(one, f"{about.place}, message {len(found) + 1}")
        key = node.text("messageId") or f"message {len(found) + 1}"
        if key in found:
            raise node.bad("messageId", "stands there twice")
        found[key] = node, node.text_or_none("parentMessageId") or above
        ahead += [(child, key) for child in reversed(node.list("children"))]
    return found


def _words(node: Checked, growing: Growing) -> tuple[str, str]:
    texts: list[str] = []
    thoughts: list[str] = []
    for one in node.list("content") if isinstance(node.raw("content"), list) else ():
        part = Checked(one, f"{node.place}, content")
        kind = part.raw("type")
        value = part.raw("text") if kind == "text" else part.raw("think")
        value = value.get("value") if isinstance(value, dict) else value
        if kind == "text" and isinstance(value, str):
            texts.append(Checked({"text": value}, part.place).text("text"))
        elif kind == "think" and isinstance(value, str):
            thoughts.append(Checked({"text": value}, part.place).text("text"))
        else:
            what = {"tool_call": "tool call", "image_file": "image", "image_url": "image"}.get(str(kind), "attachment")
            growing.lost[what] += 1
            if what != "tool call":
                texts.append(f"[{what}]")
    if not any(texts):
        texts.append(node.text_or_none("text") or "")
    return joined(*texts, *files_in(node, growing, "files", "attachments")), joined(*thoughts)
