"""ChatGPT's `conversations.json` written: the form that other chat apps read."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from chatbot.core.whole import Whole, WholeMessage

_ROOT = "client-created-root"
_REASONS = {"length": "max_tokens", "stopped": "interrupted", "cut": "interrupted", "filtered": "content_filter"}


def to_chatgpt(wholes: Iterable[Whole]) -> Iterator[bytes]:
    """The file in pieces, UTF-8, a conversation in a line. Blocked messages and replies without a word are left out."""
    yield b"["
    for number, whole in enumerate(wholes):
        yield (",\n" if number else "\n").encode()
        yield json.dumps(_conversation(whole), ensure_ascii=False).encode()
    yield b"\n]\n"


def _conversation(whole: Whole) -> dict[str, Any]:
    id = str(uuid5(NAMESPACE_URL, whole.source))
    texts = _joined(whole)
    keys: dict[int | None, str] = {None: _ROOT}
    nodes: dict[str, dict[str, Any]] = {_ROOT: {"id": _ROOT, "message": None, "parent": None, "children": []}}
    for number, message in enumerate(whole.messages, start=1):
        parent = keys[message.parent]
        if message.continues or message.state == "blocked" or not (texts[number][0] or message.role == "user"):
            keys[number] = parent
            continue
        key = keys[number] = str(uuid5(NAMESPACE_URL, f"{whole.source}/{number}"))
        nodes[parent]["children"].append(key)
        nodes[key] = {
            "id": key,
            "message": _message(key, message, *texts[number]),
            "parent": parent,
            "children": [],
        }
    system = whole.options.get("system")
    return {
        "title": whole.title,
        "create_time": whole.created.timestamp(),
        "update_time": whole.updated.timestamp(),
        "mapping": _head_last(nodes, keys.get(whole.head, _ROOT)),
        "current_node": keys.get(whole.head, _ROOT),
        "conversation_id": id,
        "id": id,
        "bytebot": {"source": whole.source, **({"system": system} if isinstance(system, str) and system else {})},
    }


def _joined(whole: Whole) -> Mapping[int, tuple[str, str]]:
    """Text and reasoning by number, segments joined: those on the way to the head, else the first that goes on."""
    path, at = set[int](), whole.head
    while at is not None:
        path.add(at)
        at = whole.messages[at - 1].parent
    following: dict[int, int] = {}
    for number, message in enumerate(whole.messages, start=1):
        if message.continues and message.parent is not None and (number in path or message.parent not in following):
            following[message.parent] = number
    found = {}
    for number, message in enumerate(whole.messages, start=1):
        text, reasoning, last = message.text, message.reasoning, number
        while not message.continues and (next_one := following.get(last)) is not None:
            last = next_one
            text += whole.messages[last - 1].text
            reasoning += whole.messages[last - 1].reasoning
        found[number] = text, reasoning
    return found


def _message(key: str, message: WholeMessage, text: str, reasoning: str) -> dict[str, Any]:
    reply = message.role == "assistant"
    metadata: dict[str, Any] = {}
    if reply:
        metadata["model_slug"] = message.model_answered or message.model_asked
        metadata["finish_details"] = {"type": _REASONS.get(message.state, "stop")}
    if reasoning:
        metadata["bytebot"] = {"reasoning": reasoning}
    return {
        "id": key,
        "author": {"role": message.role, "name": None, "metadata": {}},
        "create_time": message.created.timestamp(),
        "content": {"content_type": "text", "parts": [text]},
        "status": "finished_successfully",
        "end_turn": True if reply else None,
        "metadata": metadata,
        "recipient": "all",
    }


def _head_last(nodes: dict[str, dict[str, Any]], head: str) -> dict[str, dict[str, Any]]:
    """The branch that is open stands at the end: some apps read the nodes as one row and show its last one."""
    path, at = [head], nodes[head]["parent"]
    while at is not None:
        path.append(at)
        at = nodes[at]["parent"]
    opened = set(path)
    # The root stays the first, whatever is open.
    order = [_ROOT, *(key for key in nodes if key not in opened), *reversed(path[:-1])]
    return {key: nodes[key] for key in order}
